"""The Readiness page: whether schools have the devices that teaching and assessment take."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from broadgauge_collector.capacity.models import ASSUMPTION, Assumption, model_of
from broadgauge_collector.fleet.readiness.model import (
    Enough,
    Output,
    Readiness,
    SchoolReadiness,
    Seats,
    Specification,
    SupportLoad,
)

from .. import format as fmt
from ..parts import badge, empty, link_button, metric, panel
from ..tables import cell_note, folded_table, row_of, table_of
from ..words import Saying

GIB = 2**30
NEEDS = "/needs"

ENOUGH: dict[Enough, Saying] = {
    "enough": Saying("Enough", "", "meets"),
    "short": Saying("Too few", "", "below"),
    "open": Saying("Can't be told yet", "", "undecided"),
}
HEADS = ("School", "Devices", "For its model", "For the assessment", "Underused")
_ORDER: dict[Enough, int] = {"short": 0, "open": 1, "enough": 2}


def readiness_panels(found: Readiness) -> list[html.Section]:
    """All of the page."""
    if not any(school.devices for school in found.schools):
        return [_nothing(found)]
    return [_district(found), _schools(found), _outputs(found), _rests_on(found)]


def _nothing(found: Readiness) -> html.Section:
    lost = f" {fmt.plural(found.unplaced, 'device')} stand at no school." if found.unplaced else ""
    return panel(
        "No device at a school yet",
        empty(
            "Bring the inventory first",
            "Readiness counts the devices that each school has." + lost,
            action=link_button("Import a file", "/imports"),
        ),
    )


def _district(found: Readiness) -> html.Section:
    enough = sum(school.assessment.enough == "enough" for school in found.schools)
    return panel(
        "The district",
        html.P(_lead(found, enough), className="lead"),
        html.Div(
            [
                metric(
                    "Ready for the assessment",
                    f"{enough} of {fmt.plural(len(found.schools), 'school')}",
                    "devices enough for everybody who is tested at once",
                ),
                metric(
                    "Devices missing for it", fmt.count(found.missing), "where students are known"
                ),
                metric(
                    "Underused, and ready for it",
                    fmt.count(found.pooled),
                    f"{fmt.count(found.pooled_elsewhere)} at schools that have enough without them",
                ),
                _support(found.support),
            ],
            className="metrics",
        ),
        *_unplaced(found.unplaced),
    )


def _lead(found: Readiness, enough: int) -> str:
    short = sum(school.assessment.enough == "short" for school in found.schools)
    if not short:
        still_open = len(found.schools) - enough
        if not still_open:
            return "Every school has the devices that the online assessment takes."
        return (
            f"No school surely has too few devices for the online assessment; of "
            f"{fmt.plural(still_open, 'school')} it can't be told yet."
        )
    moved = min(found.pooled_elsewhere, found.missing)
    said = (
        f"{fmt.plural(short, 'school')} surely {'has' if short == 1 else 'have'} too few devices "
        "for the online assessment."
    )
    if not moved:
        return said
    return f"{said} {fmt.count(moved)} of what is missing could be moved from other schools."


def _support(load: SupportLoad) -> html.Div:
    limit = f"{load.at_most:,.0f} at most"
    if load.per_technician is None:
        return metric(
            "People to support them",
            f"{load.needed:.1f}",
            f"{fmt.count(load.devices)} devices, {limit} each; say below how many there are",
        )
    enough = "enough people" if not load.missing else f"{load.missing:.1f} people missing"
    return metric(
        "Devices for each technician", f"{load.per_technician:,.0f}", f"{limit}; {enough}"
    )


def _unplaced(count: int) -> list[html.P]:
    if not count:
        return []
    link = dcc.Link("place them", href="/imports")
    text = f"{fmt.plural(count, 'device')} at no school that is known: "
    return [html.P([text, link, "."], className="footing")]


def _schools(found: Readiness) -> html.Section:
    rows = [_school(school) for school in sorted(found.schools, key=_urgency)]
    return panel(
        "School by school",
        *folded_table("Readiness of schools", HEADS, rows, "school"),
        note="Devices that students can use: Chromebooks, laptops, desktops and tablets that are "
        "in service, on loan or in storage, and are no student's own. Those short of the most "
        "come first.",
    )


def _urgency(school: SchoolReadiness) -> tuple[int, int, str]:
    seats = school.assessment
    return _ORDER[seats.enough], -(seats.missing or 0), school.school.casefold()


def _school(school: SchoolReadiness) -> html.Tr:
    cells = (
        ("Devices", [_value(fmt.count(school.devices)), cell_note(_per_student(school))]),
        ("For its model", _model(school)),
        ("For the assessment", _seats(school.assessment)),
        ("Underused", _idle(school)),
    )
    people = "nobody is counted" if school.students is None else fmt.plural(
        school.students, "student"
    )  # fmt: skip
    name = [dcc.Link(school.school, href=f"/school/{school.school_id}"), cell_note(people)]
    return row_of(name, cells)


def _per_student(school: SchoolReadiness) -> str:
    per = school.devices_per_student
    return f"{per:.2f} for each student" if per is not None else ""


def _model(school: SchoolReadiness) -> list[Any]:
    if school.ratio is None or school.model is None:
        return [html.Span(["No model yet: ", dcc.Link("choose it", href=NEEDS)])]
    return [*_seats(school.ratio), cell_note(model_of(school.model).title)]


def _seats(seats: Seats) -> list[Any]:
    if seats.needed is None:
        return [badge(ENOUGH["open"]), cell_note(f"{fmt.count(seats.ready)} ready")]
    said = f"{fmt.count(seats.ready)} ready, {fmt.count(seats.needed)} needed{_between(seats)}"
    unknown = f"{fmt.count(seats.unknown)} of which it isn't known" if seats.unknown else ""
    return [badge(ENOUGH[seats.enough]), cell_note(said), cell_note(unknown)]


def _between(seats: Seats) -> str:
    if seats.needed_low is None or seats.needed_high in (None, seats.needed_low):
        return ""
    return f" ({fmt.count(seats.needed_low)} to {fmt.count(seats.needed_high)})"


def _idle(school: SchoolReadiness) -> list[Any]:
    if not school.use_known and not school.idle:
        return [cell_note("hours of use aren't known")]
    return [_value(fmt.count(school.idle)), cell_note(f"{fmt.count(school.idle_ready)} ready")]


def _outputs(found: Readiness) -> html.Section:
    rows = [_output(output, found.schools) for output in found.entries.outputs]
    heads = ("Students produce", "A device has at least", "Devices", "Schools")
    return panel(
        "What students should produce, and what that takes",
        table_of("What students produce", heads, rows),
        html.P(
            [
                "No source gives these figures: make them yours with ",
                html.Code("broadgauge readiness outputs FILE"),
                ".",
            ],
            className="footing",
        ),
        note="Students of each grade are those of the last OneRoster import.",
    )


def _output(output: Output, schools: Sequence[SchoolReadiness]) -> html.Tr:
    seats = [o.seats for s in schools for o in s.outputs if o.title == output.title]
    needed = [one.needed for one in seats if one.needed is not None]
    ready = f"{fmt.count(sum(one.ready for one in seats))} meet it"
    shown = f"{fmt.count(sum(needed))} needed" if needed else "students by grade aren't known"
    name = [output.title, cell_note(_grades(output.grades))]
    cells = (
        ("A device has at least", [html.Span(least_words(output.least))]),
        ("Devices", [html.Span(ready), cell_note(shown)]),
        ("Schools", [html.Span(_of_schools(seats))]),
    )
    return row_of(name, cells)


def _of_schools(seats: Sequence[Seats]) -> str:
    short = sum(one.enough == "short" for one in seats)
    enough = sum(one.enough == "enough" for one in seats)
    still_open = len(seats) - short - enough
    said = ((short, "too few at"), (enough, "enough at"), (still_open, "can't be told of"))
    words = ", ".join(f"{how} {fmt.count(n)}" for n, how in said if n)
    return words[:1].upper() + words[1:]


def _grades(grades: Sequence[str]) -> str:
    if not grades:
        return "all grades"
    first, last = grades[0].lstrip("0"), grades[-1].lstrip("0")
    return f"grade {first}" if first == last else f"grades {first} to {last}"


def least_words(least: Specification) -> str:
    """A specification in words."""
    said = [
        f"{least.inches:g}-inch screen" if least.inches else "",
        "keyboard" if least.keyboard else "",
        f"{least.memory_bytes / GIB:g} GB memory" if least.memory_bytes else "",
        f"{least.disk_bytes / GIB:g} GB storage" if least.disk_bytes else "",
        "system in support" if least.supported else "",
    ]
    words = ", ".join(word for word in said if word)
    return words[:1].upper() + words[1:] if words else "Anything"


def _rests_on(found: Readiness) -> html.Section:
    rows = [_figure(figure) for figure in found.figures]
    table = table_of("Figures", ("Figure", "Value", "Source"), rows)
    return panel(
        "What this rests on",
        html.Details([html.Summary(f"{len(rows)} figures with their sources"), table]),
        html.P(["Edit them on the page ", dcc.Link("Needs", href=NEEDS), "."], className="footing"),
    )


def _figure(figure: Assumption) -> html.Tr:
    source = figure.source.replace(ASSUMPTION, "No source states it: our assumption, edit it")
    cells = (("Value", f"{figure.value:g} {figure.unit}"), ("Source", source))
    return row_of([figure.title, cell_note(figure.meaning)], cells)


def entries_panel(technicians: float | None) -> html.Section:
    """The one number that only people know."""
    return panel(
        "People who support devices",
        html.Div(
            [
                dmc.NumberInput(
                    id="technicians",
                    label="Full-time equivalents",
                    value=technicians if technicians is not None else "",
                    min=0,
                    step=0.5,
                    className="control control-wide",
                ),
                dmc.Button("Set", id="set-technicians"),
            ],
            className="controls",
        ),
    )


def _value(text: str) -> html.Span:
    return html.Span(text, className="cell-value")
