"""Days and moments as other systems write them. What can be read in two ways is refused."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

FIRST_YEAR, LAST_YEAR = 1980, 2100
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
TIME = (
    r"(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?(?:\s*(?:UTC|GMT|Z))?)?"
)
WEEKDAY = (
    r"(?:(?:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?),?\s+)?"
)
"""As Snipe-IT writes before its dates. The date says it too, so it isn't looked at."""

DAY, YEAR4 = r"(?P<day>\d{1,2})", r"(?P<year>\d{4})"
YEAR = r"(?P<year>\d{4}|\d{2})"
HOW = "write it as 2026-08-15 or 8/15/2026"


class _Read(Struct, frozen=True):
    """What a cell says, in UTC."""

    at: datetime
    month_alone: bool = False


def day(cell: str) -> date:
    """A date; an instant's is its day in UTC, and a month's its first day."""
    return _read(cell).at.date()


def month_end(cell: str) -> date:
    """A date; a month's is its last day."""
    read = _read(cell)
    if not read.month_alone:
        return read.at.date()
    return read.at.date().replace(day=monthrange(read.at.year, read.at.month)[1])


def moment(cell: str) -> datetime:
    """An instant, in UTC; one without a time zone is taken as UTC, and a day as its midnight."""
    read = _read(cell)
    if read.month_alone:
        raise ValueError("it should be a date, and is a month; write it as 2026-08-15 13:45")
    return read.at


def _read(cell: str) -> _Read:
    for pattern, reader in WAYS:
        if found := pattern.fullmatch(cell):
            return _within_reason(_made(reader, found))
    raise ValueError(f"it should be a date; {HOW}")


def _made(reader: "Reader", found: re.Match[str]) -> _Read:
    try:
        return reader(found)
    except _DayFirst:
        raise
    except (ValueError, OverflowError):
        raise ValueError(f"there is no such date; {HOW}") from None


def _within_reason(read: _Read) -> _Read:
    if not FIRST_YEAR <= read.at.year <= LAST_YEAR:
        raise ValueError(f"its year should be one from {FIRST_YEAR} to {LAST_YEAR}")
    return read


class _DayFirst(ValueError):  # noqa: N818 - one cell's, which its column puts into words
    """A date with slashes whose day stands before its month."""


def _iso(found: re.Match[str]) -> _Read:
    at = datetime.fromisoformat(found["said"] + (found["offset"] or ""))
    return _Read(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))


def _iso_loose(found: re.Match[str]) -> _Read:
    return _at(int(found["year"]), int(found["month"]), found)


def _iso_month(found: re.Match[str]) -> _Read:
    return _Read(datetime(int(found["year"]), int(found["month"]), 1, tzinfo=UTC), True)


def _us(found: re.Match[str]) -> _Read:
    if int(found["month"]) > 12 >= int(found["day"]):
        raise _DayFirst(f"its day stands before its month; {HOW}")
    return _at(_year(found["year"]), int(found["month"]), found)


def _dotted(found: re.Match[str]) -> _Read:
    return _at(int(found["year"]), int(found["month"]), found)


def _named(found: re.Match[str]) -> _Read:
    return _at(_year(found["year"]), _month(found), found)


def _named_month(found: re.Match[str]) -> _Read:
    return _Read(datetime(int(found["year"]), _month(found), 1, tzinfo=UTC), True)


def _epoch(found: re.Match[str]) -> _Read:
    scale = 1000 if len(found[0]) == 13 else 1
    return _Read(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(found[0]) / scale))


def _month(found: re.Match[str]) -> int:
    return MONTHS.index(found["name"][:3].lower()) + 1


def _year(text: str) -> int:
    """Two digits below 70 are of this century; others are of the last."""
    if len(text) == 4:
        return int(text)
    return int(text) + (2000 if int(text) < 70 else 1900)


def _at(year: int, month: int, found: re.Match[str]) -> _Read:
    parts = found.groupdict()
    hour = int(parts.get("hour") or 0)
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    minute, second = int(parts.get("minute") or 0), int(parts.get("second") or 0)
    return _Read(datetime(year, month, int(found["day"]), hour, minute, second, tzinfo=UTC))


Reader = Callable[[re.Match[str]], _Read]


def _way(pattern: str, reader: Reader) -> tuple[re.Pattern[str], Reader]:
    return re.compile(pattern, re.IGNORECASE | re.ASCII), reader


WAYS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    _way(
        r"(?P<said>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?)"
        r"(?:\s*(?:UTC|GMT|Z|(?P<offset>[+-]\d\d(?::?\d\d)?)))?",
        _iso,
    ),
    _way(rf"(?P<month>\d{{1,2}})/{DAY}/{YEAR}{TIME}", _us),
    _way(r"\d{10}|\d{13}", _epoch),
    _way(rf"{YEAR4}[-/](?P<month>\d{{1,2}})[-/]{DAY}{TIME}", _iso_loose),
    _way(rf"{YEAR4}(?P<month>\d\d)(?P<day>\d\d)", _iso_loose),
    _way(r"(?P<year>\d{4})-(?P<month>\d{1,2})", _iso_month),
    _way(rf"{DAY}\.\s?(?P<month>\d{{1,2}})\.\s?{YEAR4}{TIME}", _dotted),
    _way(rf"{MONTH},?\s+{YEAR4}", _named_month),
    _way(rf"{WEEKDAY}{MONTH}\s+{DAY}(?:st|nd|rd|th)?,?\s+{YEAR4}{TIME}", _named),
    _way(rf"{WEEKDAY}{DAY}[\s-]{MONTH},?[\s-]{YEAR}{TIME}", _named),
)
