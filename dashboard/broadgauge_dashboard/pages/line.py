"""`/line/<id>`: one line's verdict, evidence and contract, and the forms that change it."""

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from dash import Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate
from msgspec.structs import replace
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import Permission, current_principal
from broadgauge_collector.errors import Invalid, NotFound
from broadgauge_collector.plan.goal import Goal
from broadgauge_collector.plan.goals import list_goals, set_goal
from broadgauge_collector.reports.coverage import LineCoverage, line_grid
from broadgauge_collector.reports.lines import line
from broadgauge_collector.schools.line_servers import set_servers
from broadgauge_collector.schools.model import Link, Reflector
from broadgauge_collector.schools.repository import (
    get_link,
    list_links,
    list_reflectors,
    update_link,
)
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import empty, loading, panel, period_select, refresh, target_select
from ..query import days_of, id_of, line_of, target_choices, target_of
from ..views.line import body, no_such_line
from ..views.line_forms import NOTHING, PARTS, edit_panel, goal_panel

PATH_TEMPLATE = "/line/<link_id>"
TITLE = "Line \u00b7 broadgauge"
MOST_WANTED = 3000
"""Of one part of a goal."""


def layout(link_id: str = "", target: Any = None, days: Any = None, **_: Any) -> html.Div:
    """The shell, with its controls as the address says."""
    key, period = target_of(target), days_of(days)
    kept = urlencode({"target": key, "days": period})
    return html.Div(
        [
            html.Nav(
                dcc.Link("All lines", href=f"/lines?{kept}", className="back"),
                **{"aria-label": "Breadcrumb"},
            ),
            html.Div(
                [target_select(target_choices(), key), period_select(period)], className="controls"
            ),
            html.Div([loading(220), loading(360)], id="line-body", className="page-body"),
            html.Div(
                [
                    html.Div(id="line-edit"),
                    html.Div(id="line-saved", **{"aria-live": "polite"}),
                    html.Div(id="line-goal"),
                    html.Div(id="line-goal-saved", **{"aria-live": "polite"}),
                ],
                className="page-body line-forms",
            ),
            dcc.Store(id="line-id", data=link_id),
            refresh(60),
        ],
        className="page",
    )


@callback(
    Output("line-body", "children"),
    Input("target", "value"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    Input("line-saved", "children"),
    Input("line-goal-saved", "children"),
    State("line-id", "data"),
    permission=Permission.READ,
)
async def show_line(
    services: Services, target: Any, days: Any, _: int | None, _saved: Any, _set: Any, link_id: Any
) -> list[Any]:
    """The line against a target."""
    asked = (target_of(target), days_of(days))
    try:
        report = await services.report(line, line_of(link_id), *asked)
    except NotFound:
        return no_such_line()
    servers = await services.look_up(list_reflectors)
    return await services.run(
        body, report, await _covered(services, report.facts.link, asked), servers
    )


async def _covered(services: Services, link: Link, asked: tuple[str, int]) -> LineCoverage | None:
    """None where the target isn't about the line, or nobody is behind it."""
    try:
        covered: LineCoverage = (await services.report(line_grid, link.id, None, *asked)).line
    except NotFound:
        return None
    return covered


@callback(
    Output("line-edit", "children"),
    Input("line-id", "data"),
    permission=Permission.READ,
)
async def show_form(services: Services, link_id: Any) -> Any:
    """The form, for who may change the line; it stays as it is typed while the rest is read
    again."""
    try:
        known = await services.look_up(_known, line_of(link_id))
    except NotFound:
        return None
    return edit_panel(*known) if _may_change() else _only_managers()


@callback(
    Output("line-goal", "children"),
    Input("line-id", "data"),
    Input("line-goal-saved", "children"),
    permission=Permission.READ,
)
async def show_goal(services: Services, link_id: Any, _: Any) -> Any:
    """The goal's form, for who may change it."""
    try:
        link = await services.look_up(get_link, line_of(link_id))
    except NotFound:
        return None
    return goal_panel(link, await services.look_up(list_goals)) if _may_change() else None


def _may_change() -> bool:
    return current_principal.get().may(Permission.MANAGE)


def _known(c: Connection, link_id: UUID) -> tuple[Link, tuple[Link, ...], tuple[Reflector, ...]]:
    return get_link(c, link_id), list_links(c), list_reflectors(c)


def _only_managers() -> html.Section:
    return panel("Change it", empty("You may look at it", "Who manages the district changes it."))


@callback(
    Output("line-saved", "children"),
    Input("save-line", "n_clicks"),
    State("line-rate", "value"),
    State("line-price", "value"),
    State("line-ends", "value"),
    State("line-upstream", "value"),
    State("line-servers", "value"),
    State("line-id", "data"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def save(
    services: Services, clicks: int | None, rate: Any, price: Any, ends: Any, upstream: Any,
    servers: Any, link_id: Any,
) -> Any:  # fmt: skip
    """What the form says, all of it or nothing."""
    if not clicks:
        raise PreventUpdate
    megabits = _number(rate, "The rate")
    said = {
        "contracted_bits_per_second": None if megabits is None else megabits * 1e6,
        "price_per_month": _number(price, "The price"),
        "contract_ends": _date(ends),
        "upstream_id": None if upstream == NOTHING else id_of(upstream),
    }
    chosen = [one for one in map(id_of, servers or []) if one is not None]
    kept = await services.write(_keep, line_of(link_id), said, chosen)
    return html.P(f"{kept.name} was saved.", className="note")


def _keep(c: Connection, link_id: UUID, said: dict[str, Any], servers: list[UUID]) -> Link:
    kept = update_link(c, replace(get_link(c, link_id), **said))
    set_servers(c, kept, servers)
    return kept


@callback(
    Output("line-goal-saved", "children"),
    Input("set-line-goal", "n_clicks"),
    Input("unset-line-goal", "n_clicks"),
    *(State(f"goal-{part.replace('_', '-')}", "value") for part in PARTS),
    State("line-id", "data"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def keep_goal(
    services: Services, was_set: int | None, taken_back: int | None, *said: Any
) -> Any:
    """A goal of this line's own, or that of every line again."""
    if not (was_set or taken_back):
        raise PreventUpdate  # the buttons have only just come
    *wanted, link_id = said
    back = ctx.triggered_id == "unset-line-goal"
    goal = None if back else Goal(**dict(zip(PARTS, map(_count, wanted), strict=True)))
    name = await services.write(_set_goal, line_of(link_id), goal)
    words = "has the goal of every line again" if back else "has this goal now"
    return html.P(f"{name} {words}.", className="note")


def _set_goal(c: Connection, link_id: UUID, goal: Goal | None) -> str:
    link = get_link(c, link_id)
    set_goal(c, goal, link)
    return link.name


def _count(given: Any) -> int:
    if isinstance(given, int) and 0 <= given <= MOST_WANTED:
        return given
    raise Invalid(f"Give whole numbers from 0 to {MOST_WANTED:,} for each part of the goal.")


def _number(given: Any, what: str) -> float | None:
    if given is None or not str(given).strip():
        return None
    try:
        return float(str(given).replace(",", ""))
    except ValueError as error:
        raise Invalid(f"{what} is {str(given)[:100]!r}: give a number, or nothing.") from error


def _date(given: Any) -> date | None:
    text = given.strip() if isinstance(given, str) else ""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(
            "Write when the contract ends as year, month and day, like 2027-06-30."
        ) from error
