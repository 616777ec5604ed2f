"""The Agents page: what runs where, and the commands that put an agent on one more machine."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from dash import dcc, html

from broadgauge_collector.reports import AgentRow, AgentState

from .. import format as fmt
from ..parts import command, empty, icon, panel

_HEADINGS = ("Agent", "School", "Machine", "Version", "Waiting to send", "Last seen")
_STATES: dict[AgentState, tuple[str, str]] = {
    "ok": ("meets", "Running"),
    "stale": ("stale", "Silent"),
    "never": ("undecided", "Not heard yet"),
    "revoked": ("below", "Shut out"),
}


def body(rows: tuple[AgentRow, ...], now: datetime) -> Any:
    """Agents by school; those shut out at the end."""
    if not rows:
        return empty(
            "No agent yet",
            "An agent is a small program on one school machine. It tests the network and takes "
            "stock of the machine. It never looks at what anyone does.",
        )
    ordered = sorted(rows, key=lambda row: (row.agent.revoked_at is not None, row.school))
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in _HEADINGS]))
    table = [head, html.Tbody([_row(row, now) for row in ordered])]
    return html.Table(
        [html.Caption("Agents", className="only-read"), *table], className="table agents"
    )


def instructions(token: str, school: str, address: str, uses: int, lifetime: timedelta) -> html.Div:
    """What to do on the second machine, with a fresh token."""
    join = f"{_AGENT} join {address} --token {token}"
    steps = [
        _step("Install the agent on that machine", *_INSTALL),
        _step(
            "Join it to " + school,
            command(join),
            html.P('Add --location "Room 12" to compare rooms later.'),
        ),
        _step("Start it", command(f"{_AGENT} run")),
    ]
    life = f"{fmt.plural(uses, 'machine')} at {school}, within {fmt.plural(lifetime.days, 'day')}"
    note = f"The token lets in {life}. It is shown only now."
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
                command("make up ARGS='--host 192.0.2.10 --insecure'"),
                html.P(
                    "Put this machine's own address in place of 192.0.2.10. --insecure allows "
                    "plain HTTP: use it on a network you trust, or put a server that speaks TLS "
                    "in front. Then come back for a fresh token."
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
        ("Waiting to send", _spool(row.agent.spooled_results)),
        ("Last seen", _seen(row, now)),
    )
    where = html.Span(row.agent.location or "no location", className="cell-note")
    name = html.Th([row.agent.name, where], scope="row")
    data = [html.Td(html.Div(value), **{"data-label": label}) for label, value in cells]
    return html.Tr([name, *data])


def _machine(row: AgentRow) -> list[Any]:
    facts = row.inventory or {}
    memory = facts.get("memory_bytes")
    system = " ".join(str(facts[k]) for k in ("os_name", "os_version") if facts.get(k))
    details = [system, f"{fmt.memory(memory)} memory" if memory else ""]
    note = ", ".join(word for word in details if word)
    known = "make and model unknown" if row.inventory else "no inventory yet"
    return [row.machine or known, html.Span(note, className="cell-note")]


def _spool(waiting: int | None) -> str:
    if waiting is None:
        return fmt.UNKNOWN
    return "nothing" if waiting == 0 else fmt.plural(waiting, "result")


def _seen(row: AgentRow, now: datetime) -> list[Any]:
    tone, word = _STATES[row.state]
    badge = html.Span([icon(tone), word], className=f"badge tone-{tone}")
    return [badge, html.Span(fmt.ago(row.agent.last_seen_at, now), className="cell-note")]


def list_panel(rows: tuple[AgentRow, ...], now: datetime) -> html.Section:
    """The list with its count."""
    return panel(fmt.plural(len(rows), "agent") if rows else "Agents", body(rows, now))
