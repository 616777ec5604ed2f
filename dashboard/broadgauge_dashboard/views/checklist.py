"""The guide's five broadband steps on the Overview."""

from dash import dcc, html

from broadgauge_collector.reports.checklist import Checklist, State, Step

from ..parts import badge, panel
from ..words import Saying

STATES: dict[State, Saying] = {
    "done": Saying("Done", "", "meets"),
    "started": Saying("Started", "", "undecided"),
    "not_started": Saying("Not started", "", "stale"),
}


def checklist_panel(found: Checklist) -> html.Section:
    """All five, each with its evidence."""
    done = sum(step.state == "done" for step in found.steps)
    return panel(
        "Five steps to broadband that is enough",
        html.Ol([_step(step) for step in found.steps], className="checklist"),
        note=f"From the Blended Learning Implementation Guide 3.0. {done} of {len(found.steps)} "
        "are shown to be done by what is known here; nobody ticks them by hand.",
    )


def _step(step: Step) -> html.Li:
    said = f"{step.number}. {step.title}"
    title = dcc.Link(said, href=step.page) if step.page else html.Span(said)
    if step.page == "/":
        title = html.Span(said)  # it is this page
    return html.Li(
        [
            html.Div([html.Strong(title), badge(STATES[step.state])], className="checklist-head"),
            html.Ul([html.Li(words) for words in step.evidence]),
        ]
    )
