"""The list of tests on the School page."""

from typing import Any

import dash_ag_grid as dag
from dash import html

from broadgauge_collector.reports import SchoolReport, TestRow

from .. import format as fmt
from ..parts import empty, panel
from ..words import LIMITS, SEGMENTS


def tests_panel(report: SchoolReport) -> html.Section:
    """Tests newest first, and how many failed or were skipped."""
    if not report.tests:
        return panel("Tests", empty("No test in this period", "Choose a longer period above."))
    zone = report.summary.school.timezone
    grid = _grid([row(test, zone) for test in report.tests])
    named = html.Div(grid, role="group", **{"aria-label": "Tests"})
    return panel("Tests", named, note=_note(report))


def outcome(test: TestRow) -> str:
    """What became of a test, in plain words."""
    if test.error is not None:
        return f"Failed: {test.error}"
    if test.bound is None:
        return "Can't say: unsteady, too short, or held back by losses"
    if test.bound == "exact":
        return "Full reading"
    limit = LIMITS.get(test.limited_by or "")
    return f"This fast or faster: the limit was {limit}" if limit else "This fast or faster"


def counting(test: TestRow) -> str:
    """Whether a test counts towards the verdict, or why not."""
    return "Counts" if test.counts else (test.why_not or "Does not count")


def row(test: TestRow, timezone: str) -> dict[str, Any]:
    """A test as one row of the grid: what is sorted by, and what is shown."""
    prefix = "≥ " if test.bound == "at_least" else ""
    rate = test.line_bits_per_second
    return {
        "id": str(test.id),
        "started": fmt.local(test.started_at, timezone).isoformat(timespec="seconds"),
        "started_text": fmt.moment(test.started_at, timezone),
        "direction": test.direction.capitalize(),
        "rate": rate,
        "rate_text": fmt.UNKNOWN if rate is None else f"{prefix}{fmt.rate(rate)}",
        "outcome": outcome(test),
        "counting": counting(test),
        "segment": SEGMENTS.get(test.segment or "", fmt.UNKNOWN),
        "location": test.location or fmt.UNKNOWN,
        "agent": test.agent,
        "rtt": test.idle_rtt_seconds,
        "rtt_text": fmt.milliseconds(test.idle_rtt_seconds),
        "bytes": test.bytes_transferred,
        "bytes_text": fmt.size(test.bytes_transferred),
    }


def _note(report: SchoolReport) -> str:
    shown = len(report.tests)
    newest = f"The newest {fmt.count(shown)} of " if shown < report.tests_total else ""
    return (
        f"{newest}{fmt.plural(report.tests_total, 'test')} in the last {report.days} days. "
        f"{fmt.count(report.failed)} failed, {fmt.count(report.skipped)} were skipped."
    )


def _grid(rows: list[dict[str, Any]]) -> dag.AgGrid:
    return dag.AgGrid(
        id="tests",
        rowData=rows,
        columnDefs=_COLUMNS,
        defaultColDef={"sortable": True, "resizable": True, "minWidth": 105, "flex": 1},
        getRowId="params.data.id",
        dashGridOptions={
            "theme": {"function": _THEME},
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
    named = {"field": field, "headerName": heading, "minWidth": width}
    return {**named, "valueFormatter": shown, **more}


def _words(field: str, heading: str, width: int, **more: Any) -> dict[str, Any]:
    named = {"field": field, "headerName": heading, "minWidth": width}
    return {**named, "filter": True, "tooltipField": field, **more}


_SENTENCE = {"flex": 2, "wrapText": True, "autoHeight": True}
_RIGHT = {"type": "rightAligned"}
_COLUMNS = [
    _shown_as("started", "When", "started_text", 195),
    _shown_as("rate", "Line speed", "rate_text", 125, **_RIGHT),
    _words("direction", "Direction", 130),
    _words("outcome", "Reading", 250, **_SENTENCE),
    _words("counting", "For the verdict", 250, **_SENTENCE),
    _words("location", "Location", 120),
    _words("agent", "Agent", 130),
    _words("segment", "Segment", 140),
    _shown_as("rtt", "Idle latency", "rtt_text", 115, **_RIGHT),
    _shown_as("bytes", "Data used", "bytes_text", 110, **_RIGHT),
]
_THEME = (
    "themeQuartz.withParams({backgroundColor: 'var(--paper)', foregroundColor: 'var(--ink)', "
    "headerTextColor: 'var(--soft)', headerBackgroundColor: 'var(--paper)', "
    "borderColor: 'var(--line)', accentColor: 'var(--accent)', fontFamily: 'var(--font)', "
    "headerFontWeight: 550, fontSize: 14, browserColorScheme: 'inherit', "
    "wrapperBorder: false, columnBorder: false, headerColumnBorder: false})"
)
