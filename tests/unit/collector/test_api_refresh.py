"""Refresh over HTTP: from an imported inventory to what must be bought in which year."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from broadgauge_collector.fleet.statistics.fiscal_years import fiscal_year
from tests.api_client import Api
from tests.unit.collector.test_api_imports import Importing

HEADINGS = "Asset Tag,Serial Number,Type,Model,School,Status,Support End,Purchase Date,Price"
TODAY = datetime.now(UTC).date()
AGO = timedelta(days=365)


def sheet(*rows: str) -> bytes:
    return "\n".join((HEADINGS, *rows, "")).encode()


def row(number: int, *, bought: date, ends: str = "", state: str = "in service") -> str:
    return f"T{number},S{number},Chromebook,HP 11,Lincoln Elementary,{state},{ends},{bought},300.00"


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school(students=120, staff=10)
    return Importing(api)


def put(importing: Importing, path: str, body: Any) -> Any:
    return importing.api.http.put(f"/api/v1{path}", json=body, headers=importing.admin)


def test_devices_are_replaced_when_their_kind_is_too_old(importing: Importing) -> None:
    bought = TODAY - 2 * AGO
    importing.bring(sheet(*(row(n, bought=bought) for n in range(40))), "devices")
    found = importing.get("/refresh")
    (line,) = found["lines"]
    assert (line["devices"], line["reason"], line["unit_cost_cents"]) == (40, "age", 30000)
    due = fiscal_year(bought + timedelta(days=round(5 * 365.25)))
    assert line["replace_fiscal_year"] == due
    district = found["forecast"]["district"]
    years = {year["fiscal_year"]: year["need"] for year in district["years"]}
    assert years[due]["expected"] == pytest.approx(40, abs=2)
    assert years[due]["cost"]["expected_cents"] == pytest.approx(40 * 30000, rel=0.05)


def test_updates_that_end_earlier_come_first(importing: Importing) -> None:
    ends = TODAY + AGO
    importing.bring(sheet(row(1, bought=TODAY - 2 * AGO, ends=str(ends))), "devices")
    (line,) = importing.get("/refresh")["lines"]
    assert (line["reason"], line["support_ends_on"]) == ("support", str(ends))
    assert line["replace_fiscal_year"] == fiscal_year(ends)


def test_a_rule_that_is_edited_shows_at_once(importing: Importing) -> None:
    importing.bring(sheet(row(1, bought=TODAY)), "devices")
    rules = importing.get("/replace-rules")
    limits = [limit for limit in rules["age_limits"] if limit["kind"] != "chromebook"]
    wish = rules | {"age_limits": [*limits, {"kind": "chromebook", "years": 8}]}
    assert put(importing, "/replace-rules", wish).status_code == 200
    (line,) = importing.get("/refresh")["lines"]
    assert line["replace_fiscal_year"] == fiscal_year(TODAY + timedelta(days=8 * 365.25))
    refused = put(importing, "/replace-rules", rules | {"fiscal_year_begins_in": 13})
    assert refused.status_code == 422


def test_a_price_that_is_set_wins_over_what_was_paid(importing: Importing) -> None:
    importing.bring(sheet(row(1, bought=TODAY)), "devices")
    price = {"cents": 40000, "low_cents": 35000, "high_cents": 50000}
    assert put(importing, "/unit-costs", {"costs": {"HP 11": price}}).status_code == 200
    (line,) = importing.get("/refresh")["lines"]
    assert line["cost_cents"] == 40000
    wrong = price | {"low_cents": 45000}
    answer = put(importing, "/unit-costs", {"costs": {"HP 11": wrong}})
    assert answer.status_code == 422
    assert "between its least and its most" in answer.json()["detail"]


def test_what_is_gone_is_not_replaced_and_no_age_widens_the_range(importing: Importing) -> None:
    rows = [row(1, bought=TODAY, state="lost"), row(2, bought=TODAY - AGO)]
    unknown = "T3,S3,Chromebook,HP 11,Lincoln Elementary,in service,,,"
    importing.bring(sheet(*rows, unknown), "devices")
    found = importing.get("/refresh")
    assert sum(line["devices"] for line in found["lines"]) == 2
    (loose,) = [line for line in found["lines"] if line["purchase_fiscal_year"] is None]
    assert loose["earliest_fiscal_year"] <= loose["latest_fiscal_year"]
    assert found["forecast"]["district"]["age_unknown"] == 1


def test_both_tables_can_be_taken_away(importing: Importing) -> None:
    importing.bring(sheet(row(1, bought=TODAY)), "devices")
    for table, column in (("lines", "replace_fiscal_year"), ("needs", "devices_expected")):
        answer = importing.api.http.get(
            "/api/v1/refresh", params={"format": "csv", "table": table}, headers=importing.admin
        )
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert rows[0][column]
        for format_ in ("xlsx", "parquet"):
            answer = importing.api.http.get(
                "/api/v1/refresh",
                params={"format": format_, "table": table},
                headers=importing.admin,
            )
            assert answer.status_code == 200
