"""Calendars from iCalendar files (RFC 5545), as district offices publish them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar
from msgspec import Struct

from ..errors import CollectorError, Invalid
from .checks import EARLIEST, MAX_DAYS, check_day, name_key
from .model import CalendarDay, CalendarKind

MAX_EVENTS = 5000
MAX_REPEATS = 1000
"""Of one event: a school day every weekday for four years."""

YEARS_BACK, YEARS_AHEAD = 2, 3
FAULTS_SHOWN = 5
REPEATS = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
PLAIN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "WKST"}
YEAR_OF_RULES = 1990
MIDNIGHT = time(0)

Event = Any
"""One of the file's: what its fields hold is whatever somebody wrote."""


class FileAsked(Struct, frozen=True, kw_only=True):
    """How to read a file: for which school, on whose clock, and what its events are.

    Without `kind`, events of whole days are holidays, and others are left out. `closes` is when
    school closes on half days; `match` are words, one of which an event's name must have.
    """

    timezone: str
    today: date
    school_id: UUID | None = None
    kind: CalendarKind | None = None
    closes: time | None = None
    match: tuple[str, ...] = ()


class FileRead(Struct, frozen=True):
    """The days of a file, and events that were left out, with why."""

    days: tuple[CalendarDay, ...]
    left_out: tuple[str, ...]


class _Fault(Exception):  # noqa: N818 - one event's, which its caller puts into words
    pass


class _LeftOut(Exception):  # noqa: N818 - no fault
    pass


class _Times(Struct, frozen=True):
    """One occurrence on the asked clock. `ends` is the first moment after it."""

    begins: datetime
    ends: datetime

    @property
    def whole_days(self) -> bool:
        return (self.begins.time(), self.ends.time()) == (MIDNIGHT, MIDNIGHT)

    @property
    def last(self) -> date:
        """The last day that it reaches into."""
        return max(self.begins.date(), (self.ends - timedelta(microseconds=1)).date())


def read_file(text: str, asked: FileAsked) -> FileRead:
    """The days of a file. Invalid, with each event's line, if some of it makes no sense: then
    nothing of it should be taken."""
    events = _events(text)
    lines = [
        n for n, line in enumerate(text.splitlines(), 1) if line.strip().upper() == "BEGIN:VEVENT"
    ]
    moved = _moved(events)
    days, left_out, faults = list[CalendarDay](), list[str](), list[str]()
    for event, line in zip(events, lines, strict=False):
        where = f"line {line}, {_name(event)!r}"
        try:
            days += _days(event, asked, moved)
        except _LeftOut as why:
            left_out.append(f"{where}: {why}")
        except (_Fault, CollectorError) as fault:
            faults.append(f"{where}: {fault}")
        except (ValueError, TypeError, OverflowError, KeyError, AttributeError) as error:
            faults.append(f"{where}: it can't be understood ({error})")
    if faults:
        raise Invalid(_in_words(faults))
    return FileRead(tuple(dict.fromkeys(days)), tuple(left_out))


def _events(text: str) -> list[Event]:
    if "BEGIN:VCALENDAR" not in text.upper():
        raise Invalid(
            "This is no iCalendar file: it has no BEGIN:VCALENDAR. Export the calendar as .ics "
            "(Google: Settings, Export calendar; Outlook: Save as iCalendar), and take that file."
        )
    try:
        found = Calendar.from_ical(text.encode(), multiple=True)
        events = [e for one in found for e in one.walk("VEVENT")]
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid(
            f"This iCalendar file can't be read ({error}). Export it again, or correct that line."
        ) from error
    if not events:
        raise Invalid("This iCalendar file has no events. Is it the right calendar, and whole?")
    if len(events) > MAX_EVENTS:
        raise Invalid(
            f"This file has {len(events)} events, and {MAX_EVENTS} at most are read. Export the "
            "calendar of holidays alone, or fewer years."
        )
    return events


def _moved(events: list[Event]) -> set[tuple[str, datetime | date]]:
    """Repeats that have an event of their own, by RFC 5545's RECURRENCE-ID."""
    return {
        (str(e["UID"]), e["RECURRENCE-ID"].dt)
        for e in events
        if "RECURRENCE-ID" in e and "UID" in e
    }


def _days(event: Event, asked: FileAsked, moved: set[Any]) -> Iterator[CalendarDay]:
    name = _name(event)
    if event.errors:
        raise _Fault("; ".join(f"{what or 'a line'}: {why}" for what, why in event.errors))
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        raise _LeftOut("it is canceled")
    if asked.match and not any(name_key(word) in name_key(name) for word in asked.match):
        raise _LeftOut("its name has none of the words asked for")
    earliest = max(EARLIEST, asked.today - timedelta(days=366 * YEARS_BACK))
    latest = asked.today + timedelta(days=366 * YEARS_AHEAD)
    found = [
        _day(_times(event, begins, asked), name, asked)
        for begins in _repeats(event, earliest, latest, moved)
    ]
    within = [day for day in found if day.last >= earliest and day.first <= latest]
    if not within:
        raise _LeftOut(f"it isn't between {earliest} and {latest}")
    yield from within


def _name(event: Event) -> str:
    said = " ".join(str(event.get("SUMMARY", "")).split())
    return "".join(c for c in said if c.isprintable())[:200] or "Without a name"


def _day(times: _Times, name: str, asked: FileAsked) -> CalendarDay:
    kind = asked.kind or "holiday"
    if kind == "holiday" and not times.whole_days:
        raise _LeftOut("it has times of the day; take it with the kind half day or blackout")
    begins, closes = None, asked.closes if kind == "half_day" else None
    if kind == "half_day" and closes is None:
        if times.whole_days:
            raise _Fault("it lasts all day; say when school closes on half days, such as 12:30")
        closes = times.begins.time()
    if kind == "blackout" and not times.whole_days and times.last == times.begins.date():
        begins, closes = times.begins.time(), times.ends.time()
        closes = None if closes == MIDNIGHT else closes
    return check_day(
        CalendarDay(
            first=times.begins.date(),
            last=times.last,
            kind=kind,
            name=name,
            begins=begins,
            closes=closes,
            school_id=asked.school_id,
        )
    )


def _times(event: Event, begins: datetime | date, asked: FileAsked) -> _Times:
    first = _begin(event)
    length = _end(event, first) - first
    if length < timedelta():
        raise _Fault("it ends before it begins; swap its DTSTART and DTEND")
    if length > timedelta(days=MAX_DAYS):
        raise _Fault(f"it lasts more than {MAX_DAYS} days; is its DTEND right?")
    at = _on_clock(begins, asked.timezone)
    if not isinstance(begins, datetime):
        return _Times(at, at + max(length, timedelta(days=1)))
    ends = (begins + length) if begins.tzinfo is None else _later(begins, length)
    return _Times(at, max(_on_clock(ends, asked.timezone), at))


def _later(begins: datetime, length: timedelta) -> datetime:
    return (begins.astimezone(UTC) + length).astimezone(begins.tzinfo)


def _on_clock(at: datetime | date, timezone: str) -> datetime:
    """A moment as the asked clock shows it; one without a time zone is on any clock."""
    if not isinstance(at, datetime):
        return datetime.combine(at, MIDNIGHT)
    return at if at.tzinfo is None else at.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)


def _begin(event: Event) -> datetime | date:
    if "DTSTART" not in event:
        raise _Fault("it has no DTSTART, so nobody knows when it is; give it one or remove it")
    return _moment(event["DTSTART"], "DTSTART")


def _end(event: Event, begins: datetime | date) -> Any:
    if "DTEND" in event:
        ends = _moment(event["DTEND"], "DTEND")
        if isinstance(ends, datetime) != isinstance(begins, datetime):
            raise _Fault("one of its DTSTART and DTEND has a time of day; both must, or neither")
        return ends
    if "DURATION" in event:
        return begins + event["DURATION"].dt
    return begins if isinstance(begins, datetime) else begins + timedelta(days=1)


def _moment(said: Any, what: str) -> datetime | date:
    if isinstance(said, list):
        raise _Fault(f"it has more than one {what}; leave one")
    found = getattr(said, "dt", None)
    if not isinstance(found, date):
        raise _Fault(f"its {what} is no date; write it as 20261126 or 20261126T090000")
    zone = said.params.get("TZID")
    if zone and isinstance(found, datetime) and found.tzinfo is None:
        raise _Fault(f"there is no time zone {str(zone)!r}; name one like America/Chicago")
    return found


def _repeats(
    event: Event, earliest: date, latest: date, moved: set[Any]
) -> Iterator[datetime | date]:
    """When each of its repeats begins, itself included, within bounds."""
    begins = _begin(event)
    rules = event.get("RRULE")
    left = {at.dt for at in _all(event, "EXDATE")}
    if "RECURRENCE-ID" not in event:
        left |= {at for uid, at in moved if uid == str(event.get("UID"))}
    found = [begins] if rules is None else list(_by_rule(event, begins, rules, earliest, latest))
    more = [at.dt for at in _all(event, "RDATE") if isinstance(at.dt, date)]
    yield from (at for at in dict.fromkeys([*found, *more]) if not {at, _date(at)} & left)


def _date(at: datetime | date) -> date:
    return at.date() if isinstance(at, datetime) else at


def _all(event: Event, what: str) -> Iterator[Any]:
    said = event.get(what, [])
    for each in said if isinstance(said, list) else [said]:
        yield from each.dts


def _by_rule(
    event: Event, begins: datetime | date, rule: Any, earliest: date, latest: date
) -> Iterator[datetime | date]:
    if isinstance(rule, list):
        raise _Fault("it has more than one RRULE; leave one")
    if str(next(iter(rule.get("FREQ", [])), "")).upper() not in REPEATS:
        raise _Fault("its RRULE must repeat it by day, week, month or year")
    if begins.year < YEAR_OF_RULES:
        raise _Fault(f"it repeats since {begins.year}; let its DTSTART be a date of these years")
    if not PLAIN.issuperset(rule) and str(rule["FREQ"][0]).upper() in ("DAILY", "WEEKLY"):
        raise _Fault(
            "its RRULE repeats it by day or week with more than BYDAY and BYMONTH; "
            "write that by month or year"
        )
    length = _end(event, begins) - begins
    repeats = rrulestr(_rule_text(rule, begins), dtstart=_wall(begins))
    lower = datetime.combine(earliest, MIDNIGHT) - length - timedelta(days=1)
    upper = datetime.combine(latest, time.max)
    for count, at in enumerate(takewhile(lambda at: at <= upper, repeats.xafter(lower, inc=True))):
        if count == MAX_REPEATS:
            raise _Fault(f"it repeats more than {MAX_REPEATS} times; is its RRULE right?")
        yield at.replace(tzinfo=begins.tzinfo) if isinstance(begins, datetime) else at.date()


def _rule_text(rule: Any, begins: datetime | date) -> str:
    """The rule, with its end as the event's own clock shows it."""
    parts = [p for p in rule.to_ical().decode().split(";") if not p.upper().startswith("UNTIL=")]
    for until in rule.get("UNTIL", []):
        if isinstance(until, datetime) and until.tzinfo and isinstance(begins, datetime):
            until = until.astimezone(begins.tzinfo) if begins.tzinfo else until
        last = _wall(until)
        if not isinstance(until, datetime):
            last = datetime.combine(until, time(23, 59, 59))
        parts.append(f"UNTIL={last:%Y%m%dT%H%M%S}")
    return ";".join(parts)


def _wall(at: datetime | date) -> datetime:
    """What a clock shows there, without its time zone."""
    return at.replace(tzinfo=None) if isinstance(at, datetime) else datetime.combine(at, MIDNIGHT)


def _in_words(faults: list[str]) -> str:
    shown = "; ".join(faults[:FAULTS_SHOWN])
    more = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
    which = "An event of this file makes" if len(faults) == 1 else f"{len(faults)} events make"
    return (
        f"{which} no sense, so nothing was taken: {shown}{more}. Correct or remove that, and take "
        "the file again."
    )
