"""The rooms of a school: what was read in each, and the codes that let browsers test them."""

from typing import Any
from uuid import UUID

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.reports.rooms import RoomReading, RoomsReport
from broadgauge_collector.rooms.calls import CALL_BITS_PER_SECOND
from broadgauge_collector.rooms.codes import shown_code
from broadgauge_collector.rooms.model import Room
from broadgauge_collector.store.questions import MadeBy

from .. import format as fmt
from ..parts import chip, empty, icon, panel
from ..tables import row_of
from ..words import SEGMENTS

MADE_BY: dict[MadeBy, str] = {
    "browser": "a browser in the room",
    "survey": "a walk with a laptop",
    "agent": "an agent in the room",
}
_HEADINGS = ("Room", "Download", "Upload", "Video calls", "Tests", "Latest")


def readings_panel(report: RoomsReport) -> html.Section:
    """Every room's latest readings beside each other."""
    if not report.readings:
        return panel("Rooms compared", _nothing(report))
    fastest = max(
        rate for r in report.readings for rate in (_known(r.download_bits_per_second),
                                                   _known(r.upload_bits_per_second))
    )  # fmt: skip
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in _HEADINGS]))
    rows = [_row(reading, report, fastest) for reading in report.readings]
    caption = html.Caption("Rooms compared", className="only-read")
    table = html.Table([caption, head, html.Tbody(rows)], className="table rooms")
    return panel("Rooms compared", table, *_untested(report), note=_note(report))


def codes_panel(school_id: UUID, rooms: tuple[Room, ...]) -> html.Section:
    """Rooms with their codes, the sheet to print, and a form for more."""
    return panel(
        "Room codes",
        *([_codes(rooms), _sheet(school_id)] if rooms else []),
        _form(),
        note="A code lets anybody in the room test it with a phone or a Chromebook, without a "
        "login. Its result is kept for the room, and never counts towards the verdict.",
    )


def _nothing(report: RoomsReport) -> html.Div:
    return empty(
        "No room was tested in this period",
        "Make room codes below, print the sheet and put it on the walls. Or walk from room to "
        "room with a laptop: broadgauge-agent survey",
        *_untested(report),
    )


def _note(report: RoomsReport) -> str:
    call = fmt.rate(CALL_BITS_PER_SECOND)
    return (
        f"The latest of each in the last {report.days} days. One video call is counted as {call} "
        "each way, by the slower direction."
    )


def _untested(report: RoomsReport) -> list[Any]:
    if not report.untested:
        return []
    names = ", ".join(report.untested)
    return [html.P(f"With a code, and not tested in this period: {names}.", className="note")]


def _row(reading: RoomReading, report: RoomsReport, fastest: float) -> html.Tr:
    cells = (
        ("Download", _rate(reading.download_bits_per_second, fastest)),
        ("Upload", _rate(reading.upload_bits_per_second, fastest)),
        ("Video calls", [html.Span(_calls(reading), className="cell-value")]),
        ("Tests", _counts(reading)),
        ("Latest", _latest(reading, report)),
    )
    data = [html.Td(html.Div(value), **{"data-label": label}) for label, value in cells]
    return html.Tr([_room(reading), *data])


def _room(reading: RoomReading) -> html.Th:
    where = f", {SEGMENTS[reading.segment]}" if reading.segment else ""
    by = html.Span(f"{MADE_BY[reading.made_by]}{where}", className="cell-note")
    marks = [chip("Inside one machine")] if reading.loopback else []
    return html.Th([reading.room, *marks, by], scope="row")


def _rate(bits_per_second: float | None, fastest: float) -> list[Any]:
    number = html.Span(fmt.rate(bits_per_second), className="cell-value")
    if bits_per_second is None or not fastest:
        return [number]
    share = round(100 * bits_per_second / fastest, 1)
    band = html.Span(style={"left": "0", "width": f"{share}%"}, className="gauge-band")
    return [number, html.Div(band, className="gauge", **{"aria-hidden": "true"})]


def _calls(reading: RoomReading) -> str:
    if reading.calls is None:
        return fmt.UNKNOWN
    return f"about {fmt.count(reading.calls)}" if reading.calls else "none"


def _counts(reading: RoomReading) -> list[Any]:
    counted = [html.Span(fmt.plural(reading.tests, "test"))]
    if reading.failed:
        failed = [icon("stale"), f"{fmt.count(reading.failed)} failed"]
        counted.append(html.Span(failed, className="cell-note"))
    return counted


def _latest(reading: RoomReading, report: RoomsReport) -> list[Any]:
    ago = fmt.ago(reading.latest_at, report.as_of)
    when = fmt.moment(reading.latest_at, report.timezone)
    return [html.Span(ago), html.Span(when, className="cell-note")]


def _known(rate: float | None) -> float:
    return rate or 0.0


def _codes(rooms: tuple[Room, ...]) -> html.Table:
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in ("Room", "Code", "")]))
    caption = html.Caption("Room codes", className="only-read")
    rows = [_code(room) for room in rooms]
    return html.Table([caption, head, html.Tbody(rows)], className="table room-codes")


def _code(room: Room) -> html.Tr:
    page = html.A(html.Code(shown_code(room.code)), href=f"/measure?room={room.code}")
    cells = (("Code", page), ("Withdraw", _withdraw(room)))
    return row_of(room.name, cells)


def _withdraw(room: Room) -> html.Details:
    button = dmc.Button(
        "Withdraw the code",
        id={"type": "withdraw-room", "room": str(room.id)},
        variant="default",
        size="compact-sm",
        **{"aria-label": f"Withdraw the code of {room.name}"},
    )
    warning = "The sheet on its wall stops working. What was measured stays."
    return html.Details([html.Summary("Withdraw"), html.P(warning, className="note"), button])


def _sheet(school_id: UUID) -> html.P:
    link = html.A("Print the sheet", href=f"/schools/{school_id}/rooms", className="button")
    return html.P(link, style={"marginTop": "1.25rem"})


def _form() -> html.Div:
    return html.Div(
        [
            dmc.Textarea(
                id="room-names",
                label="Add rooms, one a line",
                placeholder="Room 12\nLibrary\nGym",
                autosize=True,
                minRows=3,
                maxRows=12,
                className="control control-wide",
            ),
            dmc.Button("Make codes", id="make-rooms"),
        ],
        className="controls",
        style={"marginTop": "1.25rem", "marginBottom": "0"},
    )
