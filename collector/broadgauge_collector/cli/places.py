"""Schools and lines."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import click

from ..capacity.words import some
from ..schools.model import Link, Reflector, School
from .client import ServerClient
from .common import (
    SEGMENT,
    Command,
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
SCHOOLS_NAMED = 3
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
@click.option(
    "--on",
    "own",
    multiple=True,
    metavar="DAY=HH:MM-HH:MM",
    help="Other hours on a day, as wed=07:45-14:00; repeatable.",
)
@json_option
@talks_to_server
def set_hours(
    client: ServerClient,
    school: str,
    opens: str,
    closes: str,
    days: str,
    own: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say when students are on the line; outside these hours lines are judged.

    \b
    Example: broadgauge schools hours "Lincoln Elementary" --opens 07:45 --closes 15:30
    """
    body = {
        "opens": _time(opens),
        "closes": _time(closes),
        "weekdays": _weekdays(days),
        "by_weekday": [_day_hours(text) for text in own],
    }
    path = f"/schools/{quote(school, safe='')}/hours"
    _print_schools((client.send("PUT", path, School, body),), as_json)


def contract_options(command: Command) -> Command:
    """What was bought, for how much, and until when."""
    for option in (
        click.option("--contract-ends", type=Day, help="Last day of its contract."),
        click.option(
            "--price-per-month", type=click.FloatRange(min=0), help="What it costs a month."
        ),
        click.option(
            "--contracted-mbps", type=click.FloatRange(min=0), help="Rate that was bought."
        ),
    ):
        command = option(command)
    return command


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
@contract_options
@click.option("--upstream", help="The line that it hangs on, by name or id.")
@json_option
@talks_to_server
def add_link(
    client: ServerClient,
    contracted_mbps: float | None,
    contract_ends: datetime | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Add a line and the schools that depend on it.

    \b
    Example: broadgauge links add "District Internet" --segment internet \\
               --school "Lincoln Elementary" --school "Grant High" --contracted-mbps 1000
    """
    body = given | _contract(contracted_mbps, contract_ends)
    _print_links(client, (client.send("POST", "/links", Link, body),), as_json)


@links.command("set")
@click.argument("line")
@click.option("--name", help="Another name.")
@click.option(
    "--school", "schools", multiple=True, help="School behind it; repeatable: name them all."
)
@contract_options
@click.option("--upstream", help="The line that it hangs on, by name or id.")
@click.option("--on-nothing", is_flag=True, help="It hangs on no other line.")
@json_option
@talks_to_server
def set_link(
    client: ServerClient,
    line: str,
    contracted_mbps: float | None,
    contract_ends: datetime | None,
    on_nothing: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Change what is known about a line, by name or id. What isn't said stays.

    \b
    Example: broadgauge links set "Lincoln WAN" --upstream "District Internet" \\
               --price-per-month 450 --contract-ends 2027-06-30
    """
    if on_nothing and given["upstream"]:
        raise click.UsageError("Give one of --upstream and --on-nothing.")
    said = given | _contract(contracted_mbps, contract_ends)
    change = {key: value for key, value in said.items() if value not in (None, ())}
    if on_nothing:
        change["upstream"] = None
    if not change:
        raise click.UsageError("Say what is different: --school, --upstream, --contracted-mbps...")
    changed = client.send("PATCH", f"/links/{quote(line, safe='')}", Link, change)
    _print_links(client, (changed,), as_json)


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
    lines = {link.id: link.name for link in client.get("/links", tuple[Link, ...])}
    ends = defaultdict[UUID | None, list[str]](list)
    for server in client.get("/reflectors", tuple[Reflector, ...]):
        ends[server.link_id].append(server.name)
    rows = [
        (
            marked(link.name, link.simulated),
            link.segment,
            some([names.get(i, str(i)) for i in link.school_ids], SCHOOLS_NAMED),
            lines.get(link.upstream_id) if link.upstream_id else None,
            ", ".join(ends.get(link.id, ())),
            mbps(link.contracted_bits_per_second),
            None if link.price_per_month is None else f"{link.price_per_month:,.2f}",
            link.contract_ends,
            link.id,
        )
        for link in found
    ]
    headings = ("LINE", "SEGMENT", "SCHOOLS", "HANGS ON", "TEST SERVER", "CONTRACTED")
    print_table((*headings, "PRICE A MONTH", "CONTRACT ENDS", "ID"), rows)


def _contract(mbps: float | None, ends: datetime | None) -> dict[str, Any]:
    return {
        "contracted_bits_per_second": None if mbps is None else mbps * 1e6,
        "contract_ends": ends.date().isoformat() if ends else None,
    }


def _hours(school: School) -> str:
    special = {h.weekday for h in school.hours.by_weekday}
    days = ",".join(DAYS[day] for day in school.hours.weekdays if day not in special)
    usual = f"{school.hours.opens:%H:%M}-{school.hours.closes:%H:%M} {days}"
    own = (f"{DAYS[h.weekday]} {h.opens:%H:%M}-{h.closes:%H:%M}" for h in school.hours.by_weekday)
    return "; ".join([usual, *own])


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


def _day_hours(text: str) -> dict[str, Any]:
    day, _, hours = text.partition("=")
    opens, dash, closes = hours.partition("-")
    if not dash:
        raise click.BadParameter(f"{text!r} says no hours of a day; write them as wed=07:45-14:00.")
    return {"weekday": _weekdays(day)[0], "opens": _time(opens), "closes": _time(closes)}


def _weekdays(text: str) -> list[int]:
    words = [word.strip().lower()[:3] for word in text.split(",")]
    unknown = [word for word in words if word not in DAYS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is no day; write days as mon,tue,wed.")
    return [DAYS.index(word) for word in words]
