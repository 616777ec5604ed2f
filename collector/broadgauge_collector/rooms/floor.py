"""What a page's number says of the line: a floor at most, and often not even that."""

from statistics import fmean

from broadgauge_wire import Bound

from .model import MeasuredPart

BURST_SECONDS = 3.0
"""Many lines begin with a burst; for this long it can't be told from the line's rate. The page
rests its estimate on what came later, wherever there is enough of it (static/worker.js)."""

MIN_SECONDS = 1.0
"""Less than this, after the burst, is no estimate of what lasts."""

LATE_SHARE = 0.2
FALLEN = 0.9
"""A rate that ends below this share of the estimate has fallen: the estimate is no floor."""


def floor_of(part: MeasuredPart) -> Bound | None:
    """At least so much, if the rate outlasted a burst and did not fall; else nothing."""
    begin, end = part.measured_from_seconds, part.measured_to_seconds
    if begin is None or end is None or begin < BURST_SECONDS or end - begin < MIN_SECONDS:
        return None
    return "at_least" if _lasted(part) else None


def _lasted(part: MeasuredPart) -> bool:
    rates, estimate = part.rates_bits_per_second, part.throughput_bits_per_second
    if not rates or estimate is None:
        return False
    return fmean(rates[-max(1, round(LATE_SHARE * len(rates))) :]) >= FALLEN * estimate
