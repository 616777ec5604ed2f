"""The Coverage page: what is missing at a glance, with no data, little, and a year."""

from datetime import date, timedelta

from broadgauge_collector.plan.cells import Cell
from broadgauge_collector.plan.coverage import Have, Missing
from broadgauge_collector.plan.goal import DEFAULT_GOAL
from broadgauge_collector.reports.coverage import (
    CoverageReport,
    DayShown,
    LineCoverage,
    LineGrid,
    LocationCoverage,
)
from broadgauge_collector.schools.model import Link
from broadgauge_dashboard.views.coverage import (
    grid_panels,
    line_select,
    lines_panel,
    squares_by_day,
    squares_by_hour,
)
from broadgauge_wire import new_id
from tests.unit.dashboard.seeing import NOW, parts, texts

LAST = date(2026, 3, 20)
LIBRARY = LocationCoverage(school="Lincoln", location="Library", tests=1, want=2, agents=1, heard=1)
LACKING = Missing(
    part="closed_days",
    have=2,
    want=8,
    words="tests in closed hours on 6 more days",
    advice="Comes by itself.",
)


def line(name: str = "Internet", *missing: Missing) -> LineCoverage:
    return LineCoverage(
        link=Link(id=new_id(), name=name, segment="internet", school_ids=(new_id(),)),
        schools=("Lincoln",),
        goal=DEFAULT_GOAL,
        complete=not missing,
        share=0.5 if missing else 1.0,
        tests=3,
        counting_tests=2,
        parts=(
            Have(part="closed_tests", have=2, want=10),
            Have(part="closed_days", have=2, want=8),
            Have(part="school_days", have=0, want=8),
            Have(part="hour_bands", have=0, want=4),
        ),
        locations=(LIBRARY,),
        missing=missing,
        agents=1,
        heard=1,
        note=None,
    )


def grid(days: int = 30, *cells: Cell) -> LineGrid:
    calendar = tuple(
        DayShown(
            day=LAST - timedelta(days=n),
            school_hours=(8, 9, 10) if (LAST - timedelta(days=n)).weekday() < 5 else (),
            blackout="State testing" if n == 1 else None,
        )
        for n in reversed(range(days))
    )
    return LineGrid(
        line=line("Internet", LACKING),
        days=days,
        as_of=NOW,
        timezone="America/Chicago",
        calendar=calendar,
        cells=cells,
    )


def cell(day: date, hour: int, counting: int = 1) -> Cell:
    return Cell(
        day=day,
        hour=hour,
        daypart="school" if 8 <= hour <= 10 else "closed",
        school="Lincoln",
        location="Library",
        counting=counting,
        tests=counting,
    )


def test_without_a_line_it_says_how_to_add_one() -> None:
    report = CoverageReport(target="fcc-1mbps", days=30, as_of=NOW, lines=())
    assert "broadgauge links add" in texts(lines_panel(report))


def test_forty_lines_are_counted_and_each_says_what_it_lacks_and_what_to_do() -> None:
    lines = tuple(line(f"Line {n}", *([LACKING] if n < 30 else [])) for n in range(40))
    said = texts(lines_panel(CoverageReport(target="t", days=30, as_of=NOW, lines=lines)))
    assert "10 of 40 lines" in said
    assert "Tests in closed hours on 6 more days" in said
    assert "Comes by itself." in said


def test_days_and_hours_are_squares_with_a_number_and_a_shape_for_each_kind() -> None:
    found = squares_by_hour(grid(30, cell(LAST, 9), cell(LAST, 9), cell(LAST, 22)))
    assert len(found) == 30
    name, squares = found[0]
    assert name == "Fri Mar 20"
    assert (squares[9].count, squares[9].kind) == (2, "school")
    assert squares[9].words == "Fri Mar 20, 09:00: 2 tests, school hours"
    assert (squares[22].count, squares[22].kind) == (1, "closed")
    assert {square.kind for square in found[1][1]} == {"blackout"}
    panels = grid_panels(grid(30, cell(LAST, 22)))
    assert "What is missing" in texts(panels)
    assert len(parts(panels, "box")) > 30 * 24


def test_a_year_has_a_row_a_week_and_loses_no_test() -> None:
    year = grid(365, *(cell(LAST - timedelta(days=n), 22) for n in range(365)))
    rows = squares_by_hour(year)
    assert len(rows) == 53
    assert sum(square.count for _, squares in rows for square in squares) == 365
    assert sum(square.count for square in squares_by_day(year, LIBRARY)) == 365


def test_a_line_that_is_gone_leaves_every_line_chosen() -> None:
    links = [line().link]
    assert line_select(links, new_id()).value == "every"
    assert line_select(links, links[0].id).value == str(links[0].id)
