"""Whether a test can have been as its page says. Strangers say it, so it proves nothing; but what
no test can have found is kept from the room's numbers."""

from ..errors import Invalid
from .model import FinishedTest, MeasuredPart

SLACK_SECONDS = 2.0
"""Between clocks: the page's, the test server's and this one, and the way between them."""

SHORTEST_SPAN_SECONDS = 0.2
"""An estimate rests on three intervals of 0.25 s at least."""

MOST_BITS_PER_SECOND = 25e9
"""More than any browser reads from one connection, or any room's device has."""

SLACK_RATIO = 1.01


def check_plausible(finished: FinishedTest, elapsed_seconds: float) -> None:
    """Invalid if a test that was announced so long ago can't have been like this."""
    parts = finished.download, finished.upload
    took = sum(part.duration_seconds for part in parts)
    if took > elapsed_seconds + SLACK_SECONDS:
        words = f"a test of {took:.3g} s was announced {elapsed_seconds:.3g} s ago"
        raise Invalid(f"This can't be: {words}.")
    for part in parts:
        _check(part)


def _check(part: MeasuredPart) -> None:
    bits = 8 * (part.bytes_transferred or 0)
    if bits > MOST_BITS_PER_SECOND * (part.duration_seconds + SLACK_SECONDS):
        raise Invalid("This can't be: no browser moves so many bytes in this time.")
    rate = part.throughput_bits_per_second
    if part.fault is None and rate is not None:
        _check_rate(rate, part, bits)


def _check_rate(rate: float, part: MeasuredPart, bits: int) -> None:
    begin, end = part.measured_from_seconds, part.measured_to_seconds
    if begin is None or end is None or end - begin < SHORTEST_SPAN_SECONDS:
        raise Invalid("A rate needs the part that it rests on: from when to when, in seconds.")
    if end > part.duration_seconds + SLACK_SECONDS:
        raise Invalid("This can't be: the rate rests on a part after the end of the test.")
    over_time = sum(part.rates_bits_per_second) * (part.rate_interval_seconds or 0.0)
    if max(rate * (end - begin), over_time) > SLACK_RATIO * bits:
        raise Invalid("This can't be: at this rate, more bytes would have been transferred.")
    if rate > MOST_BITS_PER_SECOND:
        raise Invalid("This can't be: no browser is so fast.")
