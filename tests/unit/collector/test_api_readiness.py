"""Readiness over HTTP: from an imported inventory to what schools lack."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from broadgauge_collector.fleet.other_rows import KEPT, OtherRows
from broadgauge_collector.imports.model import PeopleRecord, SchoolRecord
from tests.api_client import Api
from tests.unit.collector.test_api_imports import Importing

DEVICES = "Asset Tag,Serial Number,Type,Model,School,Status,Support End"


def sheet(*rows: str) -> bytes:
    return "\n".join((DEVICES, *rows, "")).encode()


def ready(number: int) -> str:
    return f"T{number},S{number},chromebook,HP 11,Lincoln Elementary,in service,2031-06-30"


def output(title: str, devices_per_student: float, *grades: str) -> dict[str, Any]:
    return {
        "title": title,
        "grades": grades,
        "devices_per_student": devices_per_student,
        "least": {"inches": 9.5},
    }


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school(students=120, staff=10)
    return Importing(api)


def test_a_schools_devices_are_held_against_its_assessment(importing: Importing) -> None:
    found = importing.bring(sheet(*(ready(n) for n in range(30))), "devices")
    assert found["state"] == "applied", found
    school = importing.get("/readiness")["schools"][0]
    assert (school["school"], school["devices"]) == ("Lincoln Elementary", 30)
    seats, students = school["assessment"], school["students"]
    assert students == 120
    assert (seats["needed"], seats["ready"], seats["unknown"]) == (40, 30, 0)
    assert (seats["missing"], seats["enough"]) == (10, "open")


def test_a_device_whose_updates_ended_is_not_ready(importing: Importing) -> None:
    old = "T1,S1,chromebook,HP 11,Lincoln Elementary,in service,2020-06-30"
    importing.bring(sheet(old, ready(2)), "devices")
    seats = importing.get("/readiness")["schools"][0]["assessment"]
    assert (seats["ready"], seats["unknown"]) == (1, 0)


def test_lost_and_vanished_devices_seat_nobody(importing: Importing) -> None:
    lost = "T1,S1,chromebook,HP 11,Lincoln Elementary,lost,2031-06-30"
    importing.bring(sheet(lost, ready(2)), "devices")
    assert importing.get("/readiness")["schools"][0]["devices"] == 1


def test_a_figure_that_is_edited_shows_at_once(importing: Importing) -> None:
    importing.bring(sheet(*(ready(n) for n in range(30))), "devices")
    wish = {"key": "fleet.assessment.inches", "value": 12}
    answer = importing.api.http.put(
        "/api/v1/demand/assumptions", json=wish, headers=importing.admin
    )
    assert answer.status_code == 200, answer.text
    found = importing.get("/readiness")
    assert found["schools"][0]["assessment"]["ready"] == 0
    figures = {f["key"]: f for f in found["figures"]}
    assert figures["fleet.assessment.inches"]["source"] == "set by the district"


def test_technicians_are_said_and_the_support_load_follows(importing: Importing) -> None:
    importing.bring(sheet(*(ready(n) for n in range(30))), "devices")
    said = importing.get("/readiness-entries")
    assert said["technicians"] is None
    assert importing.get("/readiness")["support"]["missing"] is None
    answer = importing.api.http.put(
        "/api/v1/readiness-entries", json=said | {"technicians": 0.05}, headers=importing.admin
    )
    assert answer.status_code == 200, answer.text
    load = importing.get("/readiness")["support"]
    assert (load["devices"], load["missing"]) == (30, pytest.approx(0.01))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"technicians": -1}, "from 0 to 100,000"),
        ({"outputs": [output("", 1)]}, "1 to 100 characters"),
        ({"outputs": [output("A", 1, "3rd")]}, "is no grade"),
        ({"outputs": [output("A", 11)]}, "from 0 to 10"),
        ({"outputs": [output("A", 1), output("A", 1)]}, "the same title"),
    ],
)
def test_what_cant_be_is_refused_in_a_sentence(
    importing: Importing, change: dict[str, Any], words: str
) -> None:
    answer = importing.api.http.put(
        "/api/v1/readiness-entries", json=change, headers=importing.admin
    )
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_file_has_a_row_for_each_school_and_demand(importing: Importing) -> None:
    importing.bring(sheet(ready(1)), "devices")
    answer = importing.api.http.get(
        "/api/v1/readiness", params={"format": "csv"}, headers=importing.admin
    )
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["held_against"] for row in rows} >= {"Online assessment"}
    assert {row["school"] for row in rows} == {"Lincoln Elementary"}
    for format_ in ("xlsx", "parquet"):
        answer = importing.api.http.get(
            "/api/v1/readiness", params={"format": format_}, headers=importing.admin
        )
        assert answer.status_code == 200
        assert len(answer.content) > 100
    assert date.fromisoformat(importing.get("/readiness")["day"])


def test_a_list_that_counts_no_grades_leaves_those_that_another_source_counted(
    importing: Importing,
) -> None:
    now = importing.api.services.now()
    counted = PeopleRecord(key="1", place="Lincoln Elementary", by_grade={"03": 60})
    listed = SchoolRecord(key="2", name="Lincoln Elementary")
    with importing.api.services.stores.control.begin() as c:
        OtherRows(c, "oneroster", KEPT[PeopleRecord]).put([counted], now - timedelta(days=1))
        OtherRows(c, "nces", KEPT[SchoolRecord]).put([listed], now)
    (school,) = importing.get("/readiness")["schools"]
    assert [each["students"] for each in school["outputs"]] == [0, 60, 0]
