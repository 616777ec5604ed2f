"""What the schools of a district have in common, on a real store and over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broadgauge_collector.errors import NotFound
from broadgauge_collector.reports.audit import Audit, audit
from tests.api_client import Api
from tests.reporting import NOW, TestDistrict, district, full_reading, twelve_days


@pytest.fixture
def here(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def found(here: TestDistrict) -> Audit:
    return audit(here.stores, "fcc-1mbps", 30, NOW)


def test_schools_that_differ_are_where_the_variation_lies(here: TestDistrict) -> None:
    for name, mbps in (("Adams", 100), ("Baker", 300), ("Clark", 900)):
        school = here.school(name)
        here.link(school, name=f"{name} line")
        here.keep(here.agent(school), *twelve_days(mbps))
    report = found(here)
    assert report.tests == 72
    assert report.parts[0].place == "schools"
    assert report.parts[0].share > 0.95
    assert report.findings[0].schools == ("Adams", "Baker")


def test_one_line_that_lets_many_down_is_named_once(here: TestDistrict) -> None:
    schools = [here.school(name) for name in ("Adams", "Baker", "Clark")]
    here.link(*schools, name="District Internet")
    for school in schools:
        slow = twelve_days(300, ceiling_bits_per_second=9e9)
        here.keep(here.agent(school), *slow)
    report = found(here)
    assert report.findings[0].words == "District Internet falls short, and decides for 3 schools."
    assert report.findings[0].schools == ("Adams", "Baker", "Clark")


def test_hours_that_are_slow_at_several_schools_are_named(here: TestDistrict) -> None:
    for name in ("Adams", "Baker"):
        school = here.school(name)
        here.link(school, name=f"{name} line")
        noon = [full_reading(day, 100, 12) for day in range(11, 23)]
        failed = full_reading(
            11, 1, 13, error="no answer", line_bits_per_second=None,
            throughput_bits_per_second=None, bound=None,
        )  # fmt: skip
        here.keep(here.agent(school), *twelve_days(900), *noon, *([failed] * (name == "Adams")))
    report = found(here)
    assert any(one.words.startswith("From 12:00 to 14:00") for one in report.findings)
    assert report.parts[0].place == "hours"


def test_too_few_tests_divide_up_nothing(here: TestDistrict) -> None:
    school = here.school()
    here.link(school)
    here.keep(here.agent(school), full_reading(1, 100))
    assert found(here).parts == ()


def test_an_unknown_target_is_not_found(here: TestDistrict) -> None:
    with pytest.raises(NotFound):
        audit(here.stores, "fcc-1mbit", 30, NOW)


def test_the_api_says_the_same(api: Api) -> None:
    api.school()
    answer = api.http.get("/api/v1/audit", headers=api.admin).json()
    assert answer["parts"] == []
    assert answer["target"]["key"] == "fcc-1mbps"
