"""Verdicts over the API: batches in, verdicts out."""

import csv
import io
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from broadgauge_collector import recent
from broadgauge_collector.capacity.targets import TARGETS
from broadgauge_collector.schools.model import School
from broadgauge_wire import ThroughputResult
from tests.api_client import Api
from tests.collecting import batch, throughput

NIGHT = time(9, 0)
"""UTC; 3 or 4 in the morning in Chicago, when nobody is on the line."""


def _school_with_line(api: Api, students: int | None = 420) -> School:
    school = api.school(students=students)
    new = {"name": "Lincoln LAN", "segment": "lan", "schools": [school.name]}
    assert api.http.post("/api/v1/links", json=new, headers=api.admin).status_code == 201
    return school


def _twelve_days(api: Api, school: School, **about: Any) -> None:
    agent, headers = api.agent(school)
    today = api.services.now().date()
    tests = [
        _test(datetime.combine(today - timedelta(days=n), NIGHT, UTC), about)
        for n in range(15, 27)  # so long ago that the last two evaluations saw them all
    ]
    assert api.send(batch(agent, *tests), headers).json()["refused"] == []


def _test(moment: datetime, about: dict[str, Any]) -> ThroughputResult:
    rate = about.get("line_bits_per_second", 470e6)
    rates = {"throughput_bits_per_second": rate * 0.96, "line_bits_per_second": rate}
    return throughput(started_at=moment, **{**about, **rates})


def _verdicts(api: Api, **question: Any) -> Any:
    answer = api.http.get("/api/v1/verdicts", params=question, headers=api.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _conclusion(api: Api) -> tuple[str, str | None]:
    (school,) = _verdicts(api)["schools"]
    return school["conclusion"], school["reason"]


def test_twelve_good_days_meet_one_mbps_for_each_student(api: Api) -> None:
    _twelve_days(api, _school_with_line(api))  # 470 Mbps against 420

    found = _verdicts(api)

    assert found["schools"][0]["conclusion"] == "meets"
    (link,) = found["links"]
    assert link["link"]["name"] == "Lincoln LAN"
    assert link["verdict"]["need"]["bits_per_second"] == 420e6
    assert link["verdict"]["reached_days"] == 12
    assert link["verdict"]["method"]


def test_twelve_short_days_are_below(api: Api) -> None:
    _twelve_days(api, _school_with_line(api), line_bits_per_second=200e6)

    assert _conclusion(api)[0] == "below"


def test_a_machine_that_couldnt_have_seen_the_need_decides_nothing(api: Api) -> None:
    slow = {"ceiling_bits_per_second": 100e6, "line_bits_per_second": 94e6}
    _twelve_days(api, _school_with_line(api), **slow, bound="at_least", limited_by="nic")

    assert _conclusion(api) == ("undecided", "machine_limited")


def test_inside_one_machine_nothing_is_judged(api: Api) -> None:
    _twelve_days(api, _school_with_line(api), path_kind="loopback")

    assert _conclusion(api) == ("undecided", "loopback")


def test_without_people_there_is_no_need(api: Api) -> None:
    _twelve_days(api, _school_with_line(api, students=None))

    assert _conclusion(api) == ("undecided", "no_people")


def test_without_tests_it_is_undecided_and_says_so(api: Api) -> None:
    _school_with_line(api)

    assert _conclusion(api) == ("undecided", "not_enough_tests")


def test_a_school_without_a_line_is_undecided_and_says_what_to_do(api: Api) -> None:
    api.school(students=420)

    (school,) = _verdicts(api)["schools"]

    assert school["conclusion"] == "undecided"
    assert "links add" in school["explanation"]


def test_an_unknown_target_names_the_nearest(api: Api) -> None:
    answer = api.http.get("/api/v1/verdicts?target=fcc-1mpbs", headers=api.admin)

    assert answer.status_code == 404
    assert "fcc-1mbps" in answer.json()["detail"]


def test_every_target_has_its_source(api: Api) -> None:
    found = api.http.get("/api/v1/targets", headers=api.admin).json()

    assert [target["key"] for target in found] == [target.key for target in TARGETS]
    assert all(target["source"] and target["year"] for target in found)


def test_the_export_has_a_row_for_each_school_and_line(api: Api) -> None:
    _twelve_days(api, _school_with_line(api))
    api.school("=Grant High")

    answer = api.http.get("/api/v1/verdicts?format=csv", headers=api.admin)
    rows = {row["school"]: row for row in csv.DictReader(io.StringIO(answer.text))}

    lincoln = rows["Lincoln Elementary"]
    assert lincoln["conclusion"] == "meets"
    assert float(lincoln["need_bits_per_second"]) == 420e6
    assert float(lincoln["capacity_bits_per_second"]) == 470e6
    assert lincoln["decides_for_school"] == "true"
    assert rows["'=Grant High"]["conclusion"] == "undecided"


def test_the_parquet_export_has_numbers_as_numbers(api: Api) -> None:
    _twelve_days(api, _school_with_line(api))

    answer = api.http.get("/api/v1/verdicts?format=parquet", headers=api.admin)
    table = parquet.read_table(pa.BufferReader(answer.content))

    assert table["reached_days"].to_pylist() == [12]
    assert table.schema.field("capacity_bits_per_second").type == pa.float64()


def test_a_school_just_added_is_in_the_answer_where_answers_are_kept_for_a_while(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a large district every answer is costly, and a recent one is given out."""
    monkeypatch.setattr(recent, "COSTLY_SECONDS", 0.0)

    def names() -> list[str]:
        answer = api.http.get("/api/v1/verdicts", headers=api.admin).json()
        return [each["school"] for each in answer["schools"]]

    assert names() == []
    api.school()
    assert names() == ["Lincoln Elementary"]
