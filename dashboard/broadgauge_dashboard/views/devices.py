"""The Devices page: what the district owns, found by what it is and where."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from broadgauge_collector.fleet.model import Device, DeviceGroup
from broadgauge_collector.fleet.questions import GroupBy
from broadgauge_collector.fleet.totals import DeviceTotals

from .. import format as fmt
from ..parts import empty, link_button, metric, panel
from .device_words import KINDS, STATES, value_of
from .tests import GRID_THEME

PATH = "/devices"
ANY = "any"
PAGE_ROWS = 100

ONLY = {
    ANY: "All of them",
    "conflicts": "Sources disagree",
    "unplaced": "No school known",
    "vanished": "In no source any more",
    "idle": "On under five hours a week",
    "ending": "Updates end within a year",
}
IDLE_HOURS = 5.0
GROUPS: dict[str, str] = {
    ANY: "Each for itself",
    "school": "By school",
    "kind": "By kind",
    "make": "By maker",
    "model": "By model",
    "state": "By state",
    "os_name": "By system",
    "year": "By year bought",
}


def totals_panel(totals: DeviceTotals) -> html.Section:
    """How many there are, and how many need somebody."""
    return panel(
        fmt.plural(totals.devices, "device"),
        html.Div(
            [
                metric("In service", fmt.count(totals.in_service), "as far as sources say"),
                metric(
                    "No school known", fmt.count(totals.unplaced), _to("unplaced", totals.unplaced)
                ),
                metric(
                    "Sources disagree",
                    fmt.count(totals.conflicts),
                    _to("conflicts", totals.conflicts),
                ),
                metric(
                    "In no source any more",
                    fmt.count(totals.vanished),
                    _to("vanished", totals.vanished),
                ),
            ],
            className="metrics",
        ),
    )


def nothing_yet() -> html.Section:
    """How to begin."""
    return panel(
        "No device yet",
        empty(
            "Bring what you already have",
            "Machines with an agent stand here by themselves. For all others, bring an export of "
            "the system that knows them.",
            action=link_button("Import a file", "/imports"),
        ),
    )


def grid_panel(asked: dict[str, Any]) -> html.Section:
    """The devices that are asked for; rows come as they are scrolled to."""
    grid = dag.AgGrid(
        id="devices-grid",
        columnDefs=_COLUMNS,
        defaultColDef={"sortable": True, "resizable": True},
        rowModelType="infinite",
        dashGridOptions={
            "theme": {"function": GRID_THEME},
            "cacheBlockSize": PAGE_ROWS,
            "maxBlocksInCache": 20,
            "rowHeight": 38,
            "enableCellTextSelection": True,
        },
        className="tests-grid",
        style={"height": "min(38rem, 80vh)"},
    )
    named = html.Div(grid, role="group", **{"aria-label": "Devices"})
    links: list[Any] = []
    for place, format_ in enumerate(("csv", "xlsx", "parquet")):
        href = f"/api/v1/devices?{urlencode({'format': format_, **asked})}"
        links += [*([", "] if place else []), html.A(format_.upper(), href=href, download=True)]
    note: list[Any] = [
        "Take these away: ",
        *links,
        ". The address keeps the filters: bookmark it as a view.",
    ]
    return panel("Devices", named, note=note)


def groups_panel(groups: Sequence[DeviceGroup], by: GroupBy, asked: dict[str, Any]) -> html.Section:
    """The same devices, counted."""
    heads = (GROUPS[by].removeprefix("By ").capitalize(), "Devices", "Sources disagree", "Oldest")
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in heads]))
    rows = [_group(group, by, asked) for group in groups]
    caption = html.Caption("Devices by what they have in common", className="only-read")
    return panel(
        GROUPS[by], html.Table([caption, head, html.Tbody(rows)], className="table devices")
    )


def row(device: Device) -> dict[str, Any]:
    """A device as the grid shows it."""
    return {
        "id": str(device.id),
        "href": f"/device/{device.id}",
        "started_text": device.serial or device.asset_tag or "No number",
        "asset_tag": device.asset_tag or fmt.UNKNOWN,
        "model": device.model or fmt.UNKNOWN,
        "kind": value_of("kind", device.kind),
        "school": device.school or device.place or fmt.UNKNOWN,
        "state": "Vanished" if device.vanished else value_of("state", device.state),
        "purchased_on": value_of("purchased_on", device.purchased_on),
        "support_ends_on": value_of("support_ends_on", device.support_ends_on),
        "sources": device.sources,
        "conflicts": device.conflicts or "",
    }


def _group(group: DeviceGroup, by: GroupBy, asked: dict[str, Any]) -> html.Tr:
    name = value_of(by, group.name) if group.name else "Not known"
    kept = {"q" if field == "search" else field: value for field, value in asked.items()}
    which = urlencode({**kept, by: group.name or ""})
    cells = (
        ("Devices", dcc.Link(fmt.count(group.devices), href=f"{PATH}?{which}")),
        ("Sources disagree", fmt.count(group.conflicts)),
        ("Oldest", value_of("purchased_on", group.oldest)),
    )
    data = [html.Td(html.Div(value), **{"data-label": label}) for label, value in cells]
    return html.Tr([html.Th(name, scope="row"), *data])


def controls(schools: Sequence[str], chosen: dict[str, str], text: str) -> list[Any]:
    """What to look for."""
    return [
        dmc.TextInput(
            id="text",
            label="Find",
            value=text,
            placeholder="Serial, tag, model, place",
            debounce=300,
            className="control control-find",
        ),
        _select("device-school", "School", {ANY: "All schools", **{s: s for s in schools}}, chosen),
        _select("device-kind", "Kind", {ANY: "All kinds", **KINDS}, chosen),
        _select("device-state", "State", {ANY: "All states", **STATES}, chosen),
        _select("device-only", "Only", ONLY, chosen),
        _select("device-by", "Show", GROUPS, chosen),
    ]  # fmt: skip


def _select(id_: str, label: str, choices: dict[Any, str], chosen: dict[str, str]) -> dmc.Select:
    value = chosen.get(id_, ANY)
    return dmc.Select(
        id=id_,
        label=label,
        data=[{"value": key, "label": words} for key, words in choices.items()],
        value=value if value in choices else ANY,
        allowDeselect=False,
        searchable=len(choices) > len(KINDS) + 1,
        className="control",
    )


def _to(only: str, count: int) -> dcc.Link | None:
    return dcc.Link("Show them", href=f"{PATH}?only={only}") if count else None


def _column(field: str, heading: str, width: int, **more: Any) -> dict[str, Any]:
    named = {"field": field, "headerName": heading, "width": width, "minWidth": width}
    return {**named, "tooltipField": field, **more}


_COLUMNS = [
    _column("serial", "Serial number", 150, cellRenderer="TestLink", tooltipField="started_text"),
    _column("model", "Model", 180, flex=1),
    _column("kind", "Kind", 132),
    _column("school", "Where", 160, flex=1),
    _column("state", "State", 108),
    _column("asset_tag", "Asset tag", 112),
    _column("purchased_on", "Bought", 115),
    _column("support_ends_on", "Updates end", 125),
    _column("sources", "Sources", 160, sortable=False),
    _column("conflicts", "Disagree", 105),
]
