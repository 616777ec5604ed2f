"""What people get in school hours: the share of time that suffices, and the hours that don't."""

from typing import Any

from dash import dcc, html

from broadgauge_collector.capacity.seats import HourBand, Seats
from broadgauge_collector.reports.seats import SchoolSeats

from .. import format as fmt
from ..parts import chip, empty, metric, panel
from ..tables import row_of
from ..words import SEGMENTS
from .carry import NEEDS
from .simulated import marks

_HEADINGS = ("Hours", "Tests", "Fell short", "A test found", "Round trip under load")


def seats_panel(report: SchoolSeats) -> html.Section:
    """One school's section."""
    found = report.seats
    if found.share is None:
        nothing = empty(
            "No test in school hours in this period",
            "Agents make light tests in school hours by themselves, if they run then.",
        )
        return panel("In school hours", nothing)
    where = SEGMENTS[report.segment] if report.segment else "network"
    return panel(
        "In school hours",
        *marks(report.simulated),
        html.P(found.explanation, className="lead"),
        html.Div(_metrics(found), className="metrics"),
        _hours(found),
        html.P(
            [
                "What a seat needs can be edited: ",
                dcc.Link("Needs of the district", href=NEEDS),
                ".",
            ],
            className="footing",
        ),
        note=(
            f"What was left over for one more seat, by {fmt.plural(found.tests, 'test')} "
            f"({where}) in the last {report.days} days. It says nothing about the size of a line: "
            f"the better it is used, the less a test finds. {found.use.source}."
        ),
    )


def _metrics(found: Seats) -> list[Any]:
    ran = f"{fmt.count(found.failed)} failed, {fmt.count(found.skipped)} did not run or can't say"
    return [
        metric("Time that suffices", fmt.percent(found.share or 0.0), _between(found)),
        metric(
            "Days short", f"{found.days_short} of {found.days}", "half of the day's tests or more"
        ),
        metric(
            "Room left",
            fmt.rate(found.room_bits_per_second),
            f"nine of ten found {fmt.rate(found.room_low_bits_per_second)} or more",
        ),
        metric(
            "Round trip under load",
            fmt.milliseconds(found.loaded_rtt_seconds),
            f"nine of ten under {fmt.milliseconds(found.loaded_rtt_high_seconds)}",
        ),
        metric("Tests", fmt.count(found.tests), ran),
    ]


def _between(found: Seats) -> str:
    interval = found.interval
    if interval is None or interval.low is None or interval.high is None:
        return ""
    return f"{fmt.percent(interval.low)} to {fmt.percent(interval.high)}, 95% sure"


def _hours(found: Seats) -> html.Table:
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in _HEADINGS]))
    rows = [_row(band, band == found.worst) for band in found.hours]
    caption = html.Caption("Hours of the school day", className="only-read")
    return html.Table([caption, head, html.Tbody(rows)], className="table")


def _row(band: HourBand, is_worst: bool) -> html.Tr:
    name = f"{band.begins:02}:00 to {band.ends:02}:00"
    cells = (
        ("Tests", fmt.count(band.tests)),
        ("Fell short", fmt.count(band.short)),
        ("A test found", fmt.rate(band.room_bits_per_second)),
        ("Round trip under load", fmt.milliseconds(band.loaded_rtt_seconds)),
    )
    worst = [" ", chip("worst hours")] if is_worst else []
    return row_of([name, *worst], cells)
