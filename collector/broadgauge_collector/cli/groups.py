"""Group tests: several agents on one line at once."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server

if TYPE_CHECKING:  # commands import the server's parts when they need them, to start quickly
    from ..plan.group_model import GroupMember, GroupTest

MBPS = 1e6
BOUNDS = {"exact": "full reading", "at_least": "at least"}


@click.group(cls=ListingGroup)
def groups() -> None:
    """Let several agents test a line at once, where one can't fill it. Alone, lists such tests.

    \b
    Example: broadgauge groups
    """


@groups.command("start")
@click.argument("line")
@click.option(
    "--direction",
    type=click.Choice(["download", "upload"]),
    default="download",
    show_default=True,
    help="Which way to load the line.",
)
@click.option("--server", help="Test server at its end, if there are several.")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    help="When, by this computer's clock.  [default: now]",
)
@click.option("--in-school-hours", is_flag=True, help="Even if students are on the line then.")
@json_option
@talks_to_server
def start(
    client: ServerClient,
    line: str,
    direction: str,
    server: str | None,
    at: datetime | None,
    in_school_hours: bool,
    as_json: bool,
) -> None:
    """Start one. Agents are called within a minute, and test for ten seconds.

    \b
    Example: broadgauge groups start "Internet"
    """
    from ..plan.group_model import GroupTest

    wish: dict[str, Any] = {"line": line, "direction": direction, "server": server}
    wish |= {"in_school_hours": in_school_hours, "at": at and at.astimezone().isoformat()}
    started = client.send("POST", "/groups", GroupTest, wish)
    if as_json:
        print_json(started)
        return
    say(f"{started.id}: {len(started.members)} agents are called to test {started.line}.")
    say(f"See what came of it: broadgauge groups show {started.id}")


@groups.command("list")
@click.option("--line", help="Only those of this line, by name or id.")
@json_option
@talks_to_server
def list_tests(client: ServerClient, line: str | None, as_json: bool) -> None:
    """List group tests, the newest first.

    \b
    Example: broadgauge groups list --line "Internet"
    """
    from ..plan.group_model import GroupTest

    found = client.get("/groups", tuple[GroupTest, ...], line=line)
    if as_json:
        print_json(found)
        return
    heads = ("ID", "LINE", "DIRECTION", "STARTED", "BY", "AGENTS", "STATE", "MBPS", "RESULT")
    print_table(heads, [_row(one) for one in found])


@groups.command("show")
@click.argument("group", type=click.UUID)
@json_option
@talks_to_server
def show(client: ServerClient, group: object, as_json: bool) -> None:
    """Say what came of one, and how each of its agents stands to it.

    \b
    Example: broadgauge groups show 01975000-0000-7000-8000-000000000101
    """
    from ..plan.group_model import GroupTest

    found = client.get(f"/groups/{group}", GroupTest)
    if as_json:
        print_json(found)
        return
    say(_words(found))
    heads = ("SCHOOL", "AGENT", "COULD SEE MBPS", "JOINS AFTER S", "STATE")
    print_table(heads, [_member(one) for one in found.members])


def _row(one: "GroupTest") -> tuple[object, ...]:
    return (
        one.id,
        one.line,
        one.direction,
        f"{one.called_at:%Y-%m-%d %H:%M} UTC",
        one.called_by,
        len(one.members) or None,
        one.state,
        _mbps(one.line_bits_per_second),
        BOUNDS.get(one.bound or "") or one.reason,
    )


def _words(one: "GroupTest") -> str:
    if one.state == "failed":
        return f"{one.line}, {one.direction}: failed. {one.reason}"
    if one.state == "done":
        said = BOUNDS.get(one.bound or "", "not clear")
        return f"{one.line}, {one.direction}: {_mbps(one.line_bits_per_second)} Mbps, {said}."
    begins = f"begins at {one.begins_at:%H:%M:%S} UTC" if one.begins_at else "agents are called"
    return f"{one.line}, {one.direction}: {one.state}, {begins}."


def _member(one: "GroupMember") -> tuple[object, ...]:
    state = f"{one.state}: {one.why_not}" if one.why_not else one.state
    return (
        one.school,
        one.agent,
        _mbps(one.ceiling_bits_per_second),
        one.joins_after_seconds,
        state,
    )


def _mbps(bits_per_second: float | None) -> str | None:
    return None if bits_per_second is None else f"{bits_per_second / MBPS:.0f}"
