"""Group tests: the parts of one, and those of a line."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from dash import dcc, html

from broadgauge_collector.plan.group_model import GroupTest
from broadgauge_collector.reports import TestReport
from broadgauge_wire import GroupPart, GroupStage

from .. import format as fmt
from ..parts import panel

STATES = {
    "called": "Agents are called",
    "running": "Under way",
    "done": "Done",
    "failed": "Failed",
}
BOUNDS = {"exact": "full reading", "at_least": "this fast or faster"}


def parts_panel(report: TestReport) -> html.Section:
    """What a group carried as agents joined, and the part of each."""
    result = report.result
    ran = sum(part.trouble is None for part in result.swarm_parts)
    return panel(
        "The agents of this group test",
        _table(
            "What they carried together",
            ("Agents at once", "Line speed", "Summed"),
            [_stage(stage) for stage in result.swarm_stages],
        ),
        _table(
            "What each of them carried at the end",
            ("Agent", "Part of the sum", "Most it could have seen", "Joined"),
            [_part(report, part) for part in result.swarm_parts],
        ),
        note=f"{fmt.plural(ran, 'agent')} tested this line at once; the number is their sum.",
    )


def whole_test(report: TestReport) -> Any:
    """The way from a part to the sum; None for any other test."""
    result = report.result
    if result.swarm_id is None or result.swarm_id == result.id:
        return None
    kept = urlencode({"target": report.target.key, "days": report.days})
    link = dcc.Link("group test", href=f"/test/{result.swarm_id}?{kept}")
    return ["one agent's part in a ", link, "; only the sum of all parts counts"]


def line_panel(groups: Sequence[GroupTest], timezone: str) -> html.Section:
    """The latest group tests of a line."""
    return panel(
        "Group tests",
        _table(
            "Group tests of this line",
            ("Started", "Direction", "Agents", "State", "Result"),
            [_group(one, timezone) for one in groups],
        ),
        note="Several agents at once, where one computer can't fill the line.",
    )


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> html.Table:
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in heads]))
    name = html.Caption(caption, className="only-read")
    body = html.Tbody([_row(heads, cells) for cells in rows])
    return html.Table([name, head, body], className="table")


def _row(heads: Sequence[str], cells: Sequence[Any]) -> html.Tr:
    """On a narrow screen each cell says its heading itself."""
    labeled = zip(heads[1:], cells[1:], strict=True)
    others = [html.Td(cell, **{"data-label": head}) for head, cell in labeled]
    return html.Tr([html.Th(cells[0], scope="row"), *others])


def _stage(stage: GroupStage) -> Sequence[Any]:
    span = f"from {fmt.seconds(stage.from_seconds)} to {fmt.seconds(stage.to_seconds)}"
    return str(stage.agents), fmt.rate(stage.line_bits_per_second), span


def _part(report: TestReport, part: GroupPart) -> Sequence[Any]:
    names: dict[UUID, str] = report.named
    agent = names.get(part.agent_id, "an agent")
    school = names.get(part.school_id)
    kept = urlencode({"target": report.target.key, "days": report.days})
    name = f"{agent}, {school}" if school else agent
    carried = part.trouble or fmt.rate(part.line_bits_per_second)
    joined = part.joined_after_seconds
    return (
        dcc.Link(name, href=f"/test/{part.result_id}?{kept}"),
        carried,
        fmt.rate(part.ceiling_bits_per_second),
        "at the start" if joined == 0 else f"after {fmt.seconds(joined)}",
    )


def _group(one: GroupTest, timezone: str) -> Sequence[Any]:
    here = fmt.local(one.begins_at or one.called_at, timezone)
    when: Any = f"{fmt.day(here.date())}, {fmt.clock(here)}"
    if one.state == "done":
        when = dcc.Link(when, href=f"/test/{one.id}")
    taking_part = sum(member.joins_after_seconds is not None for member in one.members)
    agents = str(taking_part or len(one.members))
    return when, one.direction, agents, STATES[one.state], _result(one)


def _result(one: GroupTest) -> str:
    if one.state == "failed":
        return one.reason or ""
    if one.line_bits_per_second is None:
        return ""
    said = BOUNDS.get(one.bound or "", "can't say")
    return f"{fmt.rate(one.line_bits_per_second)}, {said}"
