"""Days and moments in a query, written out: pydantic alone would take a bare number for Unix
seconds, and 20260101 for a day in 1970."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BeforeValidator

from ..errors import Invalid


def _a_moment(text: str) -> str:
    if "T" not in text.upper():
        raise ValueError("write a date and a time, such as 2026-01-31T08:00:00Z")
    return text


def _a_day(text: str) -> str:
    if len(text) != len("2026-01-31") or text.isdecimal():
        raise ValueError("write a day as 2026-01-31")
    return text


Moment = Annotated[datetime, BeforeValidator(_a_moment)]
Day = Annotated[date, BeforeValidator(_a_day)]


def in_utc(name: str, moment: datetime | None) -> datetime | None:
    """A moment that was asked for. Invalid without a zone, or beyond the years there are."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise Invalid(f"'{name}' needs a time zone, such as 2026-01-31T08:00:00Z.")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Invalid(f"'{name}' is before the year 1 or after 9999 in UTC.") from error
