"""When students are on a school's link: hours of weekdays, holidays, half days, blackouts.

All times are the school's own; spans come out as instants in UTC, also on days when clocks change.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from .model import CalendarDay, SchoolHours

Wall = tuple[time, time]
Span = tuple[datetime, datetime]

HOURS = 24
NIGHT = (1, 2, 3, 4)
"""From 01:00 to 05:00, where it isn't known when a line is used least: after the last evening
event, before the first delivery, and before most nightly updates end."""

HARDLY_CLOSED = 0.6
"""Share of a year's hours. A school with classes to 16:00 is closed for three quarters of them;
open for 12 h on 310 days, as the guide has it, for 0.58: staff, cleaning and evening use are in
most of those."""

DAYS_A_YEAR = 365
MIDNIGHT = time.max


class SchoolCalendar(Struct, frozen=True, cache_hash=True):
    """A school's time zone (IANA), its hours, and the days that differ.

    `least_used` are hours of the day that count as closed where closed hours hardly exist.
    """

    timezone: str
    hours: SchoolHours
    days: tuple[CalendarDay, ...] = ()
    least_used: tuple[int, ...] = NIGHT

    def is_school_day(self, day: date) -> bool:
        """Whether students are there at all."""
        return bool(self.opening_hours(day))

    def opening_hours(self, day: date) -> tuple[Wall, ...]:
        """When students are there, local time."""
        closes = _exceptions(self).get(day, MIDNIGHT)
        if closes is None:
            return ()
        usual = self.hours.on(day.weekday())
        return tuple((at, min(to, closes)) for at, to in usual if at < closes)

    def wall_hours(self, day: date) -> tuple[Wall, ...]:
        """The same without the least used hours, where those count as closed."""
        hours = self.opening_hours(day)
        return tuple(_without(hours, self.least_used)) if hours and hardly_closes(self) else hours

    def school_spans(self, day: date) -> tuple[Span, ...]:
        """School hours of a local day; none on holidays."""
        zone = ZoneInfo(self.timezone)
        found = (
            (_instant(day, at, zone), _instant(day, to, zone)) for at, to in self.wall_hours(day)
        )
        return tuple((begins, ends) for begins, ends in found if begins < ends)

    def spans(self, first: date, last: date) -> tuple[Span, ...]:
        """School hours from the first local day to the last, in order."""
        days = (last - first).days + 1
        return tuple(s for n in range(days) for s in self.school_spans(first + timedelta(days=n)))

    def daypart(self, instant: datetime) -> Literal["closed", "school"]:
        """Whether students are there at an instant."""
        spans = self.school_spans(instant.astimezone(ZoneInfo(self.timezone)).date())
        return "school" if any(begins <= instant < ends for begins, ends in spans) else "closed"

    def blackout(self, instant: datetime) -> str | None:
        """The name of the blackout at an instant; None outside of any."""
        local = instant.astimezone(ZoneInfo(self.timezone))
        return next(
            (
                day.name
                for day in self.days
                if day.kind == "blackout"
                and day.first <= local.date() <= day.last
                and (day.begins or time.min) <= local.time()
                and (day.closes is None or local.time() < day.closes)
            ),
            None,
        )

    def closed_share(self) -> float:
        """The share of a year's hours outside school hours: of the 365 days that end with the last
        one in the calendar, or of any week where none is."""
        if not _exceptions(self):
            return 1 - _weekly_hours(self.hours) / (7 * HOURS)
        last = max(_exceptions(self))
        days = (last - timedelta(days=n) for n in range(DAYS_A_YEAR))
        return 1 - sum(_length(self.opening_hours(day)) for day in days) / (DAYS_A_YEAR * HOURS)

    def placing(self) -> "SchoolCalendar":
        """What of it decides about school hours: schools that agree on that are one clock."""
        days = {
            CalendarDay(first=d.first, last=d.last, kind=d.kind, name="", closes=d.closes)
            for d in self.days
            if d.kind != "blackout"
        }
        in_order = sorted(days, key=lambda d: (d.first, d.last, d.kind, d.closes or MIDNIGHT))
        return replace(self, days=tuple(in_order))

    def note(self) -> str | None:
        """A sentence on closed hours that hardly exist; None where they do."""
        if not hardly_closes(self):
            return None
        closed = f"{self.closed_share():.0%}"
        return (
            f"This school is open so long that closed hours hardly exist ({closed} of the year's "
            f"hours, and people are there in many of those). {hours_in_words(self.least_used)}, "
            "when the line is used least, tests count as closed-hours tests on every day."
        )


@lru_cache(maxsize=4096)
def hardly_closes(calendar: SchoolCalendar) -> bool:
    """Whether closed hours hardly exist. Holidays only add to them, so most need no year."""
    if _weekly_hours(calendar.hours) < (1 - HARDLY_CLOSED) * 7 * HOURS:
        return False
    return calendar.closed_share() < HARDLY_CLOSED


def least_used_hours(
    use_by_hour: Mapping[int, float] | None = None, count: int = len(NIGHT)
) -> tuple[int, ...]:
    """The hours of the day on end with the least use: cross traffic, or any figure that grows
    with it, by local hour. From 01:00 to 05:00 unless every hour is known."""
    if use_by_hour is None or any(hour not in use_by_hour for hour in range(HOURS)):
        return NIGHT
    windows = [tuple((at + n) % HOURS for n in range(count)) for at in range(HOURS)]
    return min(windows, key=lambda hours: sum(use_by_hour[hour] for hour in hours))


def hours_in_words(hours: Iterable[int]) -> str:
    """Hours of the day as people write them: "From 01:00 to 05:00"."""
    chosen = set(hours)
    if len(chosen) == HOURS:
        return "At any hour"
    begins = sorted(hour for hour in chosen if (hour - 1) % HOURS not in chosen)
    runs = [
        (at, next(at + n for n in range(1, HOURS + 1) if (at + n) % HOURS not in chosen))
        for at in begins
    ]
    return "From " + " and ".join(f"{at:02}:00 to {to % HOURS:02}:00" for at, to in runs)


@lru_cache(maxsize=4096)
def _exceptions(calendar: SchoolCalendar) -> Mapping[date, time | None]:
    """Days that differ, with when they close; None on holidays, which win over half days."""
    found: dict[date, time | None] = {}
    for entry in calendar.days:
        if entry.kind == "blackout":
            continue
        for day in _each(entry.first, entry.last):
            known = found.get(day, MIDNIGHT)
            closes = entry.closes if entry.kind == "half_day" else None
            found[day] = None if closes is None or known is None else min(known, closes)
    return found


def _each(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A local time that the day skips stands for the moment of the change; one that comes twice
    begins with the first and ends with it."""
    if at == MIDNIGHT:
        return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    early, late = (datetime.combine(day, at.replace(fold=f), zone) for f in (0, 1))
    if (early.utcoffset() or timedelta()) < (late.utcoffset() or timedelta()):
        return _change_between(late.astimezone(UTC), early.astimezone(UTC), zone)
    return early.astimezone(UTC)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks go forward, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _without(hours: Iterable[Wall], left_out: Collection[int]) -> Iterator[Wall]:
    """What is left of hours, with what stays together in one piece."""
    for opens, closes in hours:
        edges = [opens, *(time(h) for h in range(HOURS) if opens < time(h) < closes), closes]
        left = [(at, to) for at, to in pairwise(edges) if at.hour not in left_out]
        for _, together in groupby(enumerate(left), key=lambda p: p[1][0].hour - p[0]):
            whole = [wall for _, wall in together]
            yield whole[0][0], whole[-1][1]


def _length(hours: Iterable[Wall]) -> float:
    return sum(_since_midnight(to) - _since_midnight(at) for at, to in hours)


def _since_midnight(at: time) -> float:
    """In h; the last moment of a day is its end."""
    if at == MIDNIGHT:
        return HOURS
    return at.hour + at.minute / 60 + at.second / 3600


def _weekly_hours(hours: SchoolHours) -> float:
    return sum(_length(hours.on(day)) for day in range(7))
