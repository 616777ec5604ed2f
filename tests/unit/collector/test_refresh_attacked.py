"""What must not bring refresh or readiness to a wrong number or a fault, however it is said."""

import csv
import io
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.figures import FIGURES
from broadgauge_collector.fleet.readiness.judge import judge_school
from broadgauge_collector.fleet.readiness.model import Output, Specification
from broadgauge_collector.fleet.statistics.sums import DRAWS
from broadgauge_collector.schools.assumptions import set_assumption
from tests.api_client import Api
from tests.unit.collector.test_api_imports import Importing
from tests.unit.collector.test_cli_commands import Command, run, server
from tests.unit.collector.test_readiness import wanted

__all__ = ["run", "server"]

HEADINGS = "Asset Tag,Serial Number,Type,Model,School,Status,Purchase Date,Price,Warranty End"
BOUGHT = datetime.now(UTC).date() - timedelta(days=700)
PRICE = {"cents": 40000, "low_cents": 40000, "high_cents": 40000}


def sheet(*, price: str = "300.00", many: int = 10) -> bytes:
    rows = (
        f"T{n},S{n},Chromebook,HP 11,Lincoln Elementary,in service,{BOUGHT},{price},2029-06-30"
        for n in range(many)
    )
    return "\n".join((HEADINGS, *rows, "")).encode()


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school(students=120, staff=10)
    return Importing(api)


def set_prices(importing: Importing, **costs: Any) -> None:
    answer = importing.api.http.put(
        "/api/v1/unit-costs", json={"costs": costs}, headers=importing.admin
    )
    assert answer.status_code == 200, answer.text


def unit_cost(importing: Importing) -> int | None:
    (line,) = importing.get("/refresh")["lines"]
    cents: int | None = line["unit_cost_cents"]
    return cents


def a_file(importing: Importing, **asked: str) -> bytes:
    answer = importing.api.http.get("/api/v1/refresh", params=asked, headers=importing.admin)
    assert answer.status_code == 200
    return answer.content


def test_a_price_set_for_a_kind_wins_over_what_was_paid_for_its_models(
    importing: Importing,
) -> None:
    importing.bring(sheet(), "devices")
    assert unit_cost(importing) == 30000
    set_prices(importing, chromebook=PRICE)
    assert unit_cost(importing) == 40000
    set_prices(importing, chromebook=PRICE, **{"HP 11": PRICE | {"high_cents": 50000}})
    (line,) = importing.get("/refresh")["lines"]
    assert line["unit_cost_high_cents"] == 50000
    set_prices(importing)
    assert unit_cost(importing) == 30000


def test_where_no_price_is_known_the_file_has_no_cost_rather_than_none_at_all(
    importing: Importing,
) -> None:
    importing.bring(sheet(price=""), "devices")
    rows = csv.DictReader(io.StringIO(a_file(importing, format="csv", table="needs").decode()))
    needed = [row for row in rows if float(row["devices_expected"]) > 0]
    assert needed
    assert {row["cost_expected_cents"] for row in needed} == {""}
    assert all(row["devices_without_price"] == row["devices_expected"] for row in needed)


def test_days_in_a_workbook_are_shown_as_days(importing: Importing) -> None:
    importing.bring(sheet(), "devices")
    book = zipfile.ZipFile(io.BytesIO(a_file(importing, format="xlsx", table="lines")))
    assert "yyyy-mm-dd" in book.read("xl/styles.xml").decode()
    days = (date(2029, 6, 30) - date(1899, 12, 30)).days
    cell = book.read("xl/worksheets/sheet1.xml").decode().split(f"<v>{days}</v>")[0]
    assert cell.rsplit("<c ", 1)[1].startswith('r="K2" s="')


def test_the_sentence_on_ranges_says_how_many_futures_there_are(importing: Importing) -> None:
    assert f"of {DRAWS:,} simulated futures" in importing.get("/refresh")["ranges"]


def test_a_school_that_is_added_later_gets_its_devices(api: Api) -> None:
    importing = Importing(api)
    importing.bring(sheet(), "devices")
    assert {device["school"] for device in importing.get("/devices")["devices"]} == {None}
    school = {"name": "Lincoln Elementary", "timezone": "America/Chicago"}
    api.http.post("/api/v1/schools", json=school, headers=importing.admin)
    assert {device["school"] for device in importing.get("/devices")["devices"]} == {
        "Lincoln Elementary"
    }


def test_a_grade_that_stands_twice_has_its_students_once() -> None:
    output = Output(
        title="Essays", grades=("KG", "KG"), devices_per_student=1.0, least=Specification()
    )
    school = wanted(outputs=(output,), by_grade={"KG": 30})
    assert judge_school(school, Counter()).outputs[0].students == 30


def test_a_technician_supports_one_device_at_least(api: Api) -> None:
    key = "fleet.per_technician"
    assert FIGURES[key].bounds[0] == 1
    with (
        api.services.stores.control.begin() as c,
        pytest.raises(Invalid, match="from 1 to 100000"),
    ):
        set_assumption(c, key=key, value=0.0)


def test_numbers_that_are_none_are_refused_with_a_sentence(run: Command, tmp_path: Path) -> None:
    (tmp_path / "devices.csv").write_bytes(sheet(many=2))
    assert run("schools", "add", "Lincoln Elementary", "--timezone", "America/Chicago").code == 0
    assert run("import", "devices", str(tmp_path / "devices.csv")).code == 0
    for wrong in ("nan", "1e308", "-5", "a lot"):
        refused = run("refresh", "price", "--", "chromebook", wrong)
        assert (refused.code, "Traceback" in refused.words) == (2, False)
    for wrong in ("nan", "inf"):
        assert "is no number" in run("refresh", "age", "chromebook", wrong).words
        assert "is no number" in run("readiness", "technicians", wrong).words
    assert run("refresh", "age", "typewriter", "5").code == 2

    assert "No device is of" not in run("refresh", "price", "chromebook", "$320").words
    assert "640" in run("refresh", "list").out
    unknown = run("refresh", "price", "Chromebook", "5")
    assert "Did you mean chromebook?" in unknown.words
    assert run("refresh", "price", "chromebook", "--as-paid").code == 0
    assert run("refresh", "price", "chromebook").code == 2


def test_devices_without_a_price_are_told_beside_the_costs(run: Command, tmp_path: Path) -> None:
    (tmp_path / "devices.csv").write_bytes(sheet(price="", many=30))
    run("import", "devices", str(tmp_path / "devices.csv"), "--confirm")
    listed = run("refresh", "list")
    assert "no price is known" in listed.words
    assert "0" not in listed.out.splitlines()[1].split()[4:]
    assert "No ticket" not in run("repairs", "rates").words
