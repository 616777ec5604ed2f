"""The form that takes a repair in: scan or type the asset tag, choose, add."""

from typing import get_args

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.fleet.repairs.by_hand import HandCategory, Issue

from ..parts import panel

CATEGORIES = {
    "failure": "Failure",
    "accident": "Accident",
    "loss": "Loss",
    "theft": "Theft",
    "maintenance": "Maintenance",
}
assert CATEGORIES.keys() == set(get_args(HandCategory))  # noqa: S101 - a new one needs its words

WARRANTY = {"unknown": "Not known", "yes": "In warranty", "no": "Out of warranty"}


def repair_form(today: str) -> html.Section:
    """All that can be said of a repair; there is no room for names."""
    return panel(
        "Type a repair in",
        html.Div(
            [
                dmc.TextInput(
                    id="repair-device", label="Asset tag or serial number",
                    placeholder="Scan or type", className="control control-wide",
                ),
                _select("repair-category", "Why", CATEGORIES, "failure"),
                dmc.Select(
                    id="repair-issue", label="What was broken", data=list(get_args(Issue)),
                    searchable=True, clearable=True, className="control control-wide",
                    clearButtonProps={"aria-label": "Clear: what was broken"},
                ),
                _day("repair-opened", "Opened", today),
                _day("repair-closed", "Closed", None),
            ],
            className="controls",
        ),
        html.Div(
            [
                dmc.NumberInput(id="repair-cost", label="Whole cost", min=0, className="control"),
                dmc.NumberInput(id="repair-parts", label="Parts", min=0, className="control"),
                dmc.NumberInput(id="repair-labour", label="Labour", min=0, className="control"),
                dmc.NumberInput(
                    id="repair-downtime", label="Days without it", min=0, className="control"
                ),
                _select("repair-warranty", "Warranty", WARRANTY, "unknown"),
                dmc.Button("Add", id="add-repair"),
            ],
            className="controls",
        ),
        note="A scanner types the tag and presses Enter. Notes have no field: names would stand in "
        "them.",
    )  # fmt: skip


def _day(name: str, label: str, value: str | None) -> dmc.DateInput:
    return dmc.DateInput(
        id=name,
        label=label,
        value=value,
        clearable=True,
        clearButtonProps={"aria-label": f"Clear: {label}"},
        className="control control-order",
    )


def _select(name: str, label: str, words: dict[str, str], value: str) -> dmc.Select:
    return dmc.Select(
        id=name,
        label=label,
        data=[{"value": key, "label": word} for key, word in words.items()],
        value=value,
        allowDeselect=False,
        className="control",
    )
