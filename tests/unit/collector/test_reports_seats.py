"""From stored tests in school hours to what a seat gets, on a real store and over the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broadgauge_collector.errors import NotFound
from broadgauge_collector.reports.seats import SchoolSeats, seats
from broadgauge_collector.schools.assumptions import set_assumption
from broadgauge_collector.schools.model import School
from broadgauge_wire import Result, new_id
from tests import collecting
from tests.api_client import Api
from tests.reporting import NOW, TestDistrict, at, district, full_reading


@pytest.fixture
def here(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


SCHOOL_DAYS = (1, 2, 3, 6, 7, 8, 9, 10)
"""Days before Thursday 19 March: Wednesday to Monday, and the week before from Friday back."""


def at_ten(days_ago: int, mbps: float = 50, **changes: Any) -> Result:
    return full_reading(days_ago, mbps, 10, **{"loaded_rtt_seconds": 0.03} | changes)


def filled(here: TestDistrict, *results: Result) -> School:
    school = here.school()
    here.keep(here.agent(school), *results)
    return school


def found(here: TestDistrict, school: School) -> SchoolSeats:
    return seats(here.stores, school.id, "web", 30, NOW)


def test_only_school_hours_count(here: TestDistrict) -> None:
    evenings = [full_reading(day, 1) for day in SCHOOL_DAYS]
    weekend = full_reading(4, 1, 10)
    school = filled(here, *(at_ten(day) for day in SCHOOL_DAYS), *evenings, weekend)
    report = found(here, school)
    assert report.segment == "internet"
    assert report.seats.tests == 8
    assert report.seats.share == pytest.approx(1)
    assert report.seats.room_bits_per_second == 50e6


def test_limits_are_the_districts_and_a_schools_own_win(here: TestDistrict) -> None:
    school = filled(here, *(at_ten(day, 50) for day in SCHOOL_DAYS))
    with here.stores.control.begin() as c:
        set_assumption(c, key="seat.web.rate", value=80)
    strict = found(here, school).seats
    assert (strict.use.bits_per_second, strict.share) == (80e6, 0)
    assert "set by the district" in strict.use.source
    assert "M-Lab" in strict.use.source  # says so of the round trip and the loss still
    with here.stores.control.begin() as c:
        set_assumption(c, key="seat.web.rate", value=20, school_id=school.id)
        set_assumption(c, key="seat.web.rtt", value="10", school_id=school.id)
    late = found(here, school).seats
    assert (late.use.rtt_seconds, late.share) == (0.01, 0)
    with here.stores.control.begin() as c:
        set_assumption(c, key="seat.web.rtt", value=None, school_id=school.id)
    assert found(here, school).seats.share == pytest.approx(1)


def test_failed_skipped_and_lossy_hours_are_counted(here: TestDistrict) -> None:
    failed = at_ten(
        1, error="no answer", line_bits_per_second=None, throughput_bits_per_second=None, bound=None
    )
    skipped = collecting.skipped(id=new_id(), started_at=at(1, 11), segment="internet")
    lossy = collecting.latency(
        id=new_id(), started_at=at(2, 10, 20), segment="internet", sent=100, lost=5
    )
    school = filled(here, *(at_ten(day) for day in SCHOOL_DAYS), failed, skipped, lossy)
    report = found(here, school).seats
    assert (report.tests, report.failed, report.skipped) == (9, 1, 1)
    (band,) = report.hours
    assert (band.tests, band.short) == (9, 2)


def test_made_up_tests_are_left_out_where_there_are_real_ones(here: TestDistrict) -> None:
    made_up = [at_ten(day, 1, simulated=True) for day in SCHOOL_DAYS]
    school = filled(here, *made_up, at_ten(1), at_ten(2))
    assert (found(here, school).seats.tests, found(here, school).simulated) == (2, False)
    other = here.school("Adams")
    here.keep(here.agent(other), at_ten(1, simulated=True))
    assert found(here, other).simulated


def test_a_school_that_is_not_there_is_not_found(here: TestDistrict) -> None:
    with pytest.raises(NotFound):
        seats(here.stores, new_id(), "web", 30, NOW)


def test_the_api_says_the_same_and_names_the_uses(api: Api) -> None:
    school = api.school()
    uses = api.http.get("/api/v1/uses", headers=api.admin).json()
    assert [use["key"] for use in uses] == ["web", "video", "call"]
    assert all(use["source"] for use in uses)
    address = f"/api/v1/schools/{school.name}/seats"
    answer = api.http.get(address, params={"use": "call"}, headers=api.admin).json()
    assert answer["seats"]["use"]["rtt_seconds"] == 0.05
    assert answer["seats"]["share"] is None
    wish = {"key": "seat.call.rtt", "value": 80}
    api.http.put("/api/v1/demand/assumptions", json=wish, headers=api.admin)
    answer = api.http.get(address, params={"use": "call"}, headers=api.admin).json()
    assert answer["seats"]["use"]["rtt_seconds"] == 0.08
    uses = api.http.get("/api/v1/uses", headers=api.admin).json()
    assert [use["rtt_seconds"] for use in uses] == [0.1, 0.1, 0.08]
    wrong = api.http.get(address, params={"use": "games"}, headers=api.admin)
    assert wrong.status_code in (400, 422)


def test_a_period_leaves_out_what_was_before(here: TestDistrict) -> None:
    school = filled(here, *(at_ten(day) for day in SCHOOL_DAYS))
    report = seats(here.stores, school.id, "web", 3, NOW)
    assert report.seats.tests == 2
