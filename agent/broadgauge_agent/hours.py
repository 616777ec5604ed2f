"""Spans of the day by this machine's local clock, such as 16:30-06:00."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

ANY = "any"


def local(unix_seconds: float) -> datetime:
    """The moment by this machine's local clock."""
    return datetime.fromtimestamp(unix_seconds, UTC).astimezone()


def is_within(hours: str, unix_seconds: float) -> bool:
    """Whether the moment lies in the span."""
    return hours == ANY or span_from(hours, unix_seconds)[0] <= unix_seconds


def moved_into(hours: str, unix_seconds: float, chance: random.Random) -> float:
    """The moment itself if it lies in the span, else a random one in the next span: machines
    that all wait for the same hour must not all begin at its first minute."""
    if is_within(hours, unix_seconds):
        return unix_seconds
    return chance.uniform(*span_from(hours, unix_seconds))


def span_from(hours: str, unix_seconds: float) -> tuple[float, float]:
    """Begin and end, in Unix seconds, of the span that the moment lies in, or of the next one."""
    begin, end = (time.fromisoformat(text) for text in hours.split("-"))
    today = local(unix_seconds).date()
    days = (today + timedelta(days=offset) for offset in (-1, 0, 1))
    spans = (
        (datetime.combine(day, begin).timestamp(), datetime.combine(last, end).timestamp())
        for day in days
        for last in (day + timedelta(days=end <= begin),)
    )
    return next(span for span in spans if unix_seconds < span[1])


def spans_between(hours: str, since: float, until: float) -> Iterator[tuple[float, float]]:
    """The parts of a stretch of time, in Unix seconds, that lie in the span of some day."""
    at = since
    while at < until:
        begins, ends = span_from(hours, at)
        if begins >= until:
            return
        yield max(begins, since), min(ends, until)
        at = ends
