"""Results kept aside: how many of which agent and why, and how each began, as text."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from dash import dcc, html

from broadgauge_collector.reports.kept_aside import KeptAside, KeptAsideRecord, KeptAsideTally

from .. import format as fmt
from ..parts import empty, panel
from ..tables import row_of

PATH = "/kept-aside"
RECORDS_SHOWN = 100
HEADING = 160
"""Characters of a reason where many stand below each other."""

_HEADINGS = ("Agent", "School", "Why", "Results", "Last received")
_WHAT = (
    "Agents sent these, and they don't count: they contradict themselves, can't be read, or can't "
    "be placed in time. Nothing else was held up by them. Each is kept as it came, with the reason."
)


def body(found: KeptAside, agent_id: UUID | None, reason: str | None, now: datetime) -> list[Any]:
    """The whole page."""
    if not found.tallies:
        return [
            panel(
                "Nothing was kept aside",
                empty(
                    "Every result that agents sent was taken",
                    "A result that contradicts itself, can't be read or can't be placed in time "
                    "would stand here, with the reason.",
                ),
            )
        ]
    chosen = agent_id is not None or reason is not None
    return [
        _tallies(found.tallies, now),
        _records(found, agent_id, reason, chosen=chosen),
    ]


def notice(count: int) -> html.P | None:
    """A line on another page that leads here, where there is something to see."""
    if not count:
        return None
    said = fmt.plural(count, "result was kept aside", "results were kept aside")
    return html.P(
        [
            dcc.Link(said, href=PATH),
            " as it can't be right." if count == 1 else " as they can't be right.",
        ],
        className="note",
    )


def _tallies(tallies: tuple[KeptAsideTally, ...], now: datetime) -> html.Section:
    total = sum(tally.records for tally in tallies)
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in _HEADINGS]))
    caption = html.Caption("By agent and reason", className="only-read")
    table = html.Table(
        [caption, head, html.Tbody([_tally(tally, now) for tally in tallies])],
        className="table aside",
    )
    return panel(fmt.plural(total, "result"), table, note=_WHAT)


def _tally(tally: KeptAsideTally, now: datetime) -> html.Tr:
    cells = (
        ("School", dcc.Link(tally.school, href=f"/school/{tally.school_id}")),
        ("Why", fmt.sentence(_shortened(tally.reason))),
        ("Results", dcc.Link(fmt.count(tally.records), href=_address(tally))),
        ("Last received", fmt.ago(tally.last_at, now)),
    )
    return row_of(tally.agent, cells)


def _records(
    found: KeptAside, agent_id: UUID | None, reason: str | None, *, chosen: bool
) -> html.Section:
    title = "Those that were chosen" if chosen else "The newest"
    shown = [_record(record) for record in found.records] or [
        empty("None of these is here any more", "Records are kept for a while only.")
    ]
    note = [
        f"At most {RECORDS_SHOWN}, the last received first. Take them away: ",
        _file("CSV", "csv", agent_id, reason),
        ", ",
        _file("JSON lines", "jsonl", agent_id, reason),
        ".",
        *([" ", dcc.Link("Show all", href=PATH)] if chosen else []),
    ]
    return panel(title, html.Div(shown), note=note)


def _record(record: KeptAsideRecord) -> html.Details:
    name = html.Span(record.agent, className="group-name")
    where = f"{record.school}, {record.received_at:%Y-%m-%d %H:%M:%S} UTC"
    head = [name, html.Span(where, className="note"), html.Span(_shortened(record.reason))]
    batch = (
        f"Record {record.index} of batch {record.sequence}, lane {record.lane}, epoch "
        f"{record.epoch}."
    )
    inside = [
        *([html.P(fmt.sentence(record.reason))] if len(record.reason) > HEADING else []),
        html.Pre(html.Code(record.record or "nothing"), className="record", tabIndex=0),
        html.P(batch, className="note"),
    ]
    summary = html.Summary(html.Span(head, className="group-head"))
    return html.Details([summary, html.Div(inside, className="aside-inside")], className="group")


def _file(name: str, format_: str, agent_id: UUID | None, reason: str | None) -> html.A:
    asked = {"format": format_, "limit": 10_000, **_asked(agent_id, reason)}
    return html.A(name, href=f"/api/v1/refused?{urlencode(asked)}", download=True)


def _address(tally: KeptAsideTally) -> str:
    return f"{PATH}?{urlencode(_asked(tally.agent_id, tally.reason))}"


def _asked(agent_id: UUID | None, reason: str | None) -> dict[str, str]:
    asked = {"agent": agent_id and str(agent_id), "reason": reason}
    return {name: value for name, value in asked.items() if value}


def _shortened(reason: str) -> str:
    return reason if len(reason) <= HEADING else f"{reason[: HEADING - 1]}\u2026"
