"""The School page's part on changes: what was marked, what it did, and a form to mark one."""

from datetime import date
from typing import Any, get_args
from uuid import UUID

from dash import ALL, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.capacity.change import DEFAULT_DAYS
from broadgauge_collector.errors import Invalid, NotFound
from broadgauge_collector.reports.changes import effect
from broadgauge_collector.schools.changes import (
    Change,
    ChangeKind,
    add_change,
    list_changes,
    remove_change,
)
from broadgauge_collector.schools.model import Link, School
from broadgauge_collector.schools.repository import get_school, list_links
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..query import id_of, school_of
from ..views.changes import THE_SCHOOL, effect_panel, form_panel, list_panel, was_marked


def section() -> html.Div:
    """The shell of this part."""
    said = {"aria-live": "polite"}
    return html.Div(
        [
            dcc.Store(id="change-shown"),
            html.Div(id="change-list"),
            html.Div(id="change-removed", **said),
            html.Div(id="change-effect"),
            html.Div(id="change-form"),
            html.Div(id="change-marked", **said),
        ],
        className="page-body",
        style={"marginTop": "1.75rem"},
    )


@callback(
    Output("change-list", "children"),
    Input("change-marked", "children"),
    Input("change-removed", "children"),
    State("school-id", "data"),
    permission=Permission.READ,
)
async def show_list(services: Services, _: Any, __: Any, school: str) -> Any:
    """What was marked at the school and its lines."""
    try:
        return list_panel(await services.look_up(list_changes, school_of(school)))
    except NotFound:
        return None  # the page says so already


@callback(
    Output("change-shown", "data"),
    Input("change-chosen", "value"),
    permission=Permission.READ,
)
async def choose(_: Services, chosen: Any) -> Any:
    """The change to look at, for the part that is there before the choice is."""
    return chosen


@callback(
    Output("change-effect", "children"),
    Input("change-shown", "data"),
    Input("change-removed", "children"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_effect(services: Services, chosen: Any, _: Any, __: int | None) -> Any:
    """Before and after the change that is chosen."""
    change_id = id_of(chosen)
    if change_id is None:
        return None
    try:
        return effect_panel(await services.report(effect, change_id, "download", DEFAULT_DAYS))
    except NotFound:
        return None  # it was removed


@callback(
    Output("change-form", "children"),
    Input("school-id", "data"),
    permission=Permission.READ,
)
async def show_form(services: Services, school: str) -> Any:
    """What marks a change."""
    try:
        return form_panel(*(await services.look_up(_places, school_of(school))))
    except NotFound:
        return None


@callback(
    Output("change-marked", "children"),
    Input("mark-change", "n_clicks"),
    State("change-place", "value"),
    State("change-kind", "value"),
    State("change-day", "value"),
    State("change-text", "value"),
    State("school-id", "data"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def mark(
    services: Services, clicks: int | None, place: Any, kind: Any, day: Any, text: Any, school: str
) -> Any:
    """One mark more."""
    if not clicks:
        raise PreventUpdate
    of_school = place == THE_SCHOOL
    marked: Change = await services.write(
        add_change,
        day=_day(day),
        kind=_kind(kind),
        text=text if isinstance(text, str) else "",
        school_id=school_of(school) if of_school else None,
        link_id=None if of_school else id_of(place),
        now=services.now(),
    )
    return was_marked(marked)


@callback(
    Output("change-removed", "children"),
    Input({"type": "remove-change", "change": ALL}, "n_clicks"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def remove(services: Services, clicks: list[int | None]) -> Any:
    """One mark less."""
    what = ctx.triggered_id
    if not isinstance(what, dict) or not any(clicks):
        raise PreventUpdate  # the buttons have only just come
    await services.write(remove_change, UUID(what["change"]))
    return html.P("The mark was removed.", className="note")


def _places(c: Connection, school_id: UUID) -> tuple[School, list[Link]]:
    links = [link for link in list_links(c) if school_id in link.school_ids]
    return get_school(c, school_id), links


def _kind(given: Any) -> ChangeKind:
    return next((kind for kind in get_args(ChangeKind) if kind == given), "other")


def _day(given: Any) -> date:
    try:
        return date.fromisoformat(given.strip())
    except (AttributeError, ValueError) as error:
        raise Invalid("Write the day as year, month and day, like 2026-03-03.") from error
