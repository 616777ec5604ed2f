"""Whether a room carries a full class. Pure functions of figures; what isn't known stays so."""

from math import ceil, floor

from msgspec import Struct

from ..readiness.model import Enough
from .model import RoomFigures, RoomJudgement
from .rules import RoomRules

ROUNDING = 1e-9


class Range(Struct, frozen=True):
    """From what there surely is to what there may be; None: it could be anything."""

    low: int
    high: int | None

    def least(self, other: "Range") -> "Range":
        """The smaller of two."""
        highs = [end for end in (self.high, other.high) if end is not None]
        return Range(min(self.low, other.low), min(highs) if highs else None)

    def of(self, seats: int | None) -> Enough:
        """Whether it is enough for these seats."""
        if seats is None:
            return "open"
        if self.low >= seats:
            return "enough"
        return "short" if self.high is not None and self.high < seats else "open"

    def lacks(self, seats: int | None) -> int | None:
        """How many seats go without, at the least."""
        if seats is None:
            return None
        if self.high is None:
            return 0 if self.low >= seats else None
        return max(seats - self.high, 0)


def judge_room(has: RoomFigures, rules: RoomRules) -> RoomJudgement:
    """Hold what a room has against a class that fills its seats."""
    places, powered, online = _places(has, rules), _powered(has, rules), _online(has, rules)
    charge = places.least(powered)
    power, network = charge.of(has.seats), online.of(has.seats)
    return RoomJudgement(
        places_low=places.low,
        places_high=places.high,
        powered_low=powered.low,
        powered_high=powered.high,
        charge_low=charge.low,
        charge_high=charge.high,
        power=power,
        missing_places=places.lacks(has.seats),
        missing_circuits=_missing_circuits(has, rules),
        online_low=online.low,
        online_high=online.high,
        network=network,
        seats_without_drop=_without_drop(has),
        missing_online=online.lacks(has.seats),
        unknown=_unknown(has, power, network),
    )


def _places(has: RoomFigures, rules: RoomRules) -> Range:
    """A charger takes a socket or a slot of a cart; a cart takes a socket itself."""
    if has.outlets is None:
        return Range(has.cart_slots or 0, None)
    free = max(has.outlets - rules.outlets_kept, 0)
    fewest_carts, most_carts = _carts(has)
    if has.cart_slots is None and has.carts != 0:
        return Range(max(free, has.carts or 0), None)  # each cart has a slot at least
    slots = has.cart_slots or 0
    return Range(max(free - most_carts, 0) + slots, max(free - fewest_carts, 0) + slots)


def _carts(has: RoomFigures) -> tuple[int, int]:
    """The fewest and the most carts there can be: each has a slot at least."""
    if has.carts is not None:
        return has.carts, has.carts
    slots = has.cart_slots or 0
    return min(slots, 1), slots


def _powered(has: RoomFigures, rules: RoomRules) -> Range:
    each = circuit_watts(has, rules)
    if has.circuits == 0:
        return Range(0, 0)
    if has.circuits is None or each is None:
        return Range(0, None)
    left = max(has.circuits * each - rules.watts_kept, 0.0)
    return Range(
        floor(left / rules.charger_watts_high + ROUNDING),
        floor(left / rules.charger_watts_low + ROUNDING),
    )


def circuit_watts(has: RoomFigures, rules: RoomRules) -> float | None:
    """What one circuit carries for hours, in W: NFPA 70, 210.20(A). 20 A at 120 V carry 1,920 W."""
    if has.circuit_amperes is None:
        return None
    return has.circuit_amperes * rules.volts * rules.continuous_share


def _missing_circuits(has: RoomFigures, rules: RoomRules) -> int | None:
    each = circuit_watts(has, rules)
    if has.seats is None or has.circuits is None or each is None:
        return None
    needed = has.seats * rules.charger_watts_high + rules.watts_kept if has.seats else 0.0
    return max(ceil(needed / each - ROUNDING) - has.circuits, 0)


def _online(has: RoomFigures, rules: RoomRules) -> Range:
    """A student is on the network by a socket of his own or by an access point, which takes one."""
    carried = (has.access_points or 0) * rules.devices_per_access_point
    low = max((has.network_drops or 0) - (has.access_points or 0), 0) + carried
    is_known = has.network_drops is not None and has.access_points is not None
    return Range(low, low if is_known else None)


def _without_drop(has: RoomFigures) -> int | None:
    if has.seats is None or has.network_drops is None:
        return None
    return max(has.seats - max(has.network_drops - (has.access_points or 0), 0), 0)


def _unknown(has: RoomFigures, power: Enough, network: Enough) -> tuple[str, ...]:
    asked = ["seats"] if "open" in (power, network) else []
    if power == "open":
        asked += ["outlets", "circuits", "circuit_amperes"]
        asked += [] if has.carts == 0 else ["cart_slots"]
    if network == "open":
        asked += ["network_drops", "access_points"]
    return tuple(name for name in asked if getattr(has, name) is None)
