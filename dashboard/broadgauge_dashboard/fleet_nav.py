"""Links among the pages about devices, which stand under their titles."""

from dash import dcc, html

PAGES = {
    "Devices": "/devices",
    "Repairs": "/repairs",
    "Refresh": "/refresh",
    "Readiness": "/readiness",
    "Applications": "/applications",
    "Room surveys": "/room-surveys",
    "Imports": "/imports",
}


def fleet_nav(current: str) -> html.Nav:
    """All of them, that of this path marked."""
    links = [html.Li(_link(name, path, path == current)) for name, path in PAGES.items()]
    return html.Nav(html.Ul(links), className="subnav", **{"aria-label": "Pages about devices"})


def _link(name: str, path: str, is_current: bool) -> dcc.Link | html.Span:
    if is_current:
        return html.Span(name, **{"aria-current": "page"})
    return dcc.Link(name, href=path)
