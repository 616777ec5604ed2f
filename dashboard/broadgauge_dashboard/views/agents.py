"""The Agents page: what runs where, and the commands that put an agent on one more machine."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from dash import dcc, html

from broadgauge_collector.access.copies import MAX_COPIES
from broadgauge_collector.reports import AgentRow, AgentState
from broadgauge_collector.schools.model import Agent
from broadgauge_wire import DroppedResults
from broadgauge_wire.tokens import parse_join_token

from .. import format as fmt
from ..parts import command, empty, icon, panel
from .simulated import marks

_HEADINGS = ("Agent", "School", "Machine", "Version", "Waiting to send", "Last seen")
_STATES: dict[AgentState, tuple[str, str, str]] = {
    "ok": ("meets", "meets", "Running"),
    "stale": ("stale", "stale", "Silent"),
    "asleep": ("moon", "undecided", "Asleep"),
    "never": ("undecided", "undecided", "Not heard yet"),
    "revoked": ("below", "below", "Shut out"),
}
"""Icon, tone and word."""

_AWAY = "away from school networks; nothing is measured or recorded"
_MANY = 8
"""Agents of several schools that one table still shows well."""


def list_panel(rows: tuple[AgentRow, ...], now: datetime, text: str = "") -> html.Section:
    """The agents with their count; with `text`, those whose name, room, school and state have all
    of its words."""
    title = fmt.plural(len(rows), "agent") if rows else "Agents"
    return panel(title, body(rows, now, text), note=_tally(rows) if rows else None)


def body(rows: tuple[AgentRow, ...], now: datetime, text: str = "") -> Any:
    """Agents by school, those shut out at the end. Many are folded, a school each."""
    if not rows:
        return empty(
            "No agent yet",
            "An agent is a small program on one school machine. It tests the network and takes "
            "stock of the machine. It never looks at what anyone does.",
        )
    found = [row for row in rows if _matches(row, text)]
    if not found:
        return empty("No agent matches", "Clear the search, or look for another word.")
    by_school = defaultdict(list)
    for row in sorted(found, key=lambda row: row.school.casefold()):
        by_school[row.school].append(row)
    if text or len(by_school) == 1 or len(found) <= _MANY:
        return _table(found, now)
    return html.Div([_group(school, of, now) for school, of in by_school.items()])


def _matches(row: AgentRow, text: str) -> bool:
    shown = (row.agent.name, row.agent.location or "", row.school, _STATES[row.state][2])
    line = " ".join(shown).casefold()
    return all(word in line for word in text.casefold().split())


def _table(rows: Iterable[AgentRow], now: datetime) -> html.Table:
    ordered = sorted(rows, key=lambda row: (row.agent.revoked_at is not None, row.school))
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in _HEADINGS]))
    table = [head, html.Tbody([_row(row, now) for row in ordered])]
    return html.Table(
        [html.Caption("Agents", className="only-read"), *table], className="table agents"
    )


def _group(school: str, rows: list[AgentRow], now: datetime) -> html.Details:
    shown = [school, *marks(all(row.agent.simulated for row in rows))]
    name = [html.Span(shown, className="group-name"), html.Span(_tally(rows), className="note")]
    summary = html.Summary(html.Span(name, className="group-head"))
    folded = [summary, _table(rows, now)]
    return html.Details(folded, className="group", **{"data-group": school})


def _tally(rows: Iterable[AgentRow]) -> list[Any]:
    """How many are in which state: `3 running, 1 silent`."""
    counts = Counter(row.state for row in rows)
    said: list[Any] = []
    for state, (name, _, word) in _STATES.items():
        if counts[state]:
            text = f"{fmt.count(counts[state])} {word.lower()}"
            loud = html.Span([icon(name), " ", text], className="tone-text-stale")
            said += [", ", loud if state == "stale" else text]
    return said[1:]


def instructions(token: str, school: str, address: str, uses: int, lifetime: timedelta) -> html.Div:
    """What to do on the second machine, with a fresh token."""
    join = f"{_AGENT} join {address} --token {token}"
    steps = [
        _step("Install the agent on that machine", *_INSTALL),
        _step(
            f'Join it to the school "{school}"',
            command(join),
            html.P('Add --location "Room 12" to compare rooms later.'),
        ),
        _step("Start it", command(f"{_AGENT} run")),
    ]
    life = f"{fmt.plural(uses, 'machine')} at {school}, within {fmt.plural(lifetime.days, 'day')}"
    note = f"The token lets in {life}. It is shown only now.{_vouching(token)}"
    return html.Div(
        [*_unreachable(address), html.Ol(steps, className="steps"), html.P(note, className="note")]
    )


def only_here(address: str) -> bool:
    """Whether an address leads back to the machine that asks."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_AGENT = ".venv/bin/broadgauge-agent"
_INSTALL = (
    html.P("In a clone of the broadgauge repository there:"),
    command("make agent"),
)


def _vouching(token: str) -> str:
    if parse_join_token(token).fingerprint is None:
        return ""
    return (
        " The digits after its dot are the fingerprint of this server's certificate: the agent "
        "trusts no other server, so copy it whole."
    )


def _step(title: str, *children: Any) -> html.Li:
    return html.Li([html.H3(title), *children])


def _unreachable(address: str) -> list[Any]:
    if not only_here(address):
        return []
    return [
        html.Div(
            [
                html.H3([icon("stale"), "Other machines can't reach this server yet"]),
                html.P(
                    f"It listens on {address} only, which is this machine itself. Stop it and "
                    "start it on an address that other machines reach, for example:"
                ),
                command("make up ARGS='--host 192.0.2.10'"),
                html.P(
                    "Put this machine's own address in place of 192.0.2.10. It speaks TLS then, "
                    "with a certificate of its own: your browser will warn you of it once. Then "
                    "come back here for a fresh token."
                ),
            ],
            className="state state-warning",
        )
    ]


def _row(row: AgentRow, now: datetime) -> html.Tr:
    cells = (
        ("School", dcc.Link(row.school, href=f"/school/{row.agent.school_id}")),
        ("Machine", _machine(row)),
        ("Version", row.agent.version),
        ("Waiting to send", _spool(row.agent)),
        ("Last seen", _seen(row, now)),
    )
    notes = [row.agent.location or "no location", *_copying(row)]
    shown = [html.Span(note, className="cell-note") for note in notes]
    name = html.Th([row.agent.name, *marks(row.agent.simulated), *shown], scope="row")
    data = [html.Td(html.Div(value), **{"data-label": label}) for label, value in cells]
    return html.Tr([name, *data])


def _copying(row: AgentRow) -> Iterator[str]:
    """Machines made from one image, and what to do where there are too many, or one has gone."""
    if row.copy_of:
        yield f"copy of {row.copy_of}"
    if not row.copies:
        return
    said = "1 copy" if row.copies == 1 else f"{fmt.count(row.copies)} copies"
    if row.copies >= MAX_COPIES:
        yield (
            f"{said}: no more are let in. Join further machines anew, or shut out copies that "
            "are gone: broadgauge agents revoke ID"
        )
    elif row.state == "revoked":
        yield (
            f"{said} can still send. To shut them out too: "
            f"broadgauge agents revoke {row.agent.id} --copies"
        )
    else:
        yield said


def _machine(row: AgentRow) -> list[Any]:
    facts = row.inventory or {}
    memory = facts.get("memory_bytes")
    system = " ".join(str(facts[k]) for k in ("os_name", "os_version") if facts.get(k))
    details = [system, f"{fmt.memory(memory)} memory" if memory else ""]
    note = ", ".join(word for word in details if word)
    known = "make and model unknown" if row.inventory else "no inventory yet"
    return [row.machine or known, html.Span(note, className="cell-note")]


def _spool(agent: Agent) -> list[Any]:
    waiting = agent.spooled_results
    if waiting is None:
        return [fmt.UNKNOWN]
    said = "nothing" if waiting == 0 else fmt.plural(waiting, "result")
    notes = [_dropped(gone) for gone in agent.dropped_results]
    if agent.damaged_results:
        lost = fmt.plural(agent.damaged_results, "result")
        notes.append(f"{lost} damaged by its disk before they were sent: replace the disk")
    return [said, *(html.Span(note, className="cell-note") for note in notes)]


def _dropped(gone: DroppedResults) -> str:
    """A spool that was full let these go: they will never come."""
    first, last = gone.oldest_at.date(), gone.newest_at.date()
    when = fmt.day(first) if first == last else fmt.period(first, last)
    return (
        f"{fmt.plural(gone.results, f'{gone.kind} result')} dropped when its spool was full: {when}"
    )


def _seen(row: AgentRow, now: datetime) -> list[Any]:
    name, tone, word = _STATES[row.state]
    badge = html.Span([icon(name), word], className=f"badge tone-{tone}")
    notes = [fmt.ago(row.agent.last_seen_at, now)]
    if row.state == "asleep":
        notes.append(_AWAY)
    if offset := row.agent.clock_offset_seconds:
        notes.append(f"its clock is wrong by {fmt.how_long(offset)}: times are corrected")
    return [badge, *(html.Span(note, className="cell-note") for note in notes)]
