"""When results began: agents' clocks may be years off, and be set right while results still wait.

A result says when it began by its agent's clock, and how far off that clock was where the agent
had found out. A request says what the agent's clock says as it is sent. So a result whose own word
puts it out of all reason, or that has none, is placed by what the collector finds as it arrives;
what can't be placed by either is refused, and so kept aside with the reason.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Result
from broadgauge_wire.spec import EARLIEST_YEAR, MAX_CLOCK_LEAD_SECONDS

EARLIEST = datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC)
CLOCK_LEAD = timedelta(seconds=MAX_CLOCK_LEAD_SECONDS)
DAY_SECONDS = 86400.0

UNNOTED_SECONDS = 60.0
"""A clock that is off by less is as right as any: a request may be under way for so long, and
judging goes by the hour."""


class Clock(Struct, frozen=True, kw_only=True):
    """The collector's clock, and how far behind it the sender's was; None if that was right, as far
    as can be told."""

    now: datetime
    offset_seconds: float | None = None


def clock_of(now: datetime, date: str | None, sent_at: datetime) -> Clock:
    """The clocks at a request that came `now`, with a `Date` header (RFC 9110, 6.6.1).

    Without one there is `sent_at`, which is when the batch was numbered: that may have been days
    before, so only nonsense tells that the clock is wrong.
    """
    said = _moment(date)
    if said is None and not is_in_reason(sent_at, 0, now):
        said = sent_at
    offset = 0.0 if said is None else (now - said).total_seconds()
    return Clock(now=now, offset_seconds=offset if abs(offset) > UNNOTED_SECONDS else None)


def placed(result: Result, clock: Clock) -> Result:
    """The result, by the clock of whoever sent it where its own word is missing or impossible."""
    own = result.clock_offset_seconds
    if own is not None and is_in_reason(result.started_at, own, clock.now):
        return replace(result, clock_corrected=False) if result.clock_corrected else result
    for offset in _offsets(clock, own):
        latest = clock.now if offset else clock.now + CLOCK_LEAD  # it began before it was sent
        if _is_between(result.started_at, offset, latest):
            return replace(result, clock_offset_seconds=offset, clock_corrected=True)
    return replace(result, clock_corrected=False) if result.clock_corrected else result


def is_well_placed(result: Result, clock: Clock) -> bool:
    """Whether `placed` would surely leave the result as it is: quick, for nearly all are."""
    if result.clock_corrected:
        return False
    own = result.clock_offset_seconds
    if own is None:
        return clock.offset_seconds is None and EARLIEST <= result.started_at <= clock.now
    is_small = -DAY_SECONDS < own < DAY_SECONDS
    return is_small and EARLIEST + CLOCK_LEAD <= result.started_at <= clock.now


def date_faults(result: Result, now: datetime) -> Iterator[str]:
    """What is wrong with when a result began, once it was placed."""
    began = _seconds(result.started_at, result.clock_offset_seconds or 0.0)
    if began < EARLIEST.timestamp():
        yield f"started_at is before {EARLIEST_YEAR}: {CANT_BE_PLACED}"
    elif began > (now + CLOCK_LEAD).timestamp():
        yield f"started_at is more than a day ahead: {CANT_BE_PLACED}"


CANT_BE_PLACED = (
    "the agent's clock was wrong, and was set before this was sent, so when it began can't be known"
)


def is_in_reason(moment: datetime, offset_seconds: float, now: datetime) -> bool:
    """Whether a result may have begun then, by a clock so far behind the collector's."""
    return _is_between(moment, offset_seconds, now + CLOCK_LEAD)


def _offsets(clock: Clock, own: float | None) -> Iterator[float]:
    """What else may be true, the likeliest first."""
    if clock.offset_seconds is not None:
        yield clock.offset_seconds
    if own is not None:
        yield 0.0


def _is_between(moment: datetime, offset_seconds: float, latest: datetime) -> bool:
    return EARLIEST.timestamp() <= _seconds(moment, offset_seconds) <= latest.timestamp()


def _seconds(moment: datetime, offset_seconds: float) -> float:
    # As a number: the sum may be beyond any year that a datetime has.
    return moment.timestamp() + offset_seconds


def _moment(date: str | None) -> datetime | None:
    try:
        said = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)
