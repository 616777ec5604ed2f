"""What tests by other people's protocols say of a line: a floor at most, never its rate."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from broadgauge_wire import Bound
from broadgauge_wire.results import MAX_RATES

from .base import ProbeRequest
from .far_end import FarEnd
from .throughput.rates import ceiling_of, payload_ratio

MIN_FLOOR_SECONDS = 3.0
"""In a shorter test, a token bucket's first burst can't be told from the line's rate."""

LATE_SHARE = 0.2
FALLEN = 0.9
"""A rate that ends below this share of the whole test's has fallen: the whole is no floor."""

RATE_SECONDS = 0.1
"""What each of a test's rates over time stands for."""


def rate_fields(far_end: FarEnd, bits_per_second: float, request: ProbeRequest) -> dict[str, Any]:
    """A payload rate with what it is at IP level, and the most that could have been seen."""
    is_ipv6 = ":" in far_end.address.ip
    per_client = request.per_client_bits_per_second
    ceiling = ceiling_of(far_end.link, calibrated=None, per_client=per_client)
    ratio = payload_ratio(None, far_end.link, is_ipv6=is_ipv6)
    return {
        "throughput_bits_per_second": bits_per_second,
        "line_bits_per_second": bits_per_second / ratio if ratio else None,
        "payload_ratio": ratio,
        "ceiling_bits_per_second": ceiling.bits_per_second if ceiling else None,
    }


def floor_of(rates: Sequence[float], seconds: float) -> Bound | None:
    """What such a test says of the line: never more than that it is this fast or faster."""
    if seconds < MIN_FLOOR_SECONDS or not rates:
        return None
    late = rates[-max(1, round(LATE_SHARE * len(rates))) :]
    return "at_least" if fmean(late) >= FALLEN * fmean(rates) else None


def shown(rates: Sequence[float]) -> dict[str, Any]:
    """Rates over time, as many as a result takes."""
    kept = tuple(rates[:MAX_RATES])
    return {"rates_bits_per_second": kept, "rate_interval_seconds": RATE_SECONDS if kept else None}
