"""`/agents`: what runs where, and adding one more."""

from datetime import timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from broadgauge_collector import reports
from broadgauge_collector.access.join import create_join_token
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.reports.kept_aside import kept_aside_count
from broadgauge_collector.schools.networks import list_networks
from broadgauge_collector.schools.repository import get_school, list_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import empty, failed, loading, panel, refresh
from ..query import school_of, text_of
from ..views.agents import instructions, list_panel, only_here
from ..views.kept_aside import notice
from ..views.networks import networks_panel

PATH = "/agents"
TITLE = "Agents · broadgauge"
LIFETIME = timedelta(days=7)
MAX_MACHINES = 500


def layout(school: Any = None, q: Any = None, **_: Any) -> html.Div:
    """The shell; `school` is the one to choose at first when adding an agent."""
    return html.Div(
        [
            html.H1("Agents"),
            panel(
                "Add an agent",
                html.Div(loading(60), id="add-form"),
                html.Div(id="add-result", **{"aria-live": "polite"}),
                note="Choose its school to get the commands to paste there, with a fresh token.",
            ),
            html.Div(_find(text_of(q)), className="controls", role="search"),
            html.Div(loading(240), id="agents-body", className="page-body"),
            dcc.Store(id="wanted-school", data=school if isinstance(school, str) else None),
            refresh(),
        ],
        className="page",
    )


@callback(
    Output("agents-body", "children"),
    Input("text", "value"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_agents(services: Services, text: Any, _: int | None) -> Any:
    """What runs where, and on which networks it measures."""
    now = services.now()
    agents = list_panel(await services.read(reports.agents, now), now, text_of(text))
    listed = await services.look_up(list_networks)
    config = services.config
    needed = not config.secure and not only_here(config.public_url)
    networks = networks_panel(listed, needed=needed)
    panels = [agents, networks] if listed or not needed else [networks, agents]
    aside = notice(await services.read(kept_aside_count))
    return [aside, *panels] if aside else panels


@callback(
    Output("add-form", "children"),
    Input("wanted-school", "data"),
    permission=Permission.MANAGE,
)
async def show_form(services: Services, wanted: str | None) -> Any:
    """The schools to choose from."""
    schools = await services.look_up(list_schools)
    if not schools:
        return empty("No schools yet", "Add a school first: broadgauge schools add NAME")
    ids = [str(school.id) for school in schools]
    names = [{"value": str(school.id), "label": school.name} for school in schools]
    return _form(names, wanted if wanted in ids else ids[0])


@callback(
    Output("add-result", "children"),
    Input("add-token", "n_clicks"),
    State("add-school", "value"),
    State("add-uses", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def make_token(services: Services, clicks: int | None, school: Any, uses: Any) -> Any:
    """A fresh join token inside the commands to paste."""
    if not clicks:
        raise PreventUpdate
    if not isinstance(uses, int) or not 1 <= uses <= MAX_MACHINES:
        return failed("How many machines?", f"Choose a whole number from 1 to {MAX_MACHINES}.")
    school_id = school_of(school)
    token = await services.write(
        create_join_token,
        school_id=school_id,
        lifetime=LIFETIME,
        uses=uses,
        now=services.now(),
        fingerprint=services.config.fingerprint,
    )
    name = (await services.look_up(get_school, school_id)).name
    return instructions(token, name, services.config.public_url, uses, LIFETIME)


def _find(text: str) -> dmc.TextInput:
    return dmc.TextInput(
        id="text",
        label="Find an agent",
        value=text,
        debounce=300,
        placeholder="Name, room, school or state",
        className="control control-wide",
    )


def _form(schools: list[dict[str, str]], chosen: str) -> html.Div:
    return html.Div(
        [
            dmc.Select(
                id="add-school",
                label="School",
                data=schools,
                value=chosen,
                allowDeselect=False,
                searchable=True,
                className="control control-wide",
            ),
            dmc.NumberInput(
                id="add-uses",
                label="Machines",
                value=1,
                min=1,
                max=MAX_MACHINES,
                allowDecimal=False,
                hideControls=True,
                className="control",
            ),
            dmc.Button("Get the commands", id="add-token"),
        ],
        className="controls",
    )
