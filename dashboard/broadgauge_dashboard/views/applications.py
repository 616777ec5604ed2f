"""The Applications page: what is installed on how many machines."""

from collections.abc import Sequence

from dash import html

from broadgauge_collector.reports.applications import (
    ApplicationCount,
    ApplicationsReport,
    Counted,
)

from .. import format as fmt
from ..parts import command, empty, panel
from ..tables import cell_note, folded_table, row_of

HEADS = ("Application", "Machines", "Versions", "Schools", "Models")
MOST = 200
LISTED = 5
SWITCH_ON = "broadgauge settings set probes.inventory.applications true"


def applications_panel(report: ApplicationsReport) -> html.Section:
    """Those that were asked for, on the most machines first."""
    if not report.telling:
        return panel(
            "Installed applications",
            empty(
                "No machine tells what is installed",
                "Agents tell it only where the district switched it on: names and versions of what "
                "is installed for everybody on a machine. Only counts are shown.",
                action=command(SWITCH_ON),
            ),
        )
    if not report.applications:
        return panel("Installed applications", empty("None has this name", "Look for another."))
    rows = [_row(each) for each in report.applications[:MOST]]
    return panel(
        fmt.plural(len(report.applications), "application"),
        *folded_table("Installed applications", HEADS, rows, "application"),
        *_more(len(report.applications)),
        note=f"{fmt.count(report.telling)} of {fmt.plural(report.machines, 'machine')} with an "
        "agent tell what is installed. Machines are counted, and none is named.",
    )


def _more(count: int) -> list[html.P]:
    if count <= MOST:
        return []
    return [html.P("Those on fewer machines are in the files.", className="footing")]


def _row(each: ApplicationCount) -> html.Tr:
    cells = (
        ("Machines", [html.Span(fmt.count(each.machines), className="cell-value")]),
        ("Versions", _counts(each.versions)),
        ("Schools", _counts(each.schools)),
        ("Models", _counts(each.models)),
    )
    return row_of(each.name, cells)


def _counts(counts: Sequence[Counted]) -> list[html.Span | None]:
    said = [f"{one.name or 'not known'}: {fmt.count(one.machines)}" for one in counts[:LISTED]]
    others = len(counts) - LISTED
    if others > 0:
        said.append(f"and {fmt.count(others)} more")
    return [cell_note(text) for text in said]
