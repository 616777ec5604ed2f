"""Much markup as one component.

The renderer asks every component after each change of any, also while it draws them for the first
time: a table of forty schools kept a browser busy for many seconds. What has no id, and with that
nothing a callback could change, needs no component of its own.
"""

from copy import copy
from typing import Any

from dash import dcc
from dash.development.base_component import Component

MARKUP = "dash.html."
"""The module of every element's class begins with it."""


class Still(Component):  # type: ignore[misc]  # Dash's base is untyped
    """Markup, drawn by assets/still.js: `[tag, attributes, *children]`, or text."""

    _children_props: tuple[str, ...] = ()
    _base_nodes = ("children",)
    _namespace = "broadgauge_dashboard"
    _type = "Still"
    _prop_names = ("id", "tree")
    _valid_wildcard_attributes: tuple[str, ...] = ()
    available_properties = ("id", "tree")
    available_wildcard_properties: tuple[str, ...] = ()

    def __init__(self, tree: Any) -> None:
        super().__init__(tree=tree)


def stilled(shown: Any) -> Any:
    """The same to look at, with as few components as can be."""
    if isinstance(shown, list | tuple):
        return [stilled(one) for one in shown]
    if not isinstance(shown, Component):
        return shown
    if _is_still(shown):
        return Still(_tree(shown))
    if _is_markup(shown) and hasattr(shown, "children"):
        around = copy(shown)
        around.children = stilled(shown.children)
        return around
    return shown


def _is_still(shown: Any) -> bool:
    if isinstance(shown, list | tuple):
        return all(_is_still(one) for one in shown)
    if not isinstance(shown, Component):
        return True
    return (
        (_is_markup(shown) or isinstance(shown, dcc.Link))
        and not hasattr(shown, "id")
        and _is_still(getattr(shown, "children", None))
    )


def _is_markup(shown: Component) -> bool:
    return type(shown).__module__.startswith(MARKUP)


def _tree(shown: Any) -> Any:
    if not isinstance(shown, Component):
        return shown
    attributes = dict(shown.to_plotly_json()["props"])
    children = _flat(attributes.pop("children", None))
    tag = "Link" if isinstance(shown, dcc.Link) else type(shown).__name__.lower()
    return [tag, attributes, *(_tree(child) for child in children)]


def _flat(children: Any) -> list[Any]:
    if not isinstance(children, list | tuple):
        return [] if children is None else [children]
    return [one for child in children for one in _flat(child)]
