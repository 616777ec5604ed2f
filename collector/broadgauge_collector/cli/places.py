"""Schools and lines."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import click

from ..schools.model import Link, School
from .client import ServerClient
from .common import (
    SEGMENT,
    ListingGroup,
    counted,
    json_option,
    marked,
    mbps,
    print_json,
    print_table,
    talks_to_server,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Count = click.IntRange(min=0)
Day = click.DateTime(["%Y-%m-%d"])


@click.group(cls=ListingGroup)
def schools() -> None:
    """Schools, their people and their hours. Alone, lists them.

    \b
    Example: broadgauge schools
    """


@schools.command("list")
@json_option
@talks_to_server
def list_schools(client: ServerClient, as_json: bool) -> None:
    """List schools.

    \b
    Example: broadgauge schools list --json
    """
    found = client.get("/schools", tuple[School, ...])
    _print_schools(found, as_json)


@schools.command("add")
@click.argument("name")
@click.option("--timezone", required=True, help="IANA time zone, such as America/Chicago.")
@click.option("--students", type=Count, help="Number of students.")
@click.option("--staff", type=Count, default=0, show_default=True, help="Number of staff.")
@click.option("--concurrent-users", type=Count, help="Most people online at once, if known.")
@json_option
@talks_to_server
def add_school(client: ServerClient, as_json: bool, **given: Any) -> None:
    """Add a school. Its people count for every result, until `people` says otherwise.

    \b
    Example: broadgauge schools add "Lincoln Elementary" --timezone America/Chicago --students 420
    """
    _print_schools((client.send("POST", "/schools", School, given),), as_json)


@schools.command("people")
@click.argument("school")
@click.option("--students", type=Count, required=True, help="Number of students.")
@click.option("--staff", type=Count, default=0, show_default=True, help="Number of staff.")
@click.option("--concurrent-users", type=Count, help="Most people online at once, if known.")
@click.option("--since", type=Day, help="First day of these counts.  [default: today]")
@json_option
@talks_to_server
def set_people(
    client: ServerClient, school: str, since: datetime | None, as_json: bool, **given: Any
) -> None:
    """Say how many people are at a school from a day on: counts, never names.

    Give all counts each time: together they replace those before.

    \b
    Example: broadgauge schools people "Lincoln Elementary" --students 431 --since 2026-08-20
    """
    path = f"/schools/{quote(school, safe='')}/people"
    body = given | {"since": since.date().isoformat() if since else None}
    _print_schools((client.send("POST", path, School, body),), as_json)


@schools.command("hours")
@click.argument("school")
@click.option("--opens", required=True, metavar="HH:MM", help="Local time students arrive.")
@click.option("--closes", required=True, metavar="HH:MM", help="Local time students leave.")
@click.option(
    "--days", default="mon,tue,wed,thu,fri", show_default=True, help="Days with students."
)
@json_option
@talks_to_server
def set_hours(
    client: ServerClient, school: str, opens: str, closes: str, days: str, as_json: bool
) -> None:
    """Say when students are on the line; outside these hours lines are judged.

    \b
    Example: broadgauge schools hours "Lincoln Elementary" --opens 07:45 --closes 15:30
    """
    body = {"opens": _time(opens), "closes": _time(closes), "weekdays": _weekdays(days)}
    path = f"/schools/{quote(school, safe='')}/hours"
    _print_schools((client.send("PUT", path, School, body),), as_json)


@click.group(cls=ListingGroup)
def links() -> None:
    """Lines: networks that schools depend on. Alone, lists them.

    \b
    Example: broadgauge links
    """


@links.command("list")
@json_option
@talks_to_server
def list_links(client: ServerClient, as_json: bool) -> None:
    """List lines.

    \b
    Example: broadgauge links list --json
    """
    _print_links(client, client.get("/links", tuple[Link, ...]), as_json)


@links.command("add")
@click.argument("name")
@click.option("--segment", type=SEGMENT, required=True, help="Kind of line.")
@click.option(
    "--school", "schools", multiple=True, required=True, help="School behind it; repeatable."
)
@click.option("--contracted-mbps", type=click.FloatRange(min=0), help="Rate that was bought.")
@json_option
@talks_to_server
def add_link(
    client: ServerClient, contracted_mbps: float | None, as_json: bool, **given: Any
) -> None:
    """Add a line and the schools that depend on it.

    \b
    Example: broadgauge links add "District Internet" --segment internet \\
               --school "Lincoln Elementary" --school "Grant High" --contracted-mbps 1000
    """
    bought = None if contracted_mbps is None else contracted_mbps * 1e6
    body = given | {"contracted_bits_per_second": bought}
    _print_links(client, (client.send("POST", "/links", Link, body),), as_json)


def _print_schools(found: tuple[School, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(marked(s.name, s.simulated), s.timezone, _hours(s), _people(s), s.id) for s in found]
    print_table(("SCHOOL", "TIME ZONE", "SCHOOL HOURS", "PEOPLE", "ID"), rows)


def _print_links(client: ServerClient, found: tuple[Link, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    names = {school.id: school.name for school in client.get("/schools", tuple[School, ...])}
    rows = [
        (
            marked(link.name, link.simulated),
            link.segment,
            ", ".join(names.get(i, str(i)) for i in link.school_ids),
            mbps(link.contracted_bits_per_second),
            link.id,
        )
        for link in found
    ]
    print_table(("LINE", "SEGMENT", "SCHOOLS", "CONTRACTED", "ID"), rows)


def _hours(school: School) -> str:
    days = ",".join(DAYS[day] for day in school.hours.weekdays)
    return f"{school.hours.opens:%H:%M}-{school.hours.closes:%H:%M} {days}"


def _people(school: School) -> str | None:
    if not school.people:
        return None
    latest = school.people[-1]
    return f"{counted(latest.students, 'student')}, {latest.staff} staff"


def _time(text: str) -> str:
    try:
        return datetime.strptime(text, "%H:%M").time().isoformat()  # noqa: DTZ007 - local time
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time of day; write it as 07:45.") from error


def _weekdays(text: str) -> list[int]:
    words = [word.strip().lower()[:3] for word in text.split(",")]
    unknown = [word for word in words if word not in DAYS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is no day; write days as mon,tue,wed.")
    return [DAYS.index(word) for word in words]
