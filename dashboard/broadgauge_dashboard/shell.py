"""What stands around every page: navigation, light or dark, signing out."""

import dash
import dash_mantine_components as dmc
from dash import html

from .parts import icon
from .theme import THEME

SIGN_OUT = "/logout"
UNREACHABLE = "The server does not answer. What you see is from before; it will catch up by itself."
"""Shown by assets/board.js when a question to the server fails."""

SIMULATED = "simulated"
"""Id of the place above every page that says which schools are made up."""


def shell() -> dmc.MantineProvider:
    """The frame with the page inside it. Reads nothing."""
    return dmc.MantineProvider(
        html.Div(
            [
                html.A("Skip to content", href="#content", className="skip"),
                _header(),
                html.P([icon("stale"), UNREACHABLE], className="unreachable", role="status"),
                html.Div(id=SIMULATED, role="note"),
                html.Main(dash.page_container, id="content"),
            ],
            className="frame",
        ),
        theme=THEME,
        defaultColorScheme="auto",
    )


def _header() -> html.Header:
    links = [
        _nav("Overview", "/"),
        _nav("Lines", "/lines"),
        _nav("Coverage", "/coverage"),
        _nav("Needs", "/needs"),
        _nav("Agents", "/agents"),
        _nav("Devices", "/devices"),
        _nav("Calendar", "/calendar"),
        _nav("Storage", "/storage"),
    ]
    return html.Header(
        html.Div(
            [
                html.A([icon("mark"), html.Span("broadgauge")], href="/", className="brand"),
                html.Nav(links, className="nav", **{"aria-label": "Main"}),
                html.Div([_scheme(), _sign_out()], className="header-end"),
            ],
            className="header-inner",
        ),
        className="header",
    )


def _nav(label: str, href: str) -> dmc.NavLink:
    return dmc.NavLink(label=label, href=href, active="exact", className="nav-link")


def _scheme() -> dmc.ColorSchemeToggle:
    return dmc.ColorSchemeToggle(
        lightIcon=icon("sun"),
        darkIcon=icon("moon"),
        variant="subtle",
        size="lg",
        **{"aria-label": "Switch between light and dark"},
    )


def _sign_out() -> html.Form:
    button = html.Button([icon("leave"), html.Span("Sign out")], type="submit", className="quiet")
    return html.Form(button, action=SIGN_OUT, method="POST")
