"""Markup that no callback changes is one component, and the same to look at."""

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from broadgauge_dashboard.still import Still, stilled
from tests.unit.dashboard.seeing import walk

HOSTILE = "<script>window.owned=1</script>"


def test_a_table_of_many_rows_is_one_component_with_its_attributes() -> None:
    row = html.Tr(
        [
            html.Th(dcc.Link(HOSTILE, href="/school/1"), scope="row"),
            html.Td(["600 Mbps", None, [html.Span("12 days", className="note")]], colSpan=2),
        ],
        **{"data-label": "Lincoln"},
    )
    found = stilled([html.Table(html.Tbody([row] * 40), className="table")])

    assert [type(one) for one in walk(found)] == [Still]
    tag, attributes, body = found[0].tree
    assert (tag, attributes) == ("table", {"className": "table"})
    assert len(body) == 2 + 40
    assert body[2] == [
        "tr",
        {"data-label": "Lincoln"},
        ["th", {"scope": "row"}, ["Link", {"href": "/school/1"}, HOSTILE]],
        ["td", {"colSpan": 2}, "600 Mbps", ["span", {"className": "note"}, "12 days"]],
    ]


def test_what_a_callback_may_name_or_change_stays_a_component() -> None:
    button: Any = dmc.Button("Add", id="add")
    page = html.Div([html.P([html.B("Days")]), html.Div("0", id="count"), button], className="page")
    found = stilled(page)

    assert [type(one).__name__ for one in walk(found)] == [
        "Div",
        "Still",
        "Div",
        "str",
        "Button",
        "str",
    ]
    assert found.children[1].id == "count"
    assert found.children[2] is button
    assert isinstance(page.children[0], html.P)  # what it was made of is left as it is


def test_what_is_no_markup_is_left_alone() -> None:
    data = {"rows": [1, 2], "children": None}
    assert stilled(data) is data
    assert stilled("3") == "3"
    assert stilled(None) is None
    assert stilled([["every", "2026"], 3]) == [["every", "2026"], 3]
