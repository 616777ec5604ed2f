"""Any other address."""

from typing import Any

from dash import html

from ..parts import link_button

TITLE = "Not found · broadgauge"


def layout(**_: Any) -> html.Div:
    """Where to go instead."""
    words = [html.H1("There is no such page"), html.P("The address may have a typing error.")]
    return html.Div([*words, link_button("All schools", "/")], className="page state")
