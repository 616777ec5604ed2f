"""What changes a line: its contract, what it hangs on, its test servers, and its coverage goal."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.plan.goal import WORDS, Goal, Part
from broadgauge_collector.plan.goals import Goals
from broadgauge_collector.schools.lines import OUTWARDS
from broadgauge_collector.schools.model import Link, Reflector

from ..parts import panel

NOTHING = "nothing"
PARTS: tuple[Part, ...] = tuple(WORDS)


def edit_panel(link: Link, links: Sequence[Link], servers: Sequence[Reflector]) -> html.Section:
    """The form, filled with what is known."""
    bought = link.contracted_bits_per_second
    fields = [
        _number("line-rate", "Bought, Mbps", None if bought is None else bought / 1e6),
        _number("line-price", "Price a month", link.price_per_month),
        dmc.TextInput(
            id="line-ends",
            label="Contract ends",
            value=link.contract_ends.isoformat() if link.contract_ends else "",
            placeholder="2027-06-30",
            className="control",
        ),
        _upstream(link, links),
        _servers(link, servers),
        dmc.Button("Save", id="save-line"),
    ]
    return panel(
        "Change it",
        html.Div(fields, className="controls line-form"),
        note="What is left empty is unknown. Its name and its schools: broadgauge links set",
    )


def goal_panel(link: Link, goals: Goals) -> html.Section:
    """Its coverage goal, and whether it has one of its own."""
    goal = goals.of(link.id)
    own = any(one.link_id == link.id for one in goals.lines)
    said = (
        "This line has a goal of its own."
        if own
        else "The goal of every line. Change it here for this line alone."
    )
    fields = [_part(part, goal) for part in PARTS]
    back = dmc.Button("Take back", id="unset-line-goal", variant="default", disabled=not own)
    return panel(
        "Coverage goal",
        html.Div(
            [*fields, dmc.Button("Set the goal", id="set-line-goal"), back],
            className="controls line-form",
        ),
        note=f"How much measuring it should get in the days that are looked at. {said}",
    )


def _part(part: Part, goal: Goal) -> dmc.NumberInput:
    words = WORDS[part]
    return dmc.NumberInput(
        id=f"goal-{part.replace('_', '-')}",
        label=words[:1].upper() + words[1:],
        value=goal.wants(part),
        min=0,
        max=3000,
        allowDecimal=False,
        className="control control-wide",
    )


def _number(id_: str, label: str, value: float | None) -> dmc.NumberInput:
    return dmc.NumberInput(
        id=id_,
        label=label,
        value="" if value is None else value,
        min=0,
        hideControls=True,
        thousandSeparator=",",
        className="control",
    )


def _upstream(link: Link, links: Sequence[Link]) -> dmc.Select:
    """Only lines that reach at least as far out."""
    reach = OUTWARDS.index(link.segment)
    above = [one for one in links if one.id != link.id and OUTWARDS.index(one.segment) >= reach]
    data: list[Any] = [{"value": NOTHING, "label": "Nothing"}]
    data += [{"value": str(one.id), "label": one.name} for one in above]
    known = any(one.id == link.upstream_id for one in above)
    return dmc.Select(
        id="line-upstream",
        label="Hangs on",
        data=data,
        value=str(link.upstream_id) if known else NOTHING,
        allowDeselect=False,
        searchable=True,
        className="control control-wide",
    )


def _servers(link: Link, servers: Sequence[Reflector]) -> html.Div:
    """Test servers of its segment; none: those that aren't for one line alone end it."""
    mine = [one for one in servers if one.segment == link.segment]
    chosen = dmc.MultiSelect(
        id="line-servers",
        label="Test servers for this line alone",
        data=[{"value": str(one.id), "label": one.name} for one in mine],
        value=[str(one.id) for one in mine if one.link_id == link.id],
    )
    return html.Div(chosen, className="control control-wide")
