"""The Devices page: what the district owns, found by what it is and where.

Links from the page to itself are plain ones. Dash doesn't learn of addresses that assets/board.js
remembered, and does nothing on a link to the one that it takes for the current address.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.fleet.model import Device, DeviceGroup
from broadgauge_collector.fleet.questions import GroupBy
from broadgauge_collector.fleet.totals import DeviceTotals

from .. import format as fmt
from ..device_address import ANY, CHOSEN, MORE, NOT_KNOWN, href
from ..parts import empty, link_button, metric, panel
from ..tables import file_links, row_of, table_of
from .device_words import KINDS, SOURCES, STATES, name_of, source_name, value_of
from .tests import GRID_THEME

PAGE_ROWS = 100

ONLY = {
    ANY: "All of them",
    "conflicts": "Sources disagree",
    "vanished": "In no source any more",
    "idle": "On under five hours a week",
    "ending": "Updates end within a year",
    "off-list": "Not a supported model",
}
GROUPS: dict[str, str] = {
    ANY: "Each device",
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
                    "No school known",
                    fmt.count(totals.unplaced),
                    _to(totals.unplaced, school=NOT_KNOWN),
                ),
                metric(
                    "Sources disagree",
                    fmt.count(totals.conflicts),
                    _to(totals.conflicts, only="conflicts"),
                ),
                metric(
                    "In no source any more",
                    fmt.count(totals.vanished),
                    _to(totals.vanished, only="vanished"),
                ),
                *_off_list(totals.off_list),
            ],
            className="metrics",
        ),
    )


def _off_list(count: int | None) -> list[html.Div]:
    """Where the district has a list of models."""
    if count is None:
        return []
    return [metric("Not a supported model", fmt.count(count), _to(count, only="off-list"))]


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


def views_kept() -> html.Details:
    """Filters that somebody named; assets/views.js fills the list and keeps it."""
    return html.Details(
        [
            html.Summary("Views you kept"),
            html.Ul(id="device-views", className="views"),
            html.Div(
                [
                    dmc.TextInput(id="view-name", label="Name", className="control control-wide"),
                    html.Button("Keep what is shown", id="keep-view", className="button"),
                ],
                className="controls",
            ),
            html.P(
                "They are kept in this browser. To share one, send its address.", className="note"
            ),
        ],
        className="kept-views",
    )


def none_like_this() -> html.Section:
    """Instead of the devices."""
    return panel("Devices", empty("No device is like this", "Look for something else above."))


def filters_line(said: Mapping[str, str]) -> html.P | None:
    """What the address asks for that no control shows, each to be taken away."""
    words = {name: _filter(name, said[name]) for name in MORE if name in said}
    shown: list[Any] = []
    for name, filter_ in words.items():
        rest = {n: v for n, v in said.items() if n != name}
        link = html.A("Remove", href=href(rest), title=f"Without {filter_}")
        shown.append(html.Span([f"{filter_} ", link], className="filter"))
    return html.P(shown, className="filters") if shown else None


def grid_panel(asked: Mapping[str, str], found: int) -> html.Section:
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
    links = file_links("/api/v1/devices", asked)
    note: list[Any] = [f"{fmt.count(found)} found. Take them away: ", *links, "."]
    return panel("Devices", named, note=note)


def groups_panel(
    groups: Sequence[DeviceGroup], by: GroupBy, said: Mapping[str, str]
) -> html.Section:
    """The same devices, counted."""
    heads = (GROUPS[by].removeprefix("By ").capitalize(), "Devices", "Sources disagree", "Oldest")
    rows = [_group(group, by, said) for group in groups]
    caption = "Devices by what they have in common"
    return panel(GROUPS[by], table_of(caption, heads, rows, look="devices"))


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
        "sources": ", ".join(map(source_name, device.sources.split(", "))),
        "conflicts": device.conflicts or "",
    }


def _group(group: DeviceGroup, by: GroupBy, said: Mapping[str, str]) -> html.Tr:
    name = value_of(by, group.name) if group.name else "Not known"
    which = group.name or (NOT_KNOWN if by in CHOSEN else "")
    count: Any = fmt.count(group.devices)
    if which or by != "year":  # no address asks for devices without a year
        count = html.A(count, href=href({**said, by: which}))
    cells = (
        ("Devices", count),
        ("Sources disagree", fmt.count(group.conflicts)),
        ("Oldest", value_of("purchased_on", group.oldest)),
    )
    return row_of(name, cells)


def controls(schools: Sequence[str], chosen: dict[str, str], text: str) -> list[Any]:
    """What to look for."""
    return [
        dmc.TextInput(
            id="text",
            label="Find",
            value=text,
            placeholder="Serial, tag, model",
            debounce=300,
            className="control control-find",
        ),
        _select("device-school", "School", _schools(schools), chosen),
        _select("device-kind", "Kind", {**_KINDS, **KINDS}, chosen),
        _select("device-state", "State", {**_STATES, **STATES}, chosen),
        _select("device-source", "Source", {ANY: "All sources", **SOURCES}, chosen),
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


def _schools(names: Sequence[str]) -> dict[str, str]:
    return {ANY: "All schools", NOT_KNOWN: "No school known", **{name: name for name in names}}


def _to(count: int, **said: str) -> html.A | None:
    return html.A("Show them", href=href(said)) if count else None


def _filter(name: str, value: str) -> str:
    if name in _FILTERS:
        return _FILTERS[name].format(value)
    if name in _YES_OR_NO:
        return _YES_OR_NO[name][value.casefold() in {"true", "1"}]
    return f"{name_of(name)}: {value or 'not known'}"


def _column(field: str, heading: str, width: int, **more: Any) -> dict[str, Any]:
    named = {"field": field, "headerName": heading, "width": width, "minWidth": width}
    return {**named, "tooltipField": field, **more}


_KINDS = {ANY: "All kinds", NOT_KNOWN: "Kind not known"}
_STATES = {ANY: "All states", NOT_KNOWN: "State not known"}
_FILTERS = {
    "year": "Bought in {}",
    "idle_below": "On under {} hours a week",
    "support_ends_before": "Updates end before {}",
}
_YES_OR_NO = {
    "conflicts": ("Sources agree", "Sources disagree"),
    "vanished": ("In some source", "In no source any more"),
    "off_list": ("Of a supported model", "Of no supported model"),
}
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
