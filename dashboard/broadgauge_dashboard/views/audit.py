"""The district as a whole: where rates vary, and what schools have in common."""

from dash import html

from broadgauge_collector.reports.audit import Audit, Finding, Part

from .. import format as fmt
from ..parts import empty, panel
from ..tables import row_of
from .simulated import marks

NAMED = 6
"""Schools that are named; the others are counted."""


def audit_panel(audit: Audit) -> html.Section:
    """The Overview's section."""
    if not audit.parts and not audit.findings:
        nothing = empty(
            "Nothing in common yet",
            "There are too few tests to tell. Agents at two schools or more, for a week, will do.",
        )
        return panel("The district as a whole", nothing)
    return panel(
        "The district as a whole",
        *marks(audit.simulated),
        *([_variation(audit)] if audit.parts else []),
        *([_findings(audit.findings)] if audit.findings else []),
        note=(
            f"Where {fmt.plural(audit.tests, 'download test')} of the last {audit.days} days "
            "differ from each other, and what schools have in common."
        ),
    )


def _variation(audit: Audit) -> html.Table:
    head = html.Thead(
        html.Tr(
            [
                html.Th(h, scope="col")
                for h in ("Speeds differ", "Share of all difference", "Usually by a factor of")
            ]
        )
    )
    caption = html.Caption("Where speeds differ", className="only-read")
    rows = html.Tbody([_part(part) for part in audit.parts])
    return html.Table([caption, head, rows], className="table")


def _part(part: Part) -> html.Tr:
    cells = (
        ("Share of all difference", fmt.percent(part.share)),
        ("Usually by a factor of", f"{part.factor:.2f}"),
    )
    return row_of(part.meaning, cells)


def _findings(findings: tuple[Finding, ...]) -> html.Ul:
    return html.Ul(
        [html.Li([one.words, _names(one.schools)]) for one in findings], className="findings"
    )


def _names(schools: tuple[str, ...]) -> html.Span:
    others = len(schools) - NAMED
    names = ", ".join(schools[:NAMED])
    rest = f" and {fmt.plural(others, 'other')}" if others > 0 else ""
    return html.Span(f"{names}{rest}", className="cell-note")
