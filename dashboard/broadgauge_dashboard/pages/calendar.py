"""`/calendar`: a school's year: school days, holidays, half days, blackouts."""

import base64
import binascii
from datetime import date, time
from typing import Any
from uuid import UUID

from dash import ALL, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import Invalid
from broadgauge_collector.schools.calendar import SchoolCalendar
from broadgauge_collector.schools.calendar_import import CalendarFile, CalendarImport, import_days
from broadgauge_collector.schools.calendars import (
    add_day,
    calendar_of,
    common_timezone,
    list_days,
    remove_day,
)
from broadgauge_collector.schools.model import CalendarDay, CalendarKind, SchoolHours
from broadgauge_collector.schools.repository import get_school, list_schools
from broadgauge_collector.services import Services

from .. import format as fmt
from ..callbacks import callback
from ..parts import loading
from ..query import id_of
from ..views.calendar import (
    EVERY,
    KINDS,
    Shown,
    controls,
    forms,
    names_of,
    preview,
    school_year,
    year_panels,
)

PATH = "/calendar"
TITLE = "Calendar · broadgauge"


def layout(school: str | None = None, **_: Any) -> html.Div:
    """The shell."""
    return html.Div(
        [
            html.H1("Calendar"),
            dcc.Store(id="calendar-asked", data=school),
            dcc.Store(id="calendar-chosen"),
            html.Div(id="calendar-controls"),
            html.Div(loading(480), id="calendar-body", className="page-body"),
            html.Div(id="calendar-removed", **{"aria-live": "polite"}),
            html.Div(forms(), className="page-body calendar-forms"),
        ],
        className="page",
    )


@callback(
    Output("calendar-controls", "children"),
    Input("calendar-asked", "data"),
    permission=Permission.READ,
)
async def show_controls(services: Services, asked: Any) -> Any:
    """The choice of schools and years."""
    schools = await services.look_up(list_schools)
    chosen = next((str(s.id) for s in schools if str(s.id) == asked), EVERY)
    return controls(schools, chosen, school_year(services.now().date()))


@callback(
    Output("calendar-chosen", "data"),
    Input("calendar-school", "value"),
    Input("calendar-year", "value"),
    permission=Permission.READ,
)
async def choose(_: Services, school: Any, year: Any) -> list[Any]:
    """What the controls say, for the rest of the page, which is there before they are."""
    return [school, year]


@callback(
    Output("calendar-body", "children"),
    Input("calendar-chosen", "data"),
    Input("calendar-added", "children"),
    Input("calendar-imported", "children"),
    Input("calendar-removed", "children"),
    permission=Permission.READ,
)
async def show_year(services: Services, chosen: Any, *_: Any) -> Any:
    """The year of the school, or of every school."""
    school, year = _chosen(chosen)
    this_year = school_year(services.now().date())
    first = next((y for y in range(this_year - 2, this_year + 3) if str(y) == year), this_year)
    return year_panels(await services.look_up(_shown, id_of(school), first))


@callback(
    Output("calendar-added", "children"),
    Input("add-day", "n_clicks"),
    State("day-name", "value"),
    State("day-kind", "value"),
    State("day-first", "value"),
    State("day-last", "value"),
    State("day-closes", "value"),
    State("calendar-school", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def add(
    services: Services, clicks: int | None, name: Any, kind: Any, first: Any, last: Any,
    closes: Any, school: Any,
) -> Any:  # fmt: skip
    """One entry more."""
    if not clicks:
        raise PreventUpdate
    begins = _date(first, "the first day")
    day = CalendarDay(
        first=begins,
        last=_date(last, "the last day") if _text(last) else begins,
        kind=_kind(kind) or "holiday",
        name=_text(name),
        closes=_time(closes),
        school_id=id_of(school),
    )
    added = await services.write(add_day, day)
    return html.P(f"{added.name} was added.", className="note")


@callback(
    Output("calendar-removed", "children"),
    Input({"type": "remove-calendar-day", "day": ALL}, "n_clicks"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def remove(services: Services, clicks: list[int | None]) -> Any:
    """One entry less."""
    what = ctx.triggered_id
    if not isinstance(what, dict) or not any(clicks):
        raise PreventUpdate  # the buttons have only just come
    await services.write(remove_day, UUID(what["day"]))
    return html.P("It was removed.", className="note")


@callback(
    Output("calendar-preview", "children"),
    Input("calendar-file", "contents"),
    Input("file-kind", "value"),
    Input("file-closes", "value"),
    Input("file-match", "value"),
    Input("calendar-chosen", "data"),
    Input("calendar-imported", "children"),
    State("calendar-file", "filename"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def show_preview(
    services: Services, contents: Any, kind: Any, closes: Any, match: Any, chosen: Any, _: Any,
    name: Any,
) -> Any:  # fmt: skip
    """What the chosen file would add, as the choices beside it stand."""
    if not contents:
        raise PreventUpdate
    given = _file(contents, kind, closes, match, _chosen(chosen)[0], dry_run=True)
    return preview(await services.look_up(import_days, given, services.now()), _text(name))


@callback(
    Output("calendar-imported", "children"),
    Input("take-file", "n_clicks"),
    State("calendar-file", "contents"),
    State("file-kind", "value"),
    State("file-closes", "value"),
    State("file-match", "value"),
    State("calendar-school", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def take(
    services: Services, clicks: int | None, contents: Any, kind: Any, closes: Any, match: Any,
    school: Any,
) -> Any:  # fmt: skip
    """Add what the preview showed."""
    if not clicks:
        raise PreventUpdate
    given = _file(contents, kind, closes, match, school, dry_run=False)
    done: CalendarImport = await services.write(import_days, given, services.now())
    said = fmt.plural(len(done.added), "entry was added", "entries were added")
    return html.P(f"{said}.", className="note")


def _shown(c: Connection, school_id: UUID | None, year: int) -> Shown:
    names = names_of(list_schools(c))
    if school_id is not None:
        return Shown(calendar_of(c, get_school(c, school_id)), names, year)
    common = tuple(day for day in list_days(c) if day.school_id is None)
    return Shown(SchoolCalendar(common_timezone(c), SchoolHours(), common), names, year)


def _file(
    contents: Any, kind: Any, closes: Any, match: Any, school: Any, *, dry_run: bool
) -> CalendarFile:
    try:
        text = base64.b64decode(_text(contents).partition(",")[2], validate=True).decode(
            "utf-8-sig"
        )
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Invalid("This file is no text in UTF-8, as iCalendar files are.") from error
    chosen = id_of(school)
    return CalendarFile(
        file=text,
        school=str(chosen) if chosen else None,
        kind=_kind(kind),
        closes=_time(closes),
        match=tuple(word for word in [_text(match)] if word),
        dry_run=dry_run,
    )


def _chosen(data: Any) -> tuple[Any, Any]:
    """School and year. PreventUpdate as long as nothing is."""
    if not isinstance(data, list) or len(data) != 2:
        raise PreventUpdate
    return data[0], data[1]


def _text(given: Any) -> str:
    return given.strip() if isinstance(given, str) else ""


def _kind(given: Any) -> CalendarKind | None:
    return next((kind for kind in KINDS if kind == given), None)


def _date(given: Any, what: str) -> date:
    try:
        return date.fromisoformat(_text(given))
    except ValueError as error:
        raise Invalid(f"Write {what} as year, month and day, like 2026-11-26.") from error


def _time(given: Any) -> time | None:
    try:
        return time.fromisoformat(_text(given)) if _text(given) else None
    except ValueError as error:
        raise Invalid("Write the time as hours and minutes, like 12:30.") from error
