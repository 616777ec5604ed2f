"""`/imports`: files of other systems, brought, looked at, applied, taken back."""

from typing import Any
from uuid import UUID

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import Permission, current_principal
from broadgauge_collector.errors import Invalid, NotFound
from broadgauge_collector.fleet.places import SchoolAlias
from broadgauge_collector.fleet.school_counts import school_counts
from broadgauge_collector.fleet.unplaced import say_which_school, unplaced
from broadgauge_collector.imports import runs
from broadgauge_collector.imports.chunks import first_records
from broadgauge_collector.imports.listing import listed_formats, mappings, set_mapping
from broadgauge_collector.schools.repository import list_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..fleet_nav import fleet_nav
from ..parts import empty, failed, loading, panel, refresh
from ..query import id_of
from ..views.imports import (
    PATH,
    bring_panel,
    columns_said,
    import_panel,
    list_panel,
    people_panel,
    places_panel,
    zone,
)

__all__ = ["PATH", "TITLE", "layout"]

TITLE = "Imports \u00b7 broadgauge"
ROWS, REFUSED = 50, 200
USUAL = "google-admin"


def layout(**given: Any) -> html.Div:
    """The shell; `import` is the one to show whole."""
    asked = given.get("import")
    return html.Div(
        [
            html.H1("Imports"),
            fleet_nav(PATH),
            html.Div(
                [
                    html.Div(loading(160), id="import-bring"),
                    html.Div(id="import-one"),
                    html.Div(id="import-placed", **{"aria-live": "polite"}),
                    html.Div(id="import-places"),
                    html.Div(loading(240), id="import-list", className="page-body"),
                ],
                className="page-body parts",
            ),
            dcc.Store(id="import-asked", data=asked if isinstance(asked, str) else None),
            refresh(60),
        ],
        className="page",
    )


@callback(
    Output("import-bring", "children"), Input("import-asked", "data"), permission=Permission.READ
)
async def show_bring(_services: Services, _: Any) -> Any:
    """Where a file goes, for who may bring one."""
    if not current_principal.get().may(Permission.MANAGE):
        words = "Who manages the district brings files."
        return panel("Bring a file", empty("You may look at it", words))
    return bring_panel(listed_formats(), USUAL)


@callback(
    Output("import-zone", "children"), Input("import-format", "value"), permission=Permission.MANAGE
)
async def show_zone(services: Services, chosen: Any) -> Any:
    """How to get such a file, and where it goes."""
    found = next((each for each in listed_formats() if each.key == chosen), None)
    if found is None:
        return None
    own = await services.look_up(mappings)
    return zone(found, own.get(found.key, {}))


@callback(
    Output("columns-said", "children"),
    Input("save-column", "n_clicks"),
    State("import-format", "value"),
    State("column-field", "value"),
    State("column-heading", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def save_column(
    services: Services, clicks: int | None, format_key: Any, field: Any, heading: Any
) -> Any:
    """Remember which column of such files holds what."""
    if not clicks:
        raise PreventUpdate
    if not field:
        raise Invalid("Choose what the column holds.")
    return columns_said(await services.write(_mapped, format_key, field, (heading or "").strip()))


@callback(
    Output("import-one", "children"), Input("import-asked", "data"), permission=Permission.READ
)
async def show_one(services: Services, asked: Any) -> Any:
    """The import that was just brought, or chosen from the list."""
    id_ = id_of(asked)
    if id_ is None:
        return None
    try:
        found = await services.look_up(_one, id_)
    except NotFound as error:
        return failed(error.title, error.detail)
    return import_panel(*found, may_change=current_principal.get().may(Permission.MANAGE))


@callback(
    Output("import-list", "children"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_list(services: Services, _: int | None) -> Any:
    """All imports, and what they say of people."""
    listed = await services.look_up(runs.listed)
    people = people_panel(await services.look_up(school_counts, services.now().date()))
    return [list_panel(listed), *([people] if people else [])]


@callback(
    Output("import-places", "children"),
    Input("import-placed", "children"),
    permission=Permission.READ,
)
async def show_places(services: Services, _: Any) -> Any:
    """Places that no school is known by."""
    if not current_principal.get().may(Permission.MANAGE):
        return None
    schools = await services.look_up(list_schools)
    return places_panel(await services.look_up(unplaced), sorted(s.name for s in schools))


@callback(
    Output("import-placed", "children"),
    Input("save-place", "n_clicks"),
    State("place-name", "value"),
    State("place-school", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def save_place(services: Services, clicks: int | None, name: Any, school: Any) -> Any:
    """Remember which school is meant."""
    if not clicks:
        raise PreventUpdate
    if not name or not school:
        raise Invalid("Choose both: what they say, and the school that is meant.")
    await services.write(say_which_school, SchoolAlias(name=name, school=school))
    return html.P(f"{name} is {school}.", className="note")


def _one(c: Connection, id_: UUID) -> tuple[Any, Any, Any]:
    return runs.get(c, id_), first_records(c, id_, ROWS), runs.refused_rows(c, id_, REFUSED)


def _mapped(c: Connection, format_key: str, field: str, heading: str) -> dict[str, str]:
    others = {f: said for f, said in mappings(c).get(format_key, {}).items() if f != field}
    return set_mapping(c, format_key, {**others, field: heading} if heading else others)
