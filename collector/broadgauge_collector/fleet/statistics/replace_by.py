"""By when each device is to be replaced, and why: the earliest of what the district's rules say.

Where a device's age isn't known, its day is a range: from the day if it is as old as it may be to
the day if it is as new.
"""

from datetime import date
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .replace_rules import ReplaceRules, check_rules
from .sums import DAYS_A_YEAR

Days = NDArray[np.datetime64]
Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

REASONS: Final = ("end_of_life", "support", "system", "age", "battery", "repairs")
"""What `ReplaceBy.reason` counts by. Of reasons on the same day the first counts."""

SENTENCES: Final = {
    "end_of_life": "A source says that it ends then.",
    "support": "Its updates end.",
    "system": "Updates of its Windows end.",
    "age": "It is as old as its kind gets.",
    "battery": "Its battery is worn, or will be if it goes on wearing as it did.",
    "repairs": "A year's repairs cost too much of its price from that age on.",
}
NO_DATE: Final = "No rule gives a day: its kind has no age limit, and no source says an end."

YOUNGEST_WORN: Final = 0.5
"""Years: what a battery lost in less says little of its wear."""

FAR_DAYS: Final = 40 * DAYS_A_YEAR
"""From today; a day beyond is none."""


class AgingDevices(Struct, frozen=True, kw_only=True, eq=False):
    """The district's own devices; one entry a device in each array. NaT and NaN: not known; codes
    are places in the tuple beside them, -1: not known."""

    school: Codes
    schools: tuple[str, ...]
    model: Codes
    models: tuple[str, ...]
    kind: Codes
    kinds: tuple[str, ...]
    born_earliest: Days
    """Of devices whose age is known the same as `born_latest`; see `born_between`."""
    born_latest: Days
    support_ends: Days
    extended_ends: Days
    """Of extended support."""
    system_ends: Days
    """See `system_ends.system_end`."""
    said_ends: Days
    """End of life, by a source."""
    battery: Numbers
    """What it still holds of what it was made for."""
    battery_on: Days
    """When that was so; NaT: today."""
    gone: Mask
    """Retired, lost, stolen: nothing is to be replaced any more."""


class ReplaceBy(Struct, frozen=True, kw_only=True, eq=False):
    """One entry a device."""

    by: Days
    """NaT: it is gone, or no rule gives a day."""
    reason: Codes
    """In `REASONS`; -1: none."""
    earliest: Days
    latest: Days
    """Both the same as `by` where the age is known."""
    without_day: Mask
    """There, but no rule gives a day."""


def born_between(
    born: Days, not_after: Days, model: Codes, kind: Codes, today: date, oldest_years: float
) -> tuple[Days, Days]:
    """Between which days each device was bought or made.

    Where `born` isn't known: at the earliest with the first of its model (failing that, of its
    kind) of which it is, else so many years before the latest; at the latest when it was first
    heard of (`not_after`), else today.
    """
    now = np.datetime64(today, "D")
    unknown = np.isnat(born)
    latest = np.fmin(not_after, now)
    back = np.timedelta64(round(oldest_years * DAYS_A_YEAR), "D")
    first = _first(born, model)
    first = np.where(np.isnat(first), _first(born, kind), first)
    earliest = np.where(np.isnat(first) | (first > latest), latest - back, first)
    return np.where(unknown, earliest, born), np.where(unknown, latest, born)


def replace_by(
    devices: AgingDevices, rules: ReplaceRules, today: date, costly_years: Numbers | None = None
) -> ReplaceBy:
    """Of each device. `costly_years`: by model, from which age repairs cost too much; NaN: none."""
    check_rules(rules)
    ends = [
        _ends(devices, rules, today, born, costly_years)
        for born in (devices.born_earliest, _middle(devices), devices.born_latest)
    ]
    firsts = [_days(each.min(axis=0), devices.gone) for each in ends]
    none = np.isnat(firsts[1])
    return ReplaceBy(
        by=firsts[1],
        reason=np.where(none, -1, ends[1].argmin(axis=0)).astype(np.int32),
        earliest=np.fmin.reduce(firsts),
        latest=np.fmax.reduce(firsts),
        without_day=none & ~devices.gone,
    )


def fixed_ends(devices: AgingDevices, rules: ReplaceRules, today: date) -> Numbers:
    """The earliest end that doesn't depend on when a device was bought, in days since 1970; inf:
    none. A battery's is by the middle of what its age may be."""
    ends = _ends(devices, rules, today, _middle(devices), None)
    ends[REASONS.index("age")] = np.inf
    earliest: Numbers = ends.min(axis=0)
    return earliest


def age_limits(devices: AgingDevices, rules: ReplaceRules) -> Numbers:
    """By kind, in years; the last, for -1, and kinds without a limit: inf."""
    by_kind = {limit.kind: limit.years for limit in rules.age_limits}
    return np.array([by_kind.get(kind, np.inf) for kind in (*devices.kinds, "")])  # type: ignore[call-overload]


def _ends(
    devices: AgingDevices,
    rules: ReplaceRules,
    today: date,
    born: Days,
    costly_years: Numbers | None,
) -> Numbers:
    """Days since 1970, by reason and device; inf: none."""
    support = devices.support_ends
    if rules.extended_support:
        support = np.where(np.isnat(devices.extended_ends), support, devices.extended_ends)
    system = _number(devices.system_ends) if rules.system_ends else np.inf
    since = _number(born)
    costly = np.append(costly_years, np.inf) if costly_years is not None else np.array([np.inf])
    worn = costly[devices.model] if costly_years is not None else np.inf
    ends = np.empty((len(REASONS), len(since)))
    ends[0] = _number(devices.said_ends)
    ends[1] = _number(support)
    ends[2] = system
    ends[3] = since + age_limits(devices, rules)[devices.kind] * DAYS_A_YEAR
    ends[4] = _battery(devices, rules.battery_below, today, since)
    ends[5] = since + np.where(np.isnan(worn), np.inf, worn) * DAYS_A_YEAR
    ends[ends > _day(today) + FAR_DAYS] = np.inf
    return ends


def _battery(devices: AgingDevices, below: float | None, today: date, since: Numbers) -> Numbers:
    """It wears evenly from 1 at the beginning to what it held when that was last read."""
    if below is None:
        return np.full(len(since), np.inf)
    on = np.where(np.isnat(devices.battery_on), _day(today), _number(devices.battery_on))
    years = np.maximum((on - since) / DAYS_A_YEAR, YOUNGEST_WORN)
    health = devices.battery
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (health - below) / (np.maximum(1 - health, 0) / years)
    ends = on + np.where(health <= below, 0.0, left) * DAYS_A_YEAR
    return np.where(np.isnan(ends), np.inf, ends)


def _middle(devices: AgingDevices) -> Days:
    half = (devices.born_latest - devices.born_earliest) // 2
    middle: Days = devices.born_earliest + half
    return middle


def _first(born: Days, code: Codes) -> Days:
    """For each device, the first day known of a device with the same code; NaT: none, or -1."""
    firsts = np.full(code.max(initial=-1) + 2, np.inf)
    np.minimum.at(firsts, code, _number(born))
    firsts[-1] = np.inf
    return _days(firsts[code], np.zeros(len(code), bool))


def _day(day: date) -> float:
    return float((day - date(1970, 1, 1)).days)


def _number(days: Days) -> Numbers:
    return np.where(np.isnat(days), np.inf, days.astype("datetime64[D]").astype(np.float64))


def _days(numbers: Numbers, none: Mask) -> Days:
    known = np.isfinite(numbers) & ~none
    whole = np.where(known, numbers, 0).astype(np.int64).astype("datetime64[D]")
    return np.where(known, whole, np.datetime64("NaT", "D"))
