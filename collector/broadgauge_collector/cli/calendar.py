"""School calendars."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import click

from ..schools.calendar import hours_in_words
from ..schools.model import CalendarDay, School
from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server

KINDS = {"holiday": "holiday", "half-day": "half_day", "blackout": "blackout"}
WORDS = {kind: words.replace("-", " ") for words, kind in KINDS.items()}
TimeOfDay = click.DateTime(["%H:%M"])
Day = click.DateTime(["%Y-%m-%d"])
school_option = click.option("--school", help="The school, by name or id.  [default: every school]")
closes_option = click.option(
    "--closes", type=TimeOfDay, metavar="HH:MM", help="When a half day closes, local time."
)


@click.group(cls=ListingGroup)
def calendar() -> None:
    """Holidays, half days and blackouts. Alone, lists them.

    \b
    Example: broadgauge calendar
    """


@calendar.command("list")
@school_option
@click.option("--from", "first", type=Day, help="Only what ends on this day or later.")
@click.option("--to", "last", type=Day, help="Only what begins on this day or earlier.")
@json_option
@talks_to_server
def list_days(
    client: ServerClient,
    school: str | None,
    first: datetime | None,
    last: datetime | None,
    as_json: bool,
) -> None:
    """List the calendar.

    \b
    Example: broadgauge calendar list --school "Lincoln Elementary" --from 2026-08-01
    """
    bounds = {"first": first and first.date(), "last": last and last.date()}
    found = client.get("/calendar", tuple[CalendarDay, ...], school=school, **bounds)
    _print(client, found, as_json)


@calendar.command("add")
@click.argument("name")
@click.option("--on", "first", type=Day, required=True, help="The day, or the first of several.")
@click.option("--to", "last", type=Day, help="The last day.  [default: the same]")
@click.option(
    "--kind", type=click.Choice(list(KINDS)), default="holiday", show_default=True,
    help="What is different on it.",
)  # fmt: skip
@click.option(
    "--closes", type=TimeOfDay, metavar="HH:MM", help="When a half day closes or a blackout ends."
)
@click.option("--begins", type=TimeOfDay, metavar="HH:MM", help="When a blackout begins.")
@school_option
@json_option
@talks_to_server
def add_day(
    client: ServerClient,
    first: datetime,
    last: datetime | None,
    kind: str,
    closes: datetime | None,
    begins: datetime | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Add a holiday, a half day or a blackout, for one school or for every one.

    In a blackout, such as state testing, no heavy test is made.

    \b
    Example: broadgauge calendar add "Winter break" --on 2026-12-21 --to 2027-01-01
    """
    body = given | {
        "first": first.date(),
        "last": last.date() if last else None,
        "kind": KINDS[kind],
        "closes": _time(closes),
        "begins": _time(begins),
    }
    _print(client, (client.send("POST", "/calendar", CalendarDay, body),), as_json)


@calendar.command("remove")
@click.argument("entry", type=click.UUID)
@talks_to_server
def remove_day(client: ServerClient, entry: UUID) -> None:
    """Take an entry, by its id, out of the calendar.

    \b
    Example: broadgauge calendar remove 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    client.raw("DELETE", f"/calendar/{entry}")
    say("Removed.")


@calendar.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--kind", type=click.Choice(list(KINDS)),
    help="What its events are.  [default: those of whole days holidays, others left out]",
)  # fmt: skip
@closes_option
@click.option("--match", multiple=True, help="Only events with this in their name; repeatable.")
@school_option
@click.option("--dry-run", is_flag=True, help="Only show what would be added.")
@json_option
@talks_to_server
def import_file(
    client: ServerClient,
    file: Path,
    kind: str | None,
    closes: datetime | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Add the days of an iCalendar file (.ics). The same file again changes nothing.

    \b
    Example: broadgauge calendar import district.ics --match "no school" --dry-run
    """
    from ..schools.calendar_import import CalendarImport

    body = given | {"file": _text(file), "kind": kind and KINDS[kind], "closes": _time(closes)}
    done = client.send("POST", "/calendar-imports", CalendarImport, body)
    if as_json:
        print_json(done)
        return
    _print(client, done.added, as_json=False)
    for why in done.left_out:
        say(f"Left out: {why}")
    entries = "1 entry" if len(done.added) == 1 else f"{len(done.added)} entries"
    added = f"{entries} {'to add' if done.dry_run else 'added'}"
    say(f"{added}, {len(done.there)} there already, {len(done.left_out)} left out.")
    if done.dry_run:
        say("Nothing was changed. To add them, leave out --dry-run.")


@calendar.command("hours")
@click.argument("school")
@click.option(
    "--least-used", metavar="HOURS",
    help='Hours of the day when its line is used least, as 1,2,3,4; or "measured".',
)  # fmt: skip
@json_option
@talks_to_server
def hours(client: ServerClient, school: str, least_used: str | None, as_json: bool) -> None:
    """Show how much of a year a school's line is closed, and when it is used least.

    Lines are judged by tests in closed hours. Where those hardly exist, the least used hours count
    as closed: at night, or as set here, or with "measured" as the tests of the last 28 days say.

    \b
    Example: broadgauge calendar hours "Evening Academy" --least-used measured
    """
    from ..api.calendars import SchoolTime

    path = f"/schools/{quote(school, safe='')}"
    if least_used is None:
        found = client.get(f"{path}/hours", SchoolTime)
    else:
        body = {"hours": _hours(least_used)}
        found = client.send("PUT", f"{path}/least-used-hours", SchoolTime, body)
    if as_json:
        print_json(found)
        return
    click.echo(f"Closed: {found.closed_share:.0%} of the year's hours.")
    click.echo(f"{hours_in_words(found.least_used_hours)} its line is used least.")
    click.echo(found.note or "Closed hours are enough: those hours don't matter for verdicts.")


def _print(client: ServerClient, found: tuple[CalendarDay, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    names = {s.id: s.name for s in client.get("/schools", tuple[School, ...])}
    rows = [
        (
            when(day.first, day.last),
            WORDS[day.kind],
            times(day),
            day.name,
            names.get(day.school_id, str(day.school_id)) if day.school_id else "every school",
            day.id,
        )
        for day in found
    ]
    print_table(("DAYS", "KIND", "HOURS", "NAME", "SCHOOL", "ID"), rows)


def when(first: date, last: date) -> str:
    """A day, or the first and the last of several."""
    return f"{first}" if first == last else f"{first} to {last}"


def times(day: CalendarDay) -> str | None:
    """What of a day it is about; None if all of it."""
    if day.kind == "half_day":
        return f"closes {day.closes:%H:%M}"
    if day.begins is None and day.closes is None:
        return None
    return f"{day.begins or time(0):%H:%M} to {f'{day.closes:%H:%M}' if day.closes else '24:00'}"


def _time(given: datetime | None) -> time | None:
    return given.time() if given else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.BadParameter(
            f"{file} can't be read ({error.strerror}). Check its name."
        ) from error
    except UnicodeDecodeError as error:
        raise click.BadParameter(
            f"{file} is no text in UTF-8, as iCalendar files are. Export the calendar again."
        ) from error


def _hours(text: str) -> list[int] | None:
    if text == "measured":
        return None
    try:
        return [int(hour) for hour in text.split(",")]
    except ValueError as error:
        raise click.BadParameter(f'{text!r}: write hours as 1,2,3,4, or "measured".') from error
