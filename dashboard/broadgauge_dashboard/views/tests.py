"""The list of tests on the School page."""

from typing import Any
from urllib.parse import urlencode

import dash_ag_grid as dag
from dash import html

from broadgauge_collector.reports import ReadingKind, SchoolReport, TestRow

from .. import format as fmt
from ..parts import empty, icon, panel
from ..readings import LIMITS, SHAPES
from ..words import SEGMENTS


def tests_panel(report: SchoolReport) -> html.Section:
    """Tests newest first, and how many failed or were skipped."""
    if not report.tests:
        return panel("Tests", empty("No test in this period", "Choose a longer period above."))
    zone = report.summary.school.timezone
    kept = urlencode({"target": report.target.key, "days": report.days})
    grid = _grid([row(test, zone, kept) for test in report.tests])
    named = html.Div(grid, role="group", **{"aria-label": "Tests"})
    return panel("Tests", readings(report), named, note=_note(report))


def readings(report: SchoolReport) -> html.P:
    """How many tests are of which kind, each kind beside its shape."""
    counted = [
        html.Span([icon(SHAPES[kind].icon), f"{fmt.count(number)} {_COUNTED[kind][number != 1]}"])
        for kind in SHAPES
        if (number := report.readings.get(kind, 0))
    ]
    return html.P(counted, className="legend readings")


def outcome(test: TestRow) -> str:
    """What became of a test, in plain words."""
    return f"Simulated: {_outcome(test)}" if test.simulated else _outcome(test)


def _outcome(test: TestRow) -> str:
    if test.error is not None:
        return f"Failed: {test.error}"
    if test.client == "browser":
        return f"Made by a web page: {SHAPES[test.bound or 'unclear'].name}"
    if test.bound is None:
        return "Can't say: unsteady, too short, or held back by losses"
    if test.bound == "exact":
        return "Full reading"
    limit = LIMITS.get(test.limited_by) if test.limited_by else None
    return f"This fast or faster: the limit was {limit}" if limit else "This fast or faster"


def counting(test: TestRow) -> str:
    """Whether a test counts towards the verdict, or why not."""
    return "Counts" if test.counts else (test.why_not or "Does not count")


def row(test: TestRow, timezone: str, kept: str = "") -> dict[str, Any]:
    """A test as one row of the grid: what is sorted by, and what is shown.

    `kept` is the query that leads to the test's page with the target and period of this one.
    """
    prefix = "≥ " if test.bound == "at_least" else ""
    rate = test.line_bits_per_second
    return {
        "id": str(test.id),
        "started": fmt.local(test.started_at, timezone).isoformat(timespec="seconds"),
        "started_text": fmt.moment(test.started_at, timezone),
        "href": f"/test/{test.id}?{kept}",
        "test": _what(test),
        "rate": rate,
        "rate_text": fmt.UNKNOWN if rate is None else f"{prefix}{fmt.rate(rate)}",
        "outcome": outcome(test),
        "counting": counting(test),
        "icon": SHAPES[test.reading].icon,
        "where": _where(test),
        "rtt": test.idle_rtt_seconds,
        "rtt_text": fmt.milliseconds(test.idle_rtt_seconds),
    }


def _what(test: TestRow) -> str:
    direction, segment = test.direction.capitalize(), SEGMENTS.get(test.segment or "")
    return f"{direction}, {segment}" if segment else direction


def _where(test: TestRow) -> str:
    by = "a web page" if test.client == "browser" else test.agent
    return ", ".join(part for part in (test.location, by) if part) or fmt.UNKNOWN


def _note(report: SchoolReport) -> str:
    shown = len(report.tests)
    newest = f"The newest {fmt.count(shown)} of " if shown < report.tests_total else ""
    return (
        f"{newest}{fmt.plural(report.tests_total, 'test')} in the last {report.days} days. "
        f"{fmt.count(report.failed)} failed, {fmt.count(report.skipped)} were skipped. "
        "A test's time leads to its page."
    )


def _grid(rows: list[dict[str, Any]]) -> dag.AgGrid:
    return dag.AgGrid(
        id="tests",
        rowData=rows,
        columnDefs=_COLUMNS,
        defaultColDef={"sortable": True, "resizable": True},
        getRowId="params.data.id",
        dashGridOptions={
            "theme": {"function": GRID_THEME},
            "pagination": True,
            "paginationPageSize": 20,
            "paginationPageSizeSelector": [20, 50, 100],
            "domLayout": "autoHeight",
            "enableCellTextSelection": True,
        },
        className="tests-grid",
        style={"height": None},
    )


def _shown_as(field: str, heading: str, text: str, width: int, **more: Any) -> dict[str, Any]:
    """A column that sorts by a value and shows words for it."""
    shown = {"function": f"params.data.{text}"}
    named = {"field": field, "headerName": heading, "width": width, "minWidth": width}
    return {**named, "valueFormatter": shown, **more}


def _words(field: str, heading: str, width: int, **more: Any) -> dict[str, Any]:
    named = {"field": field, "headerName": heading, "width": width, "minWidth": width}
    return {**named, "filter": True, "tooltipField": field, **more}


_COUNTED: dict[ReadingKind, tuple[str, str]] = {
    "exact": ("full reading", "full readings"),
    "at_least": ("this fast or faster", "this fast or faster"),
    "unclear": ("can't say", "can't say"),
    "browser": ("made by a web page", "made by web pages"),
    "failed": ("failed", "failed"),
}
_SENTENCE = {"flex": 1, "wrapText": True, "autoHeight": True}
_RIGHT = {"type": "rightAligned"}
_COLUMNS = [
    _shown_as("started", "When", "started_text", 198, cellRenderer="TestLink"),
    _shown_as("rate", "Line speed", "rate_text", 128, **_RIGHT),
    _words("test", "Test", 120, wrapText=True, autoHeight=True),
    _words("outcome", "Reading", 210, cellRenderer="Reading", **_SENTENCE),
    _words("counting", "For the verdict", 210, **_SENTENCE),
    _words("where", "Where", 132, wrapText=True, autoHeight=True),
    _shown_as("rtt", "Latency", "rtt_text", 100, **_RIGHT),
]
"""Narrow enough for a laptop: what else is known of a test stands on its page."""
GRID_THEME = (
    "themeQuartz.withParams({backgroundColor: 'var(--paper)', foregroundColor: 'var(--ink)', "
    "headerTextColor: 'var(--soft)', headerBackgroundColor: 'var(--paper)', "
    "borderColor: 'var(--line)', accentColor: 'var(--accent)', fontFamily: 'var(--font)', "
    "headerFontWeight: 550, fontSize: 14, browserColorScheme: 'inherit', "
    "wrapperBorder: false, columnBorder: false, headerColumnBorder: false})"
)
