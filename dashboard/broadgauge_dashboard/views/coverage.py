"""The Coverage page: which lines lack what, and one line by day, hour and location."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from msgspec import Struct

from broadgauge_collector.plan.coverage import Have, Missing
from broadgauge_collector.plan.goal import WORDS, Part
from broadgauge_collector.plan.group_model import GroupTest
from broadgauge_collector.reports.coverage import (
    CoverageReport,
    LineCoverage,
    LineGrid,
    LocationCoverage,
)
from broadgauge_collector.schools.model import Link

from .. import format as fmt
from ..parts import ADD_LINE, badge, command, empty, folded, metric, panel
from ..tables import row_of, table_of
from ..words import SEGMENTS, Saying
from .groups import line_panel
from .simulated import marks

EVERY_LINE = "every"
LOCATIONS_SHOWN = 60
"""Of one line; a district's has thousands, and those that lack most come first."""

MISSING_SHOWN = 12
NARROW_HOURS = 2
"""Hours to a column on a phone, where a day's 24 would be too thin to read."""

LONGEST_BY_DAY = 92
"""Days that have a row each; longer periods have one a week."""

TITLES: dict[Part, str] = {
    "closed_tests": "Tests in closed hours",
    "closed_days": "Days, closed hours",
    "school_days": "School days",
    "hour_bands": "Hours of the school day",
    "location_tests": "Locations",
}


class Square(Struct, frozen=True):
    """One place of a grid: how many tests count there, whether it is in school hours or a blackout,
    and what it is called."""

    count: int
    kind: str
    words: str


def line_select(links: Sequence[Link], chosen: Any) -> dmc.Select:
    """Which line to look at."""
    data = [
        {"value": EVERY_LINE, "label": "Every line"},
        *({"value": str(link.id), "label": link.name} for link in links),
    ]
    known = any(link.id == chosen for link in links)
    return dmc.Select(
        id="coverage-line",
        label="Line",
        data=data,
        value=str(chosen) if known else EVERY_LINE,
        allowDeselect=False,
        searchable=True,
        className="control control-wide",
    )


def lines_panel(report: CoverageReport) -> list[Any]:
    """Every line, those that lack most first."""
    if not report.lines:
        return [
            panel(
                "How far lines are from their goal",
                empty(
                    "No line is known",
                    "Add one with the schools behind it:",
                    action=command(ADD_LINE),
                ),
            )
        ]
    done = sum(line.complete for line in report.lines)
    return [
        html.Section(
            [
                metric("Goal reached", f"{done} of {fmt.plural(len(report.lines), 'line')}"),
                metric(
                    "Tests that count",
                    fmt.count(sum(line.counting_tests for line in report.lines)),
                    f"of {fmt.count(sum(line.tests for line in report.lines))} planned ones",
                ),
            ],
            className="metrics coverage-metrics",
        ),
        panel(
            "How far lines are from their goal",
            *folded([_line(line) for line in report.lines], _lines_table, "line"),
            note=f"In the last {fmt.plural(report.days, 'day')}. Those that lack most come first.",
        ),
    ]


def _lines_table(rows: Sequence[html.Tr]) -> html.Table:
    heads = ("Line", "Reached", "Closed hours", "School hours", "Locations", "What is missing")
    return table_of("Coverage of lines", heads, rows, look="coverage-lines")


def grid_panels(grid: LineGrid, groups: Sequence[GroupTest] = ()) -> list[Any]:
    """One line: what is missing, by day and hour, by location, and its latest group tests."""
    line = grid.line
    where = f"{SEGMENTS[line.link.segment]}, {fmt.plural(len(line.schools), 'school')} behind it"
    return [
        panel(
            line.link.name,
            html.Div([_state(line), *marks(line.link.simulated)], className="coverage-state"),
            html.Dl([_part(part) for part in (*line.parts, *_rooms(line))], className="parts"),
            *([html.P(line.note, className="footing")] if line.note else []),
            note=where,
        ),
        panel("What is missing", *_missing(line.missing)),
        panel(
            "By day and hour",
            _legend(),
            _hours_table(grid, 1),
            _hours_table(grid, NARROW_HOURS),
            note=f"Tests that count, by the clock of {grid.timezone}. Newest days first.",
        ),
        panel("By location", *_locations(grid)),
        *([line_panel(groups, grid.timezone)] if groups else []),
    ]


def squares_by_hour(grid: LineGrid, step: int = 1) -> list[tuple[str, list[Square]]]:
    """A row a day, newest first, or a week if there are many days, with a square for each hour, or
    for each `step` of them."""
    counts = defaultdict[tuple[date, int], int](int)
    for cell in grid.cells:
        counts[cell.day, cell.hour] += cell.counting
    weekly = len(grid.calendar) > LONGEST_BY_DAY
    rows = defaultdict[date, list[Any]](list)
    for day in grid.calendar:
        begins = day.day - timedelta(days=day.day.weekday()) if weekly else day.day
        rows[begins].append(day)
    found = []
    for begins in sorted(rows, reverse=True):
        name = f"Week of {_short(begins)}" if weekly else f"{begins:%a} {_short(begins)}"
        squares = []
        for first in range(0, 24, step):
            hours = range(first, first + step)
            count = sum(counts[day.day, hour] for day in rows[begins] for hour in hours)
            school = any(hour in day.school_hours for day in rows[begins] for hour in hours)
            black = not weekly and any(day.blackout for day in rows[begins])
            squares.append(_square(count, f"{name}, {first:02}:00", school=school, blackout=black))
        found.append((name, squares))
    return found


def squares_by_day(grid: LineGrid, place: LocationCoverage) -> list[Square]:
    """A location's days, or weeks if there are many, oldest first."""
    counts = defaultdict[date, int](int)
    weekly = len(grid.calendar) > LONGEST_BY_DAY
    for cell in grid.cells:
        if (cell.school, cell.location) == (place.school, place.location):
            begins = cell.day - timedelta(days=cell.day.weekday()) if weekly else cell.day
            counts[begins] += cell.tests
    days = sorted(
        {d.day - timedelta(days=d.day.weekday()) if weekly else d.day for d in grid.calendar}
    )
    return [_square(counts[day], f"{place.location}, {_short(day)}") for day in days]


def _square(count: int, where: str, *, school: bool = False, blackout: bool = False) -> Square:
    kind = "blackout" if blackout and not count else "school" if school else "closed"
    tests = fmt.plural(count, "test") if count else "no test"
    hours = {"school": ", school hours", "blackout": ", blackout"}.get(kind, "")
    return Square(count, kind, f"{where}: {tests}{hours}")


def _line(line: LineCoverage) -> html.Tr:
    have = {part.part: part.have for part in line.parts}
    want = {part.part: part.want for part in line.parts}
    rooms = sum(place.tests >= place.want for place in line.locations)
    where = f"{SEGMENTS[line.link.segment]}, {fmt.plural(len(line.schools), 'school')} behind it"
    cells = (
        ("Reached", [_state(line)]),
        (
            "Closed hours",
            [
                _value(
                    f"{fmt.plural(have['closed_tests'], 'test')}, "
                    f"{fmt.plural(have['closed_days'], 'day')}"
                ),
                _note(f"{want['closed_tests']} and {want['closed_days']} wanted"),
            ],
        ),
        (
            "School hours",
            [
                _value(
                    f"{fmt.plural(have['school_days'], 'day')}, "
                    f"{fmt.plural(have['hour_bands'], 'hour')}"
                ),
                _note(f"{want['school_days']} and {want['hour_bands']} wanted"),
            ],
        ),
        (
            "Locations",
            [_value(f"{rooms} of {len(line.locations)}" if line.locations else fmt.UNKNOWN)],
        ),
        ("What is missing", _first_missing(line.missing)),
    )
    name = dcc.Link(line.link.name, href=f"/coverage?line={line.link.id}", refresh=True)
    return row_of([name, *marks(line.link.simulated), _note(where)], cells)


def _first_missing(missing: tuple[Missing, ...]) -> list[Any]:
    """The first thing, and what to do about it: the line's own page has the rest."""
    if not missing:
        return ["Nothing"]
    more = len(missing) - 1
    rest = f" And {fmt.plural(more, 'more thing')}." if more else ""
    return [html.Div(_cap(missing[0].words)), _note(f"{missing[0].advice}{rest}")]


def _state(line: LineCoverage) -> html.Span:
    if line.complete:
        return badge(Saying("Goal reached", "", "meets"))
    return badge(Saying(f"{fmt.percent(line.share)} reached", "", "undecided"))


def _bar(share: float) -> html.Div:
    """Its number stands beside it."""
    return html.Div(
        html.Div(style={"width": f"{share * 100:.0f}%"}),
        className="coverage-bar",
        **{"aria-hidden": "true"},
    )


def _part(part: Have) -> html.Div:
    reached = part.have >= part.want
    return html.Div(
        [
            html.Dt(TITLES[part.part], title=_cap(WORDS[part.part])),
            html.Dd(
                [
                    html.Span(fmt.count(part.have), className="part-have"),
                    html.Span(f" of {fmt.count(part.want)}", className="part-want"),
                    _bar(min(1.0, part.have / part.want) if part.want else 1.0),
                ]
            ),
        ],
        className="part part-reached" if reached else "part",
    )


def _rooms(line: LineCoverage) -> tuple[Have, ...]:
    if not line.locations:
        return ()
    reached = sum(place.tests >= place.want for place in line.locations)
    return (Have(part="location_tests", have=reached, want=len(line.locations)),)


def _missing(missing: tuple[Missing, ...]) -> list[Any]:
    if not missing:
        return [html.P("Nothing: the goal is reached. Agents go on testing, so that it stays so.")]
    shown = [
        html.Li([html.Strong(_cap(one.words)), html.Span(one.advice, className="cell-note")])
        for one in missing[:MISSING_SHOWN]
    ]
    more = len(missing) - MISSING_SHOWN
    rest = [html.P(f"And {fmt.plural(more, 'more location')} below.")] if more > 0 else []
    return [html.Ul(shown, className="coverage-missing"), *rest]


def _legend() -> html.Ul:
    samples = (
        (Square(2, "closed", ""), "tests in closed hours"),
        (Square(1, "school", ""), "tests in school hours"),
        (Square(0, "school", ""), "school hours, no test yet"),
        (Square(0, "blackout", ""), "blackout"),
    )
    return html.Ul(
        [html.Li([_box(square), html.Span(words)]) for square, words in samples],
        className="coverage-legend",
        **{"aria-hidden": "true"},
    )


def _hours_table(grid: LineGrid, step: int) -> html.Div:
    rows = squares_by_hour(grid, step)
    hours = [html.Th(_hour(h), scope="col") for h in range(0, 24, step)]
    head = [html.Th("Day", scope="col"), *hours]
    body = [
        html.Tr([html.Th(name, scope="row"), *(html.Td(_box(one)) for one in squares)])
        for name, squares in rows
    ]
    if step == 1:
        return _table("Tests that count, by day and hour", head, body, "coverage-hours wide")
    title = f"Tests that count, by day and {step} hours"
    return _table(title, head, body, "coverage-hours narrow")


def _locations(grid: LineGrid) -> list[Any]:
    places = sorted(grid.line.locations, key=lambda p: (p.tests >= p.want, p.tests - p.want))
    if not places:
        return [
            empty(
                "No location is known",
                "Say where an agent stands when it joins, or make a code for each room.",
            )
        ]
    shown = places[:LOCATIONS_SHOWN]
    days = [d.day for d in grid.calendar]
    head = [
        html.Th("Location", scope="col"),
        html.Th("Tests", scope="col"),
        html.Th(f"{_short(days[0])} {fmt.TO} {_short(days[-1])}", scope="col", className="span"),
    ]
    body = [_location(grid, place) for place in shown]
    more = len(places) - len(shown)
    rest = [html.P(f"{fmt.plural(more, 'more location')} not shown.")] if more else []
    return [_table("Tests by location and day", head, body, "coverage-places"), *rest]


def _location(grid: LineGrid, place: LocationCoverage) -> html.Tr:
    squares = squares_by_day(grid, place)
    tested = sum(bool(one.count) for one in squares)
    strip = html.Div(
        [_box(one) for one in squares],
        className="coverage-strip",
        role="img",
        **{"aria-label": f"{place.location}: tested in {tested} of {len(squares)}"},
    )
    agents = fmt.plural(place.heard, "agent") if place.heard else "no agent heard lately"
    name = [place.location, _note(f"{place.school}, {agents}")]
    count = [_value(f"{place.tests} of {place.want}"), *_lacks(place)]
    return html.Tr([html.Th(name, scope="row"), html.Td(count), html.Td(strip)])


def _lacks(place: LocationCoverage) -> list[Any]:
    return [] if place.tests >= place.want else [_note(f"{place.want - place.tests} missing")]


def _table(title: str, head: list[Any], body: list[Any], name: str) -> html.Div:
    caption = html.Caption(title, className="only-read")
    table = html.Table(
        [caption, html.Thead(html.Tr(head)), html.Tbody(body)], className=f"grid-table {name}"
    )
    return html.Div(
        table, className="grid-scroll", tabIndex="0", role="region", **{"aria-label": title}
    )


def _box(square: Square) -> html.Span:
    """A number where there is one, and a shape of its own for each kind: color is never alone."""
    level = min(square.count, 3)
    text = str(square.count) if square.count else ""
    return html.Span(text, className=f"box box-{square.kind} box-{level}", title=square.words)


def _hour(hour: int) -> Any:
    return html.Span(f"{hour:02}", title=f"{hour:02}:00")


def _short(day: date) -> str:
    return f"{day:%b} {day.day}"


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]


def _value(text: str) -> html.Span:
    return html.Span(text, className="cell-value")


def _note(text: str) -> html.Span:
    return html.Span(text, className="cell-note")
