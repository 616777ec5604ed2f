"""A device's page: what is known of it, who says so, where they disagree, and its tickets."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.fleet.merging import HAND, Conflict
from broadgauge_collector.fleet.model import DeviceTicket, SourceSays, WholeDevice

from .. import format as fmt
from ..parts import empty, panel
from ..tables import row_under, table_of
from .device_words import STATES, name_of, source_name, value_of

AS_SAID = "as-said"


def body(found: WholeDevice, changed: html.Section | None = None) -> list[Any]:
    """The whole page but for the form. `changed`: parts of which somebody has to decide."""
    device = found.device
    name = " ".join(filter(None, (device.make, device.model))) or "Device"
    where = device.school or device.place or "no school known"
    known = f"{device.serial or 'No serial number'}, {where}"
    parts: list[Any] = [html.Div([html.H1(name), html.P(known, className="lead")])]
    if device.vanished:
        parts.append(html.P("No source has it any more.", className="note"))
    if changed is not None:
        parts.append(changed)
    if found.conflicts:
        parts.append(_conflicts(found.conflicts, found.origins))
    return [*parts, _facts(found), _sources(found.sources), _tickets(found.tickets)]


def no_such_device() -> html.Section:
    """Instead of the page."""
    return panel(
        "There is no such device",
        empty("It may be gone", "Its last source took it back. Choose one from the list."),
    )


def hand_form(found: WholeDevice, schools: Sequence[str]) -> html.Section:
    """What people here say of it themselves."""
    said = by_hand(found.sources)
    fields = [
        _select("hand-school", "School", {name: name for name in schools}, said.get("place")),
        _select("hand-state", "State", STATES, said.get("state")),
        dmc.TextInput(
            id="hand-since", label="Since", value=said.get("state_since", ""),
            placeholder="2026-11-02", className="control",
        ),
        dmc.TextInput(
            id="hand-tag", label="Asset tag", value=said.get("asset_tag", ""), className="control"
        ),
        dmc.Button("Save", id="save-hand"),
    ]  # fmt: skip
    return panel(
        "Say it yourself",
        html.Div(fields, className="controls line-form"),
        note="It wins over all sources. What is left as it is said is left to them.",
    )


def by_hand(sources: Sequence[SourceSays]) -> dict[str, Any]:
    """What people here said of it, by field."""
    return next((said.facts for said in sources if said.source == HAND), {})


def _select(id_: str, label: str, choices: Any, value: str | None) -> dmc.Select:
    data = [{"value": AS_SAID, "label": "As sources say"}]
    data += [{"value": key, "label": words} for key, words in choices.items()]
    known = value if value in choices else AS_SAID
    return dmc.Select(
        id=id_, label=label, data=data, value=known, allowDeselect=False, className="control"
    )


def _conflicts(conflicts: Sequence[Conflict], origins: dict[str, str]) -> html.Section:
    rows = []
    for conflict in conflicts:
        for source, value in conflict.said.items():
            counts = "Counts" if origins.get(conflict.field) == source else ""
            said = value_of(conflict.field, value)
            rows.append((name_of(conflict.field), source_name(source), said, counts))
    return panel(
        "Sources disagree",
        _table("Where sources disagree", ("What", "Source", "Says", "Shown"), rows),
        note="Mend it in the system that is wrong, or say yourself what holds.",
    )


def _facts(found: WholeDevice) -> html.Section:
    rows = [
        (name_of(field), value_of(field, value), source_name(found.origins.get(field, "")))
        for field, value in found.facts.items()
    ]
    return panel("What is known", _table("What is known", ("What", "Value", "From"), rows))


def _sources(sources: Sequence[SourceSays]) -> html.Section:
    rows = [
        (
            source_name(said.source),
            f"{said.said_at:%Y-%m-%d %H:%M}",
            f"{said.vanished_at:%Y-%m-%d %H:%M}" if said.vanished_at else fmt.UNKNOWN,
            fmt.count(len(said.facts)),
        )
        for said in sources
    ]
    heads = ("Source", "Says so since (UTC)", "Gone from it since", "Facts")
    return panel("Sources", _table("Sources", heads, rows), *map(_source, sources))


def _source(said: SourceSays) -> html.Details:
    """All that one source says, also where another one wins."""
    words = f"What {source_name(said.source)} says"
    rows = [(name_of(field), value_of(field, value)) for field, value in said.facts.items()]
    table = _table(words, ("What", "Value"), rows)
    return html.Details([html.Summary(words), table], **{"data-group": words})


def _tickets(tickets: Sequence[DeviceTicket]) -> html.Section:
    if not tickets:
        return panel("Tickets", empty("None", "Tickets come with imports."))
    rows = [
        (
            value_of("opened_on", ticket.opened_on),
            value_of("closed_on", ticket.closed_on),
            str(ticket.facts.get("issue") or ticket.facts.get("kind") or fmt.UNKNOWN),
            value_of("cost_cents", ticket.facts.get("cost_cents")),
            source_name(ticket.source),
        )
        for ticket in tickets
    ]
    heads = ("Opened", "Closed", "What", "Cost", "Source")
    return panel("Tickets", _table("Tickets", heads, rows))


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> html.Table:
    return table_of(caption, heads, (row_under(heads, cells) for cells in rows), look="devices")
