"""Changes that people mark, what they did, and what is different from last week."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import click

from .client import ServerClient
from .common import ListingGroup, json_option, mbps, print_json, print_table, say, talks_to_server
from .judging import days_option, target_option

if TYPE_CHECKING:  # commands import the server's parts when they need them, to start quickly
    from ..reports.changes import Difference, LineEffect, Side
    from ..reports.week import Week
    from ..schools.changes import Change

KINDS = {"new-line": "new_line", "new-rate": "new_rate", "new-wifi": "new_wifi", "other": "other"}
SAID = {"meets": "meets the target", "below": "falls short", "undecided": "not decided"}
DAYPARTS = {"closed": "closed hours", "school": "school hours"}
Day = click.DateTime(["%Y-%m-%d"])


@click.group(cls=ListingGroup)
def changes() -> None:
    """Mark a change, such as a new line, and see what it did. Alone, lists them.

    \b
    Example: broadgauge changes
    """


@changes.command("list")
@click.option("--school", help="Only those of this school and its lines, by name or id.")
@json_option
@talks_to_server
def list_changes(client: ServerClient, school: str | None, as_json: bool) -> None:
    """List what was marked, by day.

    \b
    Example: broadgauge changes list --school "Lincoln Elementary"
    """
    from ..schools.changes import Change

    _print(client.get("/changes", tuple[Change, ...], school=school), as_json)


@changes.command("add")
@click.argument("text", default="")
@click.option("--on", "day", type=Day, required=True, help="The day on which it was changed.")
@click.option(
    "--kind", type=click.Choice(list(KINDS)), default="other", show_default=True,
    help="What was changed.",
)  # fmt: skip
@click.option("--line", help="The line it is about, by name or id.")
@click.option("--school", help="The school it is about, by name or id.")
@json_option
@talks_to_server
def add_change(
    client: ServerClient,
    text: str,
    day: datetime,
    kind: str,
    line: str | None,
    school: str | None,
    as_json: bool,
) -> None:
    """Mark a change of a line or of a school.

    After a new line or a new rate, only later tests count for the line's verdict.

    \b
    Example: broadgauge changes add "Fiber" --on 2026-03-03 --kind new-line --line Internet
    """
    from ..schools.changes import Change

    body = {"day": day.date(), "kind": KINDS[kind], "text": text, "line": line, "school": school}
    _print((client.send("POST", "/changes", Change, body),), as_json)


@changes.command("remove")
@click.argument("change", type=click.UUID)
@talks_to_server
def remove_change(client: ServerClient, change: UUID) -> None:
    """Take a mark, by its id, away.

    \b
    Example: broadgauge changes remove 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    client.raw("DELETE", f"/changes/{change}")
    say("Removed.")


@changes.command("effect")
@click.argument("change", type=click.UUID)
@click.option(
    "--direction", type=click.Choice(["download", "upload"]), default="download",
    show_default=True, help="Direction of the tests.",
)  # fmt: skip
@click.option(
    "--days", type=click.IntRange(6, 183), default=28, show_default=True,
    help="Days to compare on each side.",
)  # fmt: skip
@json_option
@talks_to_server
def show_effect(
    client: ServerClient, change: UUID, direction: str, days: int, as_json: bool
) -> None:
    """Compare a line before and after a change, with lines of untouched schools beside it.

    \b
    Example: broadgauge changes effect 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    from ..reports.changes import ChangeEffect

    path = f"/changes/{change}/effect"
    found = client.get(path, ChangeEffect, direction=direction, days=days)
    if as_json:
        print_json(found)
        return
    marked = found.change
    say(f"{marked.place}, {marked.day}: {marked.text} ({_kind(marked)}), {direction} tests")
    rows = [_row(line, part) for line in found.lines for part in line.differences]
    print_table(("LINE", "HOURS", "BEFORE", "DAYS", "AFTER", "DAYS"), rows)
    for line in found.lines:
        for part in line.differences:
            click.echo(f"{line.link.name}: {part.words}")


@click.command()
@target_option
@days_option
@json_option
@talks_to_server
def week(client: ServerClient, target: str, days: int, as_json: bool) -> None:
    """Say what is different from a week ago: verdicts, silence, changes, goals reached.

    \b
    Example: broadgauge week
    """
    from ..reports.week import Week

    found = client.get("/week", Week, target=target, days=days)
    if as_json:
        print_json(found)
        return
    say(f"{found.target.title}: since a week ago")
    rows = _news(found)
    if rows:
        print_table(("WHAT", "WHERE", "WAS", "IS"), rows)
    else:
        click.echo("Nothing has changed since last week.")


def _news(found: "Week") -> list[tuple[str, str, str | None, str | None]]:
    return [
        *(("line", one.link, SAID[one.was], SAID[one.now]) for one in found.lines),
        *(("school", one.school, SAID[one.was], SAID[one.now]) for one in found.schools),
        *(
            ("silent", one.school, None, f"last heard {one.last_heard_at.date()}")
            for one in found.silent
        ),
        *(("back", one.school, "silent", "heard again") for one in found.back),
        *(("change", mark.place, None, f"{mark.text} on {mark.day}") for mark in found.changes),
        *(("goal", line, None, "coverage goal reached") for line in found.goals),
    ]


def _print(found: "tuple[Change, ...]", as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        (
            mark.day,
            _kind(mark),
            "line" if mark.link_id else "school",
            mark.place,
            mark.text,
            mark.id,
        )
        for mark in found
    ]
    print_table(("DAY", "KIND", "OF", "NAME", "WHAT", "ID"), rows)


def _kind(mark: "Change") -> str:
    return mark.kind.replace("_", "-")


def _row(line: "LineEffect", part: "Difference") -> tuple[object, ...]:
    before, after = part.before, part.after
    return (
        line.link.name,
        DAYPARTS[part.daypart],
        _rate(before),
        before.days,
        _rate(after),
        after.days,
    )


def _rate(side: "Side") -> str | None:
    rate = mbps(side.bits_per_second)
    return f">= {rate}" if rate and side.at_least else rate
