"""How far lines are from their goal."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from .client import ServerClient
from .common import ListingGroup, json_option, marked, print_json, print_table, say, talks_to_server
from .judging import days_option, target_option

if TYPE_CHECKING:  # commands import the server's parts when they need them, to start quickly
    from ..plan.goal import Goal
    from ..reports.coverage import LineCoverage, LineGrid

MISSING_SHOWN = 3
"""In a list of lines; `broadgauge coverage line` has all."""


@click.group(cls=ListingGroup)
def coverage() -> None:
    """When and where each line was tested, and what is missing. Alone, lists the lines.

    \b
    Example: broadgauge coverage
    """


@coverage.command("list")
@target_option
@days_option
@json_option
@talks_to_server
def list_coverage(client: ServerClient, target: str, days: int, as_json: bool) -> None:
    """Say how far each line is from its goal, those that lack most first.

    \b
    Example: broadgauge coverage list --days 30
    """
    from ..reports.coverage import CoverageReport

    found = client.get("/coverage", CoverageReport, target=target, days=days)
    if as_json:
        print_json(found)
        return
    heads = ("LINE", "REACHED", "CLOSED HOURS", "SCHOOL HOURS", "LOCATIONS", "MISSING")
    print_table(heads, [_line(line) for line in found.lines])


@coverage.command("line")
@click.argument("line")
@click.option("--location", help="Only this room, wing or wiring closet.")
@target_option
@days_option
@json_option
@talks_to_server
def one_line(
    client: ServerClient, line: str, location: str | None, target: str, days: int, as_json: bool
) -> None:
    """Say what one line lacks, who could fill it, and how many tests count day by day.

    \b
    Example: broadgauge coverage line "Internet"
    """
    from ..reports.coverage import LineGrid

    asked: dict[str, Any] = {"target": target, "days": days}
    asked |= {"location": location} if location else {}
    found = client.get(f"/coverage/lines/{quote(line, safe='')}", LineGrid, **asked)
    if as_json:
        print_json(found)
        return
    for one in found.line.missing:
        say(f"{one.words}: {one.advice}")
    if found.line.complete:
        say("Its goal is reached.")
    if found.line.note:
        say(found.line.note)
    print_table(("DAY", "CLOSED HOURS", "SCHOOL HOURS", "HOURS OF THE DAY"), _days(found))


@coverage.command("goal")
@click.option("--line", help="Only this line, by name or id.")
@click.option("--closed-tests", type=click.IntRange(0), help="Tests in closed hours.")
@click.option("--closed-days", type=click.IntRange(0), help="Days with a test in closed hours.")
@click.option(
    "--school-days", type=click.IntRange(0), help="School days with a test in school hours."
)
@click.option("--hour-bands", type=click.IntRange(0), help="Hours of the school day with a test.")
@click.option("--location-tests", type=click.IntRange(0), help="Tests in each location.")
@click.option("--take-back", is_flag=True, help="Take back what was set.")
@json_option
@talks_to_server
def goal(
    client: ServerClient, line: str | None, take_back: bool, as_json: bool, **parts: int | None
) -> None:
    """Show what lines are to reach, or set parts of it.

    \b
    Example: broadgauge coverage goal --closed-tests 12
    """
    from ..plan.goals import Goals

    said: dict[str, Any] = {part: number for part, number in parts.items() if number is not None}
    if line and not (said or take_back):
        raise click.UsageError("Say which part of the line's goal to set, or --take-back.")
    if said or take_back:
        wish = said | {"take_back": take_back} | ({"line": line} if line else {})
        found = client.send("PUT", "/coverage/goal", Goals, wish)
    else:
        found = client.get("/coverage/goal", Goals)
    if as_json:
        print_json(found)
        return
    heads = ("LINE", "CLOSED TESTS", "CLOSED DAYS", "SCHOOL DAYS", "HOURS", "IN EACH LOCATION")
    rows = [_goal("every line", found.goal), *(_goal(one.link, one.goal) for one in found.lines)]
    print_table(heads, rows)


def _line(line: "LineCoverage") -> tuple[object, ...]:
    of = {part.part: f"{part.have}/{part.want}" for part in line.parts}
    rooms = [min(1, place.tests // place.want) if place.want else 1 for place in line.locations]
    words = [one.words for one in line.missing]
    more = len(words) - MISSING_SHOWN
    shown = "; ".join(words[:MISSING_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    return (
        marked(line.link.name, line.link.simulated),
        "yes" if line.complete else f"{line.share:.0%}",
        f"{of['closed_tests']} tests, {of['closed_days']} days",
        f"{of['school_days']} days, {of['hour_bands']} hours",
        f"{sum(rooms)}/{len(rooms)}" if rooms else None,
        shown or None,
    )


def _days(found: "LineGrid") -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for day in found.calendar:
        of_day = [cell for cell in found.cells if cell.day == day.day and cell.counting]
        if not of_day:
            continue
        by = {
            part: sum(cell.counting for cell in of_day if cell.daypart == part)
            for part in ("closed", "school")
        }
        hours = ", ".join(f"{hour:02}" for hour in sorted({cell.hour for cell in of_day}))
        rows.append((day.day, by["closed"] or None, by["school"] or None, hours))
    return rows


def _goal(name: str, one: "Goal") -> tuple[object, ...]:
    return (
        name,
        one.closed_tests,
        one.closed_days,
        one.school_days,
        one.hour_bands,
        one.location_tests,
    )
