"""An iCalendar file, put into the calendar of a school or of every school."""

from datetime import datetime, time
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import Connection

from broadgauge_wire.fields import Text, about

from .calendar_file import FileAsked, read_file
from .calendars import add_days, common_timezone, sort_days
from .model import CalendarDay, CalendarKind
from .repository import find_school

Name = Annotated[Text, Meta(min_length=1)]


class CalendarFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An iCalendar file, and what its events are. With `dry_run`, nothing is kept."""

    file: Annotated[str, about("The iCalendar file's text")]
    school: Annotated[Name | None, about("The school, by name or id; null: every school")] = None
    kind: Annotated[
        CalendarKind | None,
        about("What its events are; null: those of whole days holidays, and others left out"),
    ] = None
    closes: Annotated[time | None, about("When school closes on half days, local time")] = None
    match: Annotated[
        tuple[Name, ...], about("Only events with one of these words in their name")
    ] = ()
    dry_run: Annotated[bool, about("Only say what would be added")] = False


class CalendarImport(Struct, frozen=True, kw_only=True):
    """What became of a file."""

    added: Annotated[tuple[CalendarDay, ...], about("Entries added, or that would be")]
    there: Annotated[tuple[CalendarDay, ...], about("Entries that were there already")]
    left_out: Annotated[tuple[str, ...], about("Events left out, with their line and why")]
    dry_run: Annotated[bool, about("Nothing was kept")]


def import_days(c: Connection, given: CalendarFile, now: datetime) -> CalendarImport:
    """What a file holds, added to the calendar unless `dry_run`."""
    school = find_school(c, given.school) if given.school else None
    asked = FileAsked(
        timezone=school.timezone if school else common_timezone(c),
        today=now.date(),
        school_id=school.id if school else None,
        kind=given.kind,
        closes=given.closes,
        match=given.match,
    )
    read = read_file(given.file, asked)
    add = sort_days if given.dry_run else add_days
    added, there = add(c, read.days)
    return CalendarImport(added=added, there=there, left_out=read.left_out, dry_run=given.dry_run)
