"""Calendars in the control database, on both of its kinds."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from broadgauge_collector import reports
from broadgauge_collector.capacity.daypart import clocks_of, place
from broadgauge_collector.errors import Conflict, Invalid, NotFound
from broadgauge_collector.reports.district import read_district
from broadgauge_collector.schools.calendars import (
    add_day,
    add_days,
    calendar_of,
    calendars,
    common_timezone,
    list_days,
    remove_day,
    set_least_used_hours,
)
from broadgauge_collector.schools.model import CalendarDay, DayHours, School, SchoolHours
from broadgauge_collector.schools.repository import add_school, get_school, set_hours
from broadgauge_wire import new_id
from tests.reporting import NOW, at, district, full_reading

LABOR_DAY = CalendarDay(
    first=date(2026, 9, 7), last=date(2026, 9, 7), kind="holiday", name="Labor Day"
)


@pytest.fixture
def lincoln(c: Connection) -> School:
    return add_school(c, name="Lincoln", timezone="America/Chicago")


def test_a_school_has_its_own_days_and_those_of_every_school(
    c: Connection, lincoln: School
) -> None:
    grant = add_school(c, name="Grant", timezone="America/Denver")
    common = add_day(c, LABOR_DAY)
    own = add_day(
        c,
        CalendarDay(
            first=date(2026, 9, 1), last=date(2026, 9, 2), kind="half_day", name=" Early ",
            closes=time(12, 30), school_id=lincoln.id,
        ),
    )  # fmt: skip
    assert own.name == "Early"
    assert calendar_of(c, lincoln).days == (own, common)
    assert calendars(c, [lincoln, grant])[grant.id] == calendar_of(c, grant)
    assert list_days(c, first=date(2026, 9, 2), last=date(2026, 9, 6)) == (own,)


def test_the_same_day_is_kept_once_and_can_be_removed(c: Connection, lincoln: School) -> None:
    added = add_day(c, LABOR_DAY)
    with pytest.raises(Conflict, match="in the calendar already"):
        add_day(c, LABOR_DAY)
    assert add_days(c, [LABOR_DAY, LABOR_DAY]) == ((), (LABOR_DAY, LABOR_DAY))
    assert len(add_days(c, [replace(LABOR_DAY, school_id=lincoln.id)])[0]) == 1
    assert added.id is not None
    remove_day(c, added.id)
    with pytest.raises(NotFound, match="broadgauge calendar"):
        remove_day(c, added.id)
    assert [day.school_id for day in list_days(c)] == [lincoln.id]


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"last": date(2026, 9, 1)}, "before it begins"), ({"name": " "}, "is empty"),
     ({"last": date(2028, 9, 1)}, "at most 366 days"), ({"first": date(1, 1, 1)}, "between 2020"),
     ({"kind": "half_day"}, "when school closes"),
     ({"kind": "blackout", "begins": time(9), "closes": time(9)}, "not after 09:00")],
)  # fmt: skip
def test_days_that_cant_be_are_refused(
    c: Connection, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        add_day(c, replace(LABOR_DAY, **changes))


def test_a_day_is_refused_that_its_school_cant_have(c: Connection, lincoln: School) -> None:
    with pytest.raises(NotFound, match="no school with the id"):
        add_day(c, replace(LABOR_DAY, school_id=new_id()))
    before = replace(LABOR_DAY, kind="half_day", closes=time(7), school_id=lincoln.id)
    with pytest.raises(Invalid, match="opens at 07:30 at the earliest"):
        add_day(c, before)


def test_hours_of_single_weekdays_are_kept_and_may_not_overlap(
    c: Connection, lincoln: School
) -> None:
    morning = DayHours(weekday=2, opens=time(8), closes=time(12))
    evening = DayHours(weekday=2, opens=time(17), closes=time(20))
    hours = SchoolHours(by_weekday=(morning, evening))
    assert set_hours(c, lincoln.id, hours).hours == hours == get_school(c, lincoln.id).hours
    early = replace(evening, opens=time(11))
    with pytest.raises(Invalid, match="On Wednesdays, hours to 12:00 overlap those from 11:00"):
        set_hours(c, lincoln.id, SchoolHours(by_weekday=(morning, early)))
    with pytest.raises(Invalid, match="not after it opens at 08:00"):
        set_hours(c, lincoln.id, SchoolHours(by_weekday=(replace(morning, closes=time(8)),)))


def test_least_used_hours_are_the_nights_until_others_are_chosen(
    c: Connection, lincoln: School
) -> None:
    assert calendar_of(c, lincoln).least_used == (1, 2, 3, 4)
    school = set_least_used_hours(c, lincoln.id, [23, 0])
    assert school.least_used_hours == calendar_of(c, school).least_used == (0, 23)
    for none in ([], [24], range(24)):
        with pytest.raises(Invalid, match="0 to 23"):
            set_least_used_hours(c, lincoln.id, none)


def test_a_file_for_every_school_goes_by_the_clock_of_most(c: Connection) -> None:
    assert common_timezone(c) == "UTC"
    for n, zone in enumerate(("America/Denver", "America/Chicago", "America/Denver")):
        add_school(c, name=str(n), timezone=zone)
    assert common_timezone(c) == "America/Denver"


def test_a_holidays_noon_is_closed_hours_to_the_judge(tmp_path: Path) -> None:
    """One test each weekday at noon: in school hours, where a missed need says nothing."""
    with district(tmp_path) as here:
        lincoln = here.school()
        here.link(lincoln)
        noons = [full_reading(day, 300, 12) for day in range(18) if at(day, 12).weekday() < 5]
        here.keep(here.agent(lincoln), *noons)

        def missed() -> int:
            (school,) = reports.overview(here.stores, "fcc-1mbps", 30, NOW).schools
            assert school.deciding is not None
            return school.deciding.verdict.missed_days

        assert missed() == 0
        break_ = CalendarDay(
            first=at(20, 12).date(), last=at(0, 12).date(), kind="holiday", name="Spring break"
        )
        with here.stores.control.begin() as c:
            add_day(c, break_)
        assert missed() >= 6


def test_a_school_is_judged_by_its_own_days_and_a_shared_line_by_those_of_all(
    tmp_path: Path,
) -> None:
    with district(tmp_path) as here:
        lincoln, grant = here.school("Lincoln"), here.school("Grant")
        shared = here.link(lincoln, grant)
        with here.stores.control.begin() as c:
            add_day(c, replace(LABOR_DAY, school_id=lincoln.id))
        found = read_district(here.stores)
        noon = datetime(2026, 9, 7, 17, tzinfo=UTC)
        assert place(noon, clocks_of([found.calendars[lincoln.id]]))[1] == "closed"
        assert place(noon, found.clocks(shared))[1] == "school"
