"""Each device's time under watch as ages, in years of 365 days: what survival and recurrence are
worked out from."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .model import Codes, Days, FleetData, Mask

YEAR: Final = np.timedelta64(365, "D")
HALF_A_DAY: Final = 0.5 / 365

Ages = NDArray[np.float64]


class Histories(Struct, frozen=True, kw_only=True, eq=False):
    """Devices that were watched, one entry each in the first five arrays, and their repairs."""

    places: NDArray[np.int64]
    """Each one's place in `Fleet`."""
    entries: Ages
    """Its age on the first day on which it was watched; 0: from new."""
    exits: Ages
    """Its age on the day after the last: between the two it was watched."""
    lasts: Ages
    """Its age on the last day."""
    first_exits: Ages
    """Its age at its first repair, or on the last day."""
    repaired: Mask
    """Whether it was repaired while watched."""
    before: Mask
    """Whether it was repaired before: it has no first repair to wait for."""
    devices: NDArray[np.int64]
    """Of each repair while watched, its device's place in the arrays above."""
    ages: Ages
    """The device's age at each."""

    @property
    def befores(self) -> Ages:
        """Its age just before the first day, for curves, which are of what comes after entry."""
        late = self.entries - HALF_A_DAY
        return np.where(self.entries > 0, late, 0.0)

    def of(self, chosen: Mask) -> "Histories":
        """Those devices alone that are chosen, and their repairs."""
        places = np.cumsum(chosen) - 1
        theirs = chosen[self.devices]
        return Histories(
            places=self.places[chosen],
            entries=self.entries[chosen],
            exits=self.exits[chosen],
            lasts=self.lasts[chosen],
            first_exits=self.first_exits[chosen],
            repaired=self.repaired[chosen],
            before=self.before[chosen],
            devices=places[self.devices[theirs]],
            ages=self.ages[theirs],
        )


def histories(data: FleetData) -> Histories:
    """Of every device whose repairs would be known and whose age is."""
    fleet, repairs = data.fleet, data.repairs
    places = np.flatnonzero(fleet.in_rates & (fleet.watched_days > 0) & ~np.isnat(fleet.bought))
    born = fleet.bought[places]
    place_of = np.full(len(fleet.ids), -1, np.int64)
    place_of[places] = np.arange(len(places))
    its = repairs.in_rates & (place_of[repairs.device] >= 0)
    devices = place_of[repairs.device[its]]
    ages = _years(repairs.day[its], born[devices])
    lasts = _years(fleet.watched_until[places] - 1, born)
    firsts = np.full(len(places), np.inf)
    np.minimum.at(firsts, devices, ages)
    return Histories(
        places=places,
        entries=_years(fleet.watched_from[places], born),
        exits=_years(fleet.watched_until[places], born),
        lasts=lasts,
        first_exits=np.minimum(firsts, lasts),
        repaired=np.isfinite(firsts),
        before=_repaired_before(data, places),
        devices=devices,
        ages=ages,
    )


def _repaired_before(data: FleetData, places: NDArray[np.int64]) -> Mask:
    fleet, repairs = data.fleet, data.repairs
    known = repairs.device >= 0
    device, day = repairs.device[known], repairs.day[known]
    early = device[day < fleet.watched_from[device]]  # with NaT, never
    before = np.zeros(len(fleet.ids), np.bool_)
    before[early] = True
    return before[places]


def _years(days: Days, born: Days) -> Ages:
    found: Ages = (days - born) / YEAR
    return found


def codes_of(data: FleetData, by: str) -> tuple[Codes, tuple[str, ...]]:
    """By device, the place of its group in the names beside; -1: none is known."""
    fleet = data.fleet
    if by == "school":
        return fleet.school, tuple(feed.school for feed in data.schools)
    if by == "kind":
        return fleet.kind, fleet.kinds
    return fleet.model, fleet.models
