"""A school's year at a glance, the days that differ, and what changes them."""

from calendar import Calendar, month_name
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from msgspec import Struct

from broadgauge_collector.schools.calendar import SchoolCalendar
from broadgauge_collector.schools.calendar_import import CalendarImport
from broadgauge_collector.schools.model import CalendarDay, CalendarKind, School

from .. import format as fmt
from ..parts import empty, panel
from ..tables import row_of

EVERY = "every"
"""What stands for every school in a choice of schools."""

FIRST_MONTH = 8
"""School years begin in August."""

KINDS: dict[CalendarKind, str] = {
    "holiday": "Holiday",
    "half_day": "Half day",
    "blackout": "Blackout",
}
MARKS = {"school": "", "closed": "", "holiday": "\u202fH", "half": "\u202f½"}
"""After a narrow blank."""
SAID = {"school": "school day", "closed": "no school", "holiday": "holiday", "half": "half day"}
WEEKDAYS = ("M", "T", "W", "T", "F", "S", "S")
MAX_UPLOAD_BYTES = 150_000
"""What a page may send at once, and more than the calendars of most districts."""


class Shown(Struct, frozen=True):
    """What the page shows: one school's calendar, or what holds for every school."""

    calendar: SchoolCalendar
    names: dict[Any, str]
    first_year: int


def controls(schools: Sequence[School], chosen: str, first_year: int) -> html.Div:
    """Which school, and which year."""
    every = {"value": EVERY, "label": "Every school"}
    data = [every, *({"value": str(s.id), "label": s.name} for s in schools)]
    years = [
        {"value": str(y), "label": year_name(y)} for y in range(first_year - 2, first_year + 3)
    ]
    return html.Div(
        [
            dmc.Select(
                id="calendar-school",
                label="School",
                data=data,
                value=chosen,
                allowDeselect=False,
                searchable=True,
                className="control control-wide",
            ),
            dmc.Select(
                id="calendar-year",
                label="School year",
                data=years,
                value=str(first_year),
                allowDeselect=False,
                className="control",
            ),
        ],
        className="controls",
    )


def school_year(day: date) -> int:
    """The year in which the school year of a day began."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def year_name(first_year: int) -> str:
    """As people write a school year."""
    return f"{first_year}{fmt.TO}{(first_year + 1) % 100:02}"


def months(first_year: int) -> list[tuple[int, int]]:
    """Year and month of the twelve."""
    return [
        (first_year + (FIRST_MONTH - 1 + n) // 12, (FIRST_MONTH - 1 + n) % 12 + 1)
        for n in range(12)
    ]


def year_panels(shown: Shown) -> list[html.Section]:
    """The year, and the entries in it."""
    first = date(shown.first_year, FIRST_MONTH, 1)
    last = date(shown.first_year + 1, FIRST_MONTH, 1)
    inside = [d for d in shown.calendar.days if d.last >= first and d.first < last]
    return [_year(shown), _entries(inside, shown)]


def _year(shown: Shown) -> html.Section:
    days = [d for y, m in months(shown.first_year) for d in _dates(y, m)]
    there = sum(shown.calendar.is_school_day(day) for day in days)
    said = f"{fmt.plural(there, 'school day')} in {year_name(shown.first_year)}."
    note = shown.calendar.note()
    grid = html.Div(
        [_month(y, m, shown) for y, m in months(shown.first_year)], className="calendar-year"
    )
    return panel("The year", _legend(), grid, note=f"{said} {note}" if note else said)


def _dates(year: int, month: int) -> list[date]:
    return [d for d in Calendar().itermonthdates(year, month) if d.month == month]


def _legend() -> html.Ul:
    shown = [("school", "School day"), ("half", "Half day"), ("holiday", "Holiday")]
    items = [html.Li([_sample(kind), words]) for kind, words in shown]
    blackout = html.Span("12", className="calendar-day calendar-school calendar-blackout")
    items.append(html.Li([blackout, "Blackout: no heavy tests"]))
    return html.Ul([*items, html.Li([_sample("closed"), "No school"])], className="calendar-legend")


def _sample(kind: str) -> html.Span:
    return html.Span(
        f"12{MARKS[kind]}", className=f"calendar-day calendar-{kind}", **{"aria-hidden": "true"}
    )


def _month(year: int, month: int, shown: Shown) -> html.Table:
    head = html.Thead(html.Tr([html.Th(d, scope="col") for d in WEEKDAYS]))
    weeks = Calendar().monthdatescalendar(year, month)
    rows = [_week([day for day in week if day.month == month], shown) for week in weeks]
    caption = html.Caption(f"{month_name[month]} {year}")
    return html.Table([caption, head, html.Tbody(rows)], className="calendar-month")


def _week(days: Sequence[date], shown: Shown) -> html.Tr:
    before = days[0].weekday() if days[0].day == 1 else 0
    blank = [html.Td(colSpan=before)] if before else []
    return html.Tr([*blank, *(_cell(day, shown) for day in days)])


def _cell(day: date, shown: Shown) -> html.Td:
    """One element a day: a year has many."""
    kind, names = _kind(day, shown.calendar)
    blackout = [d.name for d in shown.calendar.days if d.kind == "blackout" and _on(d, day)]
    said = ", ".join([SAID[kind], *names, *(f"blackout: {name}" for name in blackout)])
    classes = f"calendar-day calendar-{kind}" + (" calendar-blackout" if blackout else "")
    label = {"aria-label": f"{day.day}, {said}"}
    return html.Td(f"{day.day}{MARKS[kind]}", className=classes, title=said, **label)


def _kind(day: date, calendar: SchoolCalendar) -> tuple[str, list[str]]:
    """What a day is, and by which names. A holiday on a weekend is a weekend."""
    differs = [d for d in calendar.days if d.kind != "blackout" and _on(d, day)]
    if not calendar.hours.on(day.weekday()):
        return "closed", []
    names = [d.name for d in differs]
    if not calendar.is_school_day(day):
        return "holiday", names
    return ("half" if differs else "school"), names


def _on(entry: CalendarDay, day: date) -> bool:
    return entry.first <= day <= entry.last


def _entries(inside: Sequence[CalendarDay], shown: Shown) -> html.Section:
    if not inside:
        return panel(
            "Days that differ",
            empty(
                "No holiday, half day or blackout in this year",
                "Without them, a test on a holiday at noon is taken for one in school hours, and "
                "may not count against a line. Add them below, or upload the district's calendar.",
            ),
        )
    head = ("Days", "What", "Name", "For", "")
    headings = html.Thead(html.Tr([html.Th(h, scope="col") for h in head]))
    rows = [_entry(day, shown) for day in inside]
    caption = html.Caption("Days that differ", className="only-read")
    return panel(
        "Days that differ",
        html.Table([caption, headings, html.Tbody(rows)], className="table calendar-days"),
    )


def _entry(day: CalendarDay, shown: Shown) -> html.Tr:
    button = dmc.Button(
        "Remove",
        id={"type": "remove-calendar-day", "day": str(day.id)},
        variant="default",
        size="compact-sm",
        **{"aria-label": f"Remove {day.name}, {_span(day)}"},
    )
    cells = (
        ("What", _what(day)),
        ("Name", day.name),
        ("For", shown.names.get(day.school_id, "Every school")),
        ("Remove", button),
    )
    return row_of(_span(day), cells)


def _span(day: CalendarDay) -> str:
    first, last = (f"{d:%b} {d.day}, {d.year}" for d in (day.first, day.last))
    return first if day.first == day.last else f"{first} {fmt.TO} {last}"


def _what(day: CalendarDay) -> str:
    kind = KINDS[day.kind]
    if day.kind == "half_day" and day.closes:
        return f"{kind}, closes at {day.closes:%H:%M}"
    if day.kind == "blackout" and (day.begins or day.closes):
        begins = f"{day.begins:%H:%M}" if day.begins else "00:00"
        return f"{kind}, {begins}{fmt.TO}{f'{day.closes:%H:%M}' if day.closes else '24:00'}"
    return kind


def forms() -> list[html.Section]:
    """What adds to the calendar: for the school chosen above, or for every one."""
    return [_add(), _upload()]


def _kind_select(id_: str) -> dmc.Select:
    return dmc.Select(
        id=id_,
        label="What",
        data=[{"value": kind, "label": words} for kind, words in KINDS.items()],
        value="holiday",
        allowDeselect=False,
        className="control",
    )


def _time(id_: str, label: str) -> dmc.TextInput:
    return dmc.TextInput(id=id_, label=label, placeholder="12:30", className="control")


def _add() -> html.Section:
    fields = [
        dmc.TextInput(id="day-name", label="Name", className="control control-wide"),
        _kind_select("day-kind"),
        dmc.TextInput(
            id="day-first", label="First day", placeholder="2026-11-26", className="control"
        ),
        dmc.TextInput(id="day-last", label="Last day, if another", className="control"),
        _time("day-closes", "Half day closes at"),
        dmc.Button("Add", id="add-day"),
    ]
    return panel(
        "Add days",
        html.Div(fields, className="controls calendar-form"),
        html.Div(id="calendar-added", **{"aria-live": "polite"}),
        note="For the school chosen above, or for every school.",
    )


def _upload() -> html.Section:
    fields = [
        dmc.Select(
            id="file-kind",
            label="Its events are",
            data=[
                {"value": "auto", "label": "Holidays, if all day"},
                *({"value": kind, "label": f"{words}s"} for kind, words in KINDS.items()),
            ],
            value="auto",
            allowDeselect=False,
            className="control control-wide",
        ),
        _time("file-closes", "Half days close at"),
        dmc.TextInput(
            id="file-match",
            label="Only events named",
            placeholder="no school",
            className="control",
        ),
        dcc.Upload(
            dmc.Button("Choose a file", variant="default"),
            id="calendar-file",
            accept=".ics,text/calendar",
            max_size=MAX_UPLOAD_BYTES,
        ),
    ]
    return panel(
        "Upload a calendar",
        html.Div(fields, className="controls calendar-form"),
        html.Div(id="calendar-preview", **{"aria-live": "polite"}),
        html.Div(id="calendar-imported", **{"aria-live": "polite"}),
        note="An iCalendar file (.ics), such as the district's published calendar. You see what "
        f"would be added first. Files over {fmt.size(MAX_UPLOAD_BYTES)}: "
        "broadgauge calendar import",
    )


def preview(found: CalendarImport, name: str) -> html.Div:
    """What a file would add."""
    there, left = len(found.there), len(found.left_out)
    added = fmt.plural(len(found.added), "entry", "entries")
    said = f"{name}: {added} to add, {there} there already, "
    left_out = html.Details(
        [html.Summary(f"{left} left out"), html.Ul([html.Li(why) for why in found.left_out])]
    )
    take = dmc.Button("Add these days", id="take-file", style={"marginTop": "1rem"})
    return html.Div(
        [
            html.P(f"{said}{left} left out."),
            html.Ul([html.Li(f"{_span(d)}: {d.name} ({_what(d)})") for d in found.added]),
            *([left_out] if left else []),
            *([take] if found.added else []),
        ],
        className="calendar-preview",
    )


def names_of(schools: Iterable[School]) -> dict[Any, str]:
    """Schools' names by id."""
    return {school.id: school.name for school in schools}
