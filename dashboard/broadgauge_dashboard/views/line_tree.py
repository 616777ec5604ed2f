"""The drawing of the district: Internet lines, WAN circuits, schools and their rooms.

Nested lists with lines drawn between them: the same words for who sees it, hears it or steps
through it by keyboard; side by side where there is room, indented where there is not.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from dash import dcc, html
from msgspec import Struct

from broadgauge_collector.capacity.model import Conclusion
from broadgauge_collector.reports.coverage import LocationCoverage
from broadgauge_collector.reports.lines import LineFacts, LinesReport
from broadgauge_collector.schools.line_tree import TreeLine, TreeSchool
from broadgauge_collector.schools.model import School

from .. import format as fmt
from ..parts import badge, chip, empty, icon, panel
from ..words import Saying
from .line_facts import KINDS, MINUS, carries, line_link, line_saying, room_left, school_saying
from .simulated import marks

MOST_DRAWN = 60
"""Lines and schools; from the level on that would go beyond it, they are counted, not drawn."""

MOST_UNFOLDED = 40
"""Of one line, those that need attention first."""

MANY = 7
"""What hangs on one line, from which on it stands side by side, or on a phone without details."""

MOST_WITH_ROOMS = 12
"""Schools; where there are more, their rooms are counted."""

MOST_OPEN = 6
"""Schools whose rooms are shown without asking."""

MOST_ROOMS = 20
DEEPEST_ACROSS = 2
"""Lines under one another that fit side by side with schools and rooms."""

_COUNTED: tuple[tuple[Conclusion, str, str], ...] = (
    ("below", "falls short", "fall short"),
    ("undecided", "not decided", "not decided"),
    ("meets", "meets the target", "meet the target"),
)

Rooms = Mapping[str, Sequence[tuple[str, int]]]
"""By school: its locations, and the tests in each."""


class Drawing(Struct, frozen=True):
    """What is drawn, and how much of it."""

    report: LinesReport
    facts: Mapping[UUID, LineFacts]
    rooms: Rooms
    opened: Collection[str]
    levels: int
    schools: int
    kept: str


def rooms_of(locations: Sequence[LocationCoverage]) -> Rooms:
    """Locations by school; tests of one are those over all of the school's lines."""
    found = dict[str, dict[str, int]]()
    for one in locations:
        of_school = found.setdefault(one.school, {})
        of_school[one.location] = of_school.get(one.location, 0) + one.tests
    return {school: tuple(tests.items()) for school, tests in found.items()}


def drawing(
    report: LinesReport, locations: Sequence[LocationCoverage], opened: Collection[str], kept: str
) -> html.Section:
    """The panel with the tree."""
    tree = report.tree
    if not tree.lines and not tree.without_line:
        return panel("How it hangs together", _nothing())
    levels = tree.levels_within(MOST_DRAWN)
    drawn = Drawing(
        report,
        {one.link.id: one for one in report.lines},
        rooms_of(locations),
        opened,
        levels,
        len({i for line in tree.lines for i in line.every_school()}),
        kept,
    )
    across = " tree-across" if tree.depth <= DEEPEST_ACROSS else ""
    roots = [_line(line, drawn, 1) for line in tree.lines[:MOST_UNFOLDED]]
    return panel(
        "How it hangs together",
        html.Ul(roots, className=f"tree{across}", **{"aria-label": "Lines and schools"}),
        *_more(len(tree.lines), "line"),
        *_guesses(_guessed(tree.lines)),
        *_without_line(tree.without_line, drawn),
        note="From the Internet to the rooms. A school's own verdict is the worst of its lines.",
    )


def _nothing() -> html.Div:
    return empty(
        "No line is known",
        "Add one with the schools behind it:",
        action=html.Code('broadgauge links add "Internet" --segment internet --school NAME'),
    )


def _line(line: TreeLine, drawn: Drawing, level: int) -> html.Li:
    """`level` is how many lines there are down to this one."""
    children = len(line.below) + len(line.schools)
    opened = str(line.link.id) in drawn.opened
    shown = bool(children) and (level < drawn.levels or opened)
    folds = bool(children) and level >= drawn.levels
    only = line.schools[0] if folds and children == 1 and line.schools else None
    if only is not None:
        return html.Li(_card(line, drawn, [_school_link(only.school, drawn)]))
    card = _card(line, drawn, [_fold(line, opened)] if folds else [])
    below = [_below(line, drawn, level)] if shown else []
    return html.Li([card, *below])


def _card(line: TreeLine, drawn: Drawing, more: list[Any]) -> html.Div:
    tone = line_saying(drawn.facts[line.link.id]).tone
    return html.Div([*_line_words(line, drawn), *more], className=f"tree-card tree-{tone}")


def _line_words(line: TreeLine, drawn: Drawing) -> list[Any]:
    facts = drawn.facts[line.link.id]
    said = line_saying(facts)
    judged = facts.judged
    made_up = line.link.simulated or (judged is not None and judged.verdict.simulated)
    return [
        html.Span(KINDS[line.link.segment], className="tree-kind"),
        html.Div([line_link(line.link, drawn.kept), *marks(made_up)], className="tree-name"),
        badge(said),
        *([] if judged else [html.Span(said.why, className="cell-note")]),
        html.Span(facts_in_words(facts), className="tree-facts"),
        *_odd(line),
        *_counts(line, drawn),
    ]


def facts_in_words(facts: LineFacts) -> str:
    """A line of text for each: what was bought, is carried, and is left."""
    carried, between = carries(facts)
    spare = facts.spare_bits_per_second
    short = spare is not None and spare < 0
    said = [
        f"Bought {fmt.rate(facts.link.contracted_bits_per_second)}",
        f"Carries {carried} ({between})",
        f"{'' if short else 'Room left '}{' '.join(room_left(facts)).lstrip(MINUS)}",
    ]
    return "\n".join(said)


def _odd(line: TreeLine) -> list[Any]:
    """What is not as it should be about where a line hangs."""
    if line.circle:
        way = " on ".join([*line.circle, line.circle[0]])
        return [_warning(f"These lines hang on one another: {way}. Say what one of them hangs on.")]
    return []


def _guessed(lines: Sequence[TreeLine]) -> int:
    return sum(line.guessed + _guessed(line.below) for line in lines)


def _guesses(number: int) -> list[Any]:
    if not number:
        return []
    words = (
        f"Nobody said what {fmt.plural(number, 'line')} {'hangs' if number == 1 else 'hang'} on: "
        "drawn under the line that carries the same schools. Each line's own page is the place to "
        "say it."
    )
    return [html.P(words, className="footing")]


def _warning(words: str) -> html.P:
    return html.P([icon("stale"), words], className="caution")


def _counts(line: TreeLine, drawn: Drawing) -> list[Any]:
    """The schools anywhere under a line, by verdict, in words."""
    schools = line.every_school()
    if len(schools) < 2:
        return []
    said = [school_saying(drawn.report.deciding.get(one)).tone for one in schools]
    parts = [
        html.Span([icon(tone), f"{fmt.count(number)} {one if number == 1 else many}"],
                  className=f"tone-text-{tone}")
        for tone, one, many in _COUNTED
        if (number := said.count(tone))
    ]  # fmt: skip
    count = html.Span(fmt.plural(len(schools), "school"))
    return [html.P([count, *parts], className="tree-counts")]


def _fold(line: TreeLine, opened: bool) -> html.Button:
    what = [fmt.plural(len(line.below), "line")] if line.below else []
    what += [fmt.plural(len(line.schools), "school")] if line.schools else []
    return html.Button(
        f"{'Hide' if opened else 'Show'} {' and '.join(what)}",
        id={"type": "unfold-line", "line": str(line.link.id)},
        className="tree-fold",
        **{"aria-expanded": "true" if opened else "false"},
    )


def _below(line: TreeLine, drawn: Drawing, level: int) -> html.Ul:
    """What hangs on a line, what needs attention first."""
    below = sorted(line.below, key=lambda one: _urgency(line_saying(drawn.facts[one.link.id])))
    lines = [_line(one, drawn, level + 1) for one in below[:MOST_UNFOLDED]]
    schools = sorted(line.schools, key=lambda one: _urgency(_school_saying(one, drawn)))
    shown = [_school(one, drawn) for one in schools[:MOST_UNFOLDED]]
    left = len(line.below) - len(lines), len(line.schools) - len(shown)
    rest = [*_more_item(left[0], "line"), *_more_item(left[1], "school")]
    items = [*lines, *shown, *rest]
    return html.Ul(items, className="tree-many" if len(items) >= MANY else "")


def _urgency(said: Saying) -> int:
    tones = [tone for tone, _, _ in _COUNTED]
    return tones.index(said.tone) if said.tone in tones else 0


def _school_saying(one: TreeSchool, drawn: Drawing) -> Saying:
    return school_saying(drawn.report.deciding.get(one.school.id))


def _more_item(left: int, what: str) -> list[html.Li]:
    if not left:
        return []
    words = f"{fmt.plural(left, 'more ' + what)}. Find them by name: "
    where = dcc.Link("Overview", href="/") if what == "school" else "in the table below"
    return [html.Li(html.P([words, where, "."], className="cell-note"))]


def _more(lines: int, what: str) -> list[Any]:
    left = lines - MOST_UNFOLDED
    return [html.Ul(_more_item(left, what), className="tree")] if left > 0 else []


def _school(one: TreeSchool, drawn: Drawing) -> html.Li:
    said = _school_saying(one, drawn)
    networks = [_network(drawn.facts[link.id], drawn) for link in one.networks]
    also = ", ".join(link.name for link in one.also)
    card = html.Div(
        [
            html.Div(_school_name(one.school, drawn), className="tree-name"),
            badge(said),
            *networks,
            *([html.Span(f"Also on {also}", className="cell-note")] if also else []),
        ],
        className=f"tree-card tree-school tree-{said.tone}",
    )
    return html.Li([card, *_rooms(one.school, drawn)])


def _school_name(school: School, drawn: Drawing) -> list[Any]:
    return [_school_link(school, drawn), *marks(school.simulated)]


def _school_link(school: School, drawn: Drawing) -> dcc.Link:
    query = f"?{drawn.kept}" if drawn.kept else ""
    return dcc.Link(school.name, href=f"/school/{school.id}{query}")


def _network(facts: LineFacts, drawn: Drawing) -> html.Div:
    said: Saying = line_saying(facts)
    words = f" {said.word.lower()}, carries {carries(facts)[0]}"
    return html.Div(
        [icon(said.tone), line_link(facts.link, drawn.kept), words],
        className=f"tree-network tone-text-{said.tone}",
    )


def _rooms(school: School, drawn: Drawing) -> list[Any]:
    rooms = drawn.rooms.get(school.name, ())
    if not rooms:
        return []
    tested = sum(tests > 0 for _, tests in rooms)
    words = f"{fmt.plural(len(rooms), 'room')}, {fmt.count(tested)} tested"
    if drawn.schools > MOST_WITH_ROOMS:
        return [html.P(words, className="tree-rooms cell-note")]
    items = [_room(name, tests) for name, tests in rooms[:MOST_ROOMS]]
    left = len(rooms) - len(items)
    more = [html.Li(fmt.plural(left, "more room"))] if left > 0 else []
    details = html.Details(
        [html.Summary(words), html.Ul([*items, *more], className="tree-room-list")],
        open=drawn.schools <= MOST_OPEN,
        className="tree-rooms",
        **{"data-group": f"rooms-{school.id}"},
    )
    return [details]


def _room(name: str, tests: int) -> html.Li:
    said = fmt.plural(tests, "test") if tests else "no test yet"
    return html.Li([html.Span(name), html.Span(said, className="cell-note")])


def _without_line(schools: Sequence[School], drawn: Drawing) -> list[Any]:
    if not schools:
        return []
    shown = [html.Li(_school_name(one, drawn)) for one in schools[:MOST_UNFOLDED]]
    more = _more_item(len(schools) - len(shown), "school") if len(schools) > len(shown) else []
    words = f"{fmt.plural(len(schools), 'school')} without a line"
    return [
        html.Div(
            [
                html.H3([words, " ", chip("Not judged")]),
                html.P(
                    "Nothing says what they depend on, so their tests are not judged. Name them "
                    "among the schools behind a line.",
                    className="note",
                ),
                html.Ul([*shown, *more], className="tree-without"),
            ],
            className="tree-alone",
        )
    ]
