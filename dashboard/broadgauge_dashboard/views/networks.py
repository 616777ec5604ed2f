"""The subnets on which agents measure, and what it means that there are none."""

from typing import Any

from dash import html

from broadgauge_collector.schools.model import SchoolNetwork

from .. import format as fmt
from ..parts import command, icon, panel

_HEADINGS = ("Subnet", "What it is")
_ADD = 'broadgauge networks add 10.20.0.0/16 --note "All schools"'


def networks_panel(networks: tuple[SchoolNetwork, ...], *, needed: bool) -> html.Section:
    """The list, or how to begin one. `needed`: nothing else tells agents of a school network."""
    return panel(
        "School networks",
        _table(networks) if networks else _none(needed=needed),
        note="Agents measure on these subnets. Elsewhere they sleep: nothing is measured or "
        "recorded, and where they are is neither said nor kept.",
    )


def _table(networks: tuple[SchoolNetwork, ...]) -> html.Table:
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in _HEADINGS]))
    rows = [_row(network) for network in networks]
    caption = html.Caption("School networks", className="only-read")
    return html.Table([caption, head, html.Tbody(rows)], className="table networks")


def _row(network: SchoolNetwork) -> html.Tr:
    what: list[Any] = [html.Span(network.note or fmt.UNKNOWN)]
    if network.caution:
        caution = [icon("stale"), html.Span(network.caution)]
        what.append(html.Span(caution, className="caution"))
    cell = html.Td(html.Div(what), **{"data-label": "What it is"})
    return html.Tr([html.Th(network.subnet, scope="row"), cell])


def _none(*, needed: bool) -> html.Div:
    if needed:
        words = [
            html.H3([icon("stale"), "Agents on other machines sleep until one is listed"]),
            html.P(
                "This server speaks plain HTTP, so nothing proves to them that they are on a "
                "school network. List the subnets that your schools' computers are in:"
            ),
        ]
    else:
        words = [
            html.P(
                "None is listed. The agent on this machine needs none. Others know a school "
                "network by this server's certificate, where they reach it at a private address. "
                "Where they don't, list their subnets:"
            )
        ]
    note = html.P(
        "Put your own in place of 10.20.0.0/16, and none that homes have too, such as "
        "192.168.1.0/24.",
        className="note",
    )
    style = "state state-warning" if needed else "state"
    return html.Div([*words, command(_ADD), note], className=style)
