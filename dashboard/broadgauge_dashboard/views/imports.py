"""The Imports page: a file brought, looked at, applied, taken back."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from broadgauge_collector.fleet.school_counts import SchoolCounts
from broadgauge_collector.fleet.unplaced import Unplaced
from broadgauge_collector.imports.listing import FormatRow
from broadgauge_collector.imports.model import Refused
from broadgauge_collector.imports.runs import Import
from broadgauge_collector.imports.sheets import MAX_FILE_BYTES

from .. import format as fmt
from ..parts import empty, panel
from ..tables import folded_table, row_of, row_under
from .device_words import name_of, value_of

PATH = "/imports"
STATES = {
    "reading": "Being read",
    "ready": "Waits to be applied",
    "applying": "Being applied",
    "applied": "Applied",
    "undoing": "Being taken back",
    "undone": "Taken back",
    "failed": "Not taken",
}
SHOWN = ("serial", "asset_tag", "make", "model", "kind", "place", "state", "purchased_on")
"""Of the rows to be kept, where they have these."""

MOST_COLUMNS = 8
MOST_CHOICES = 200
"""Of places in sight at once; the others are found by typing."""


def bring_panel(formats: Sequence[FormatRow], chosen: str) -> html.Section:
    """Choose a format, drop a file."""
    select = dmc.Select(
        id="import-format",
        label="Format",
        data=[{"value": f.key, "label": f.title} for f in formats],
        value=chosen,
        allowDeselect=False,
        searchable=True,
        className="control control-long",
    )
    return panel(
        "Bring a file",
        html.Div(select, className="controls"),
        html.Div(id="import-zone"),
        html.P(id="import-said", className="note", role="status"),
        note="You see what it would change before it does. Names of persons, e-mail addresses, "
        "passwords and notes are gone as it is read.",
    )


def zone(format_: FormatRow, own: dict[str, str]) -> list[Any]:
    """Where the file goes; of tables, which of their columns is which, `own` as people said."""
    button = html.Button(
        "Drop a file here, or click to choose one",
        id="import-drop",
        type="button",
        className="drop",
        **{"data-format": format_.key, "data-most": str(MAX_FILE_BYTES)},
    )
    columns = [_columns(format_, own)] if format_.headings else []
    return [html.P(format_.example, className="note"), button, *columns]


def _columns(format_: FormatRow, own: dict[str, str]) -> html.Details:
    """How to say which column is which, where headings are a district's own."""
    usual = {field: f"{name_of(field)} ({names[0]})" for field, names in format_.headings.items()}
    fields = [
        _select("column-field", "What the column holds", usual, None),
        dmc.TextInput(
            id="column-heading", label="Its heading in your file", className="control control-wide"
        ),
        dmc.Button("Remember", id="save-column"),
    ]
    said = html.Div(columns_said(own), id="columns-said", **{"aria-live": "polite"})
    summary = html.Summary("Your file has other headings?")
    return html.Details([summary, html.Div(fields, className="controls"), said], className="group")


def columns_said(own: dict[str, str]) -> list[Any]:
    """Headings that people said, and remain said."""
    if not own:
        return [html.P("The usual headings are looked for.", className="note")]
    said = "; ".join(
        f"{name_of(field)} is in \u201c{heading}\u201d" for field, heading in own.items()
    )
    back = "Without a heading, a column goes by its usual one again."
    return [html.P(f"Remembered: {said}. {back}", className="note")]


def import_panel(
    found: Import,
    rows: Sequence[dict[str, Any]],
    refused: Sequence[Refused],
    *,
    may_change: bool = True,
) -> html.Section:
    """One import: what it would change or did, and what can be done with it."""
    title = f"{STATES[found.state]}: {found.format}"
    parts: list[Any] = [html.P(_counts(found))]
    if found.trouble:
        parts.append(html.P(found.trouble, className="tone-text-stale", role="alert"))
    if may_change:
        parts.append(html.Div(_actions(found), className="controls"))
    if rows:
        parts += [html.H3("The first rows that are new or changed"), *_rows(rows)]
    if refused:
        parts += _refused(found, refused)
    return panel(title, *parts)


def list_panel(imports: Sequence[Import]) -> html.Section:
    """What was imported, newest first."""
    if not imports:
        return panel("Nothing was imported yet", empty("Choose a format and drop a file above"))
    heads = ("Came (UTC)", "Format", "State", "New", "Changed", "Vanished", "Refused", "By")
    rows = [_import(each) for each in imports]
    return panel("Imports", *folded_table("Imports", heads, rows, "import", look="imports"))


def places_panel(places: Sequence[Unplaced], schools: Sequence[str]) -> html.Section | None:
    """Places that no school is known by, to be told once."""
    if not places:
        return None
    words = {each.place: f"{each.place} ({fmt.plural(each.devices, 'device')})" for each in places}
    fields = [
        _select("place-name", "They say", words, next(iter(words))),
        _select("place-school", "They mean", {s: s for s in schools}, None),
        dmc.Button("Remember", id="save-place"),
    ]
    count = fmt.plural(len(places), "place is", "places are")
    return panel(
        "Which school is meant",
        html.Div(fields, className="controls"),
        note=f"{count} no school's name. Say it once; the devices there follow.",
    )


def people_panel(counts: Sequence[SchoolCounts]) -> html.Section | None:
    """What other systems say of the schools' people, beside what was entered."""
    if not counts:
        return None
    heads = ("School", "Source", "Students", "Entered", "Staff", "Entered")
    rows = [_people(each) for each in counts]
    return panel(
        "People, by other systems",
        *folded_table("People", heads, rows, "school", look="imports"),
        note="What was entered here stays. Where it differs, see which is right.",
    )


def _counts(found: Import) -> str:
    return (
        f"{fmt.plural(found.rows, 'row')}: {fmt.count(found.added)} new, "
        f"{fmt.count(found.changed)} changed, {fmt.count(found.unchanged)} as before, "
        f"{fmt.count(found.refused)} refused. {fmt.count(found.vanished)} vanished."
    )


def _actions(found: Import) -> list[Any]:
    path = f"/import-runs/{found.id}"
    if found.state == "ready":
        confirm = "?confirm=true" if found.trouble else ""
        words = "Apply it all the same" if found.trouble else "Apply"
        return [_button(words, f"POST {path}/apply{confirm}"), _button("Discard", f"DELETE {path}")]
    if found.state == "applied":
        return [_button("Undo", f"POST {path}/undo"), _see(found)]
    if found.state == "failed":
        return [_button("Forget it", f"DELETE {path}")]
    return []


def _see(found: Import) -> dcc.Link:
    if found.format == "rooms":
        return dcc.Link("See the rooms", href="/room-surveys")
    return dcc.Link("See the devices", href="/devices")


def _button(words: str, request: str) -> html.Button:
    return html.Button(words, type="button", className="button", **{"data-request": request})


def _rows(rows: Sequence[dict[str, Any]]) -> list[Any]:
    present = {name for row in rows for name in row} - {"key", "macs"}
    names = [n for n in SHOWN if n in present] + sorted(present - set(SHOWN))
    names = names[:MOST_COLUMNS]
    heads = [name_of(name) for name in names]
    shown = [row_under(heads, [value_of(n, row.get(n)) for n in names]) for row in rows]
    return folded_table("Rows", heads, shown, "row", look="imports")


def _refused(found: Import, refused: Sequence[Refused]) -> list[Any]:
    href = f"/api/v1/import-runs/{found.id}/refused?format=csv"
    heads = ("Line", "Why")
    rows = [row_under(heads, (fmt.count(each.line), each.reason)) for each in refused]
    return [
        html.H3(f"{fmt.plural(found.refused, 'row was', 'rows were')} refused"),
        html.P(
            [
                html.A("Download them", href=href, download=True),
                ", mend them, and bring that file.",
            ],
            className="note",
        ),
        *folded_table("Refused rows", heads, rows, "row", look="imports"),
    ]


def _import(each: Import) -> html.Tr:
    came = f"{each.asked_at:%Y-%m-%d %H:%M}"
    heads = ("Format", "State", "New", "Changed", "Vanished", "Refused", "By")
    cells = (
        each.format, STATES[each.state], fmt.count(each.added), fmt.count(each.changed),
        fmt.count(each.vanished), fmt.count(each.refused), each.asked_by,
    )  # fmt: skip
    name = dcc.Link(came, href=f"{PATH}?import={each.id}")
    return row_of(name, zip(heads, cells, strict=True))


def _people(each: SchoolCounts) -> html.Tr:
    def shown(value: float | None) -> str:
        return fmt.UNKNOWN if value is None else f"{value:,.0f}"

    def beside(said: float | None, entered: float | None) -> list[Any]:
        differs = said is not None and entered not in {None, said}
        return [shown(entered), *([" ", html.Em("differs")] if differs else [])]

    name = each.school or f"{each.name} (no school here)"
    cells = (
        ("Source", each.source),
        ("Students", shown(each.students)),
        ("Entered", beside(each.students, each.entered_students)),
        ("Staff", shown(each.staff)),
        ("Entered", beside(each.staff, each.entered_staff)),
    )
    return row_of(name, cells)


def _select(id_: str, label: str, choices: dict[str, str], value: str | None) -> dmc.Select:
    return dmc.Select(
        id=id_,
        label=label,
        data=[{"value": key, "label": words} for key, words in choices.items()],
        value=value,
        searchable=True,
        limit=MOST_CHOICES,
        className="control control-wide",
    )
