"""How made-up data is told from measured data, above every page and beside what is made up."""

from dash import html

from broadgauge_collector.schools.model import SchoolCount

from .. import format as fmt
from ..parts import chip, icon

MARK = "Simulated data"


def banner(schools: SchoolCount) -> html.P | None:
    """What is made up here; None where nothing is."""
    if not schools.simulated:
        return None
    words = (
        "every school here is made up for a demonstration. Nothing was measured."
        if schools.simulated == schools.total
        else f"{fmt.count(schools.simulated)} of {fmt.count(schools.total)} schools here are made "
        "up for a demonstration. They are marked."
    )
    return html.P([icon("stale"), html.Span([html.Strong(MARK), ": ", words])], className="made-up")


def marks(simulated: bool) -> list[html.Span]:
    """The mark beside something made up."""
    return [chip(MARK)] if simulated else []
