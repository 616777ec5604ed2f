"""Puts the dashboard on the collector's app: same process, same origin, same login."""

from contextvars import copy_context

import dash
from dash import ClientsideFunction, Input, Output, State
from dash._callback_context import context_value
from fastapi import FastAPI

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.services import Services

from .backend import Backend
from .callbacks import wire
from .pages import (
    agents,
    applications,
    calendar,
    coverage,
    device,
    devices,
    imports,
    kept_aside,
    line,
    lines,
    needs,
    not_found,
    one_test,
    overview,
    readiness,
    refresh,
    repairs,
    room_surveys,
    school,
    storage,
)
from .shell import shell

NAME = "broadgauge_dashboard"
ANY_OTHER_PATH = "{path:path}"
"""The route that Dash adds for deep links when the server starts."""

CONTROLS = (
    "target", "days", "sort", "show", "text",
    "device-school", "device-kind", "device-state", "device-source", "device-only", "device-by",
)  # fmt: skip
"""Ids of the controls that the address remembers, in the order assets/board.js expects."""

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <link rel="icon" type="image/svg+xml" href="/assets/icons/favicon.svg">
    <script src="/assets/early/scheme.js"></script>
    {%css%}
  </head>
  <body>
    <noscript>The dashboard needs JavaScript. The same numbers come from the API.</noscript>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>
"""


def mount(app: FastAPI, services: Services) -> None:
    """Serve the dashboard at `/`, every route of it for those who may read.

    Callbacks ask for their own permission again, whichever route they were reached by.
    """
    others = len(app.routes)
    board = dash.Dash(
        NAME,
        server=False,
        backend=Backend,
        use_pages=True,
        pages_folder="",
        include_pages_meta=False,
        index_string=INDEX,
        title="broadgauge",
        update_title=None,
        suppress_callback_exceptions=True,
        assets_path_ignore=["early"],
        add_log_handler=False,
    )
    board.init_app(app)
    # Dash reads a context variable here that it set only in the context that imported it.
    copy_context().run(_register_pages)
    board.layout = shell
    wire(board, services)
    _wire_browser(board)
    rules = app.state.access_rules
    rules.declare_routes(app.routes[others:], Permission.READ)
    rules.declare(ANY_OTHER_PATH, ["GET"], Permission.READ)


def _register_pages() -> None:
    context_value.set({})
    dash.register_page("overview", path=overview.PATH, title=overview.TITLE, layout=overview.layout)
    dash.register_page("needs", path=needs.PATH, title=needs.TITLE, layout=needs.layout)
    dash.register_page("agents", path=agents.PATH, title=agents.TITLE, layout=agents.layout)
    dash.register_page(
        "kept_aside", path=kept_aside.PATH, title=kept_aside.TITLE, layout=kept_aside.layout
    )
    dash.register_page("coverage", path=coverage.PATH, title=coverage.TITLE, layout=coverage.layout)
    dash.register_page("lines", path=lines.PATH, title=lines.TITLE, layout=lines.layout)
    dash.register_page(
        "line", path_template=line.PATH_TEMPLATE, title=line.TITLE, layout=line.layout
    )
    dash.register_page("devices", path=devices.PATH, title=devices.TITLE, layout=devices.layout)
    dash.register_page(
        "device", path_template=device.PATH_TEMPLATE, title=device.TITLE, layout=device.layout
    )
    dash.register_page("imports", path=imports.PATH, title=imports.TITLE, layout=imports.layout)
    dash.register_page(
        "readiness", path=readiness.PATH, title=readiness.TITLE, layout=readiness.layout
    )
    dash.register_page("refresh", path=refresh.PATH, title=refresh.TITLE, layout=refresh.layout)
    dash.register_page(
        "applications",
        path=applications.PATH,
        title=applications.TITLE,
        layout=applications.layout,
    )
    dash.register_page("repairs", path=repairs.PATH, title=repairs.TITLE, layout=repairs.layout)
    dash.register_page(
        "room_surveys",
        path=room_surveys.PATH,
        title=room_surveys.TITLE,
        layout=room_surveys.layout,
    )
    dash.register_page("calendar", path=calendar.PATH, title=calendar.TITLE, layout=calendar.layout)
    dash.register_page("storage", path=storage.PATH, title=storage.TITLE, layout=storage.layout)
    dash.register_page(
        "school", path_template=school.PATH_TEMPLATE, title=school.TITLE, layout=school.layout
    )
    dash.register_page(
        "one_test",
        path_template=one_test.PATH_TEMPLATE,
        title=one_test.TITLE,
        layout=one_test.layout,
    )
    dash.register_page("not_found_404", path="/404", title=not_found.TITLE, layout=not_found.layout)


def _wire_browser(board: dash.Dash) -> None:
    """What runs in the browser alone, from assets/board.js; nothing of it asks the server."""
    board.clientside_callback(
        ClientsideFunction("broadgauge", "remember"),
        [Input(name, "value", allow_optional=True) for name in CONTROLS],
    )
    board.clientside_callback(
        ClientsideFunction("broadgauge", "title"),
        Output("page-title", "className"),
        Input("page-title", "title"),
    )
    board.clientside_callback(
        ClientsideFunction("broadgauge", "emptied"),
        Output("repair-device", "value"),
        Input("repair-added", "children"),
        prevent_initial_call=True,
    )
    board.clientside_callback(
        ClientsideFunction("broadgauge_views", "show"),
        Output("device-views", "children"),
        Input("keep-view", "n_clicks"),
        State("view-name", "value"),
    )
