"""Repairs typed in, listed and taken away, the rule of what counts, and schools without a feed."""

import io
import zipfile
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.fleet.other_rows import KEPT, OtherRows
from broadgauge_collector.imports.model import TicketRecord
from tests.api_client import Api, Headers
from tests.unit.collector.fleet_days import BOUGHT, NOW, SCHOOL, put_device, put_ticket

PATH = "/api/v1/repairs"
DAY = date(2025, 3, 3)


class Repairing:
    """An administrator who types repairs in."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.admin: Headers = api.admin

    def ask(self, method: str, path: str, body: Any = None, **asked: Any) -> Any:
        return self.api.http.request(
            method, f"/api/v1{path}", json=body, params=asked, headers=self.admin
        )

    def get(self, path: str, **asked: Any) -> Any:
        answer = self.ask("GET", path, **asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def add(self, **said: Any) -> Any:
        given = {"device": "A", "opened_on": str(DAY), "category": "accident"} | said
        return self.ask("POST", "/repairs", given)

    def keys(self, **asked: Any) -> list[str]:
        return [each["key"] for each in self.get("/repairs", **asked)["repairs"]]


@pytest.fixture
def repairing(api_on_both: Api) -> Repairing:
    api_on_both.school()
    api_on_both.school("Adams Middle")
    with api_on_both.services.stores.control.begin() as c:
        put_device(c, "A", asset_tag="T-1", model="HP 11")
        put_device(c, "B", asset_tag="T-2", place="Adams Middle", model="Lenovo 300e")
        put_device(c, "C", asset_tag="T-2")
    return Repairing(api_on_both)


def put(repairing: Repairing, *args: Any, **said: Any) -> None:
    with repairing.api.services.stores.control.begin() as c:
        put_ticket(c, *args, **said)


@pytest.mark.parametrize("name", ["A", "a", " T-1 ", "t-1"])
def test_a_repair_is_typed_in_by_asset_tag_or_serial_number(
    repairing: Repairing, name: str
) -> None:
    added = repairing.add(device=name, issue="Cracked screen", cost_cents=8050)
    assert added.status_code == 201, added.text
    (found,) = repairing.get("/repairs")["repairs"]
    assert (found["source"], found["key"]) == ("by hand", added.json()["id"])
    assert (found["serial"], found["asset_tag"], found["school"]) == ("A", "T-1", SCHOOL)
    assert (found["opened_on"], found["issue"], found["cost_cents"], found["currency"]) == (
        "2025-03-03", "Cracked screen", 8050, "USD",
    )  # fmt: skip


def test_a_device_is_meant_by_its_id_where_several_have_the_tag(repairing: Repairing) -> None:
    refused = repairing.add(device="T-2")
    assert (refused.status_code, "2 devices have this" in refused.text) == (422, True)
    listed = repairing.get("/devices", search="lenovo")["devices"]
    assert repairing.add(device=listed[0]["id"]).status_code == 201
    (found,) = repairing.get("/repairs")["repairs"]
    assert (found["serial"], found["school"]) == ("B", "Adams Middle")


@pytest.mark.parametrize("name", ["unheard of", "0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11", "   "])
def test_a_device_that_nobody_knows_is_refused(repairing: Repairing, name: str) -> None:
    assert repairing.add(device=name).status_code == 404
    assert repairing.get("/repairs")["total"] == 0


TOMORROW = str(date.today() + timedelta(days=2))  # noqa: DTZ011 - in every zone


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"closed_on": "2025-03-02"}, "closed before it was opened"),
        ({"opened_on": TOMORROW}, "after today"),
        ({"closed_on": TOMORROW}, "after today"),
        ({"opened_on": str(BOUGHT - timedelta(days=1))}, "bought or enrolled, on 2024-08-01"),
        ({"cost_cents": -1}, "0 or more"),
        ({"labour_cents": -1}, "0 or more"),
        ({"parts_cents": 10**13}, "0 or more"),
        ({"downtime_days": -0.5}, "Days without the device"),
        ({"currency": "Peso"}, "three letters"),
    ],
)
def test_what_cant_be_is_refused_with_a_sentence(
    repairing: Repairing, said: dict[str, Any], words: str
) -> None:
    refused = repairing.add(**said)
    assert (refused.status_code, words in refused.json()["detail"]) == (422, True), refused.text
    assert repairing.get("/repairs")["tickets"] == 0


@pytest.mark.parametrize("said", [{"issue": "Zoe dropped it"}, {"notes": "Zoe"}, {"category": "?"}])
def test_there_is_no_room_for_words_of_ones_own(repairing: Repairing, said: Any) -> None:
    assert repairing.add(**said).status_code == 422
    assert repairing.get("/repairs")["tickets"] == 0


def test_a_repair_is_corrected_and_taken_back(repairing: Repairing) -> None:
    id_ = repairing.add(cost_cents=100).json()["id"]
    said = {"device": "B", "opened_on": "2025-04-04", "category": "failure"}
    assert repairing.ask("PUT", f"/repairs/by-hand/{id_}", said).status_code == 200
    (found,) = repairing.get("/repairs")["repairs"]
    assert (found["key"], found["serial"], found["category"], found["cost_cents"]) == (
        id_, "B", "failure", None,
    )  # fmt: skip
    assert repairing.ask("DELETE", f"/repairs/by-hand/{id_}").status_code == 204
    assert repairing.get("/repairs")["tickets"] == 0
    assert repairing.ask("DELETE", f"/repairs/by-hand/{id_}").status_code == 404
    assert repairing.ask("PUT", f"/repairs/by-hand/{id_}", said).status_code == 404


def test_a_correction_that_is_refused_changes_nothing(repairing: Repairing) -> None:
    id_ = repairing.add(cost_cents=100).json()["id"]
    before = repairing.get("/repairs")
    said = {"device": "A", "opened_on": "2025-04-04", "category": "failure", "cost_cents": -1}
    assert repairing.ask("PUT", f"/repairs/by-hand/{id_}", said).status_code == 422
    assert repairing.get("/repairs") == before


def test_a_repair_that_another_system_told_of_cant_be_taken_back_here(
    repairing: Repairing,
) -> None:
    key = "0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11"
    put(repairing, key, "A", DAY)
    assert repairing.ask("DELETE", f"/repairs/by-hand/{key}").status_code == 404
    assert repairing.keys() == [key]


def test_only_who_manages_types_repairs_in(repairing: Repairing) -> None:
    reader = repairing.api.user(Permission.READ)
    said = {"device": "A", "opened_on": str(DAY), "category": "accident"}
    assert repairing.api.http.post(PATH, json=said, headers=reader).status_code == 403
    assert repairing.api.http.get(PATH, headers=reader).status_code == 200


def test_repairs_are_listed_newest_first_and_by_what_they_have_in_common(
    repairing: Repairing,
) -> None:
    put(repairing, "1", "A", DAY)
    put(repairing, "2", "B", DAY + timedelta(days=1), category="failure")
    put(repairing, "3", None, DAY + timedelta(days=2), category="theft")
    put(repairing, "4", "A", DAY, category="request")
    assert repairing.keys() == ["3", "2", "1"]
    assert repairing.keys(limit=1, start=1) == ["2"]
    assert repairing.keys(school=SCHOOL) == ["1"]
    assert repairing.keys(school="") == ["3"]
    assert repairing.keys(model="Lenovo 300e") == ["2"]
    assert repairing.keys(model="none such") == []
    assert repairing.keys(category="theft") == ["3"]
    assert repairing.keys(device="t-1") == ["1"]
    assert repairing.keys(since="2025-03-04", until="2025-03-04") == ["2"]
    found = repairing.get("/repairs")
    assert (found["total"], found["tickets"], found["left_out"]) == (3, 4, {"other_category": 1})
    assert [each["counted_as"] for each in found["repairs"]] == ["loss", "repair", "repair"]
    assert repairing.ask("GET", "/repairs", school="nowhere").status_code == 404


def test_the_list_says_why_a_repair_is_in_no_rate(repairing: Repairing) -> None:
    put(repairing, "1", "A", DAY)
    put(repairing, "2", "A", DAY + timedelta(days=1), cost_cents=5, currency="EUR")
    second, first = repairing.get("/repairs")["repairs"]
    assert (first["in_rates"], first["outside"]) == (False, "before_feed")
    assert (second["in_rates"], second["outside"]) == (True, None)
    assert (second["cost_cents"], second["currency"]) == (5, "EUR")
    assert repairing.get("/repairs")["incomplete"] == {"other_currency": 1}


def test_a_workbook_has_days_as_people_read_them(repairing: Repairing) -> None:
    put(repairing, "1", "A", DAY)
    body = repairing.ask("GET", "/repairs", format="xlsx").content
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        assert b"2025-03-03" in parts.read("xl/sharedStrings.xml")


def as_table(body: bytes, format_: str) -> pa.Table:
    source = io.BytesIO(body)
    return csv.read_csv(source) if format_ == "csv" else parquet.read_table(source)


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_file_has_all_repairs_that_are_asked_for(repairing: Repairing, format_: str) -> None:
    put(repairing, "1", "A", DAY, cost_cents=100)
    put(repairing, "2", "B", DAY)
    answer = repairing.ask("GET", "/repairs", format=format_, school=SCHOOL)
    assert "broadgauge-repairs" in answer.headers["content-disposition"]
    (row,) = as_table(answer.content, format_).to_pylist()
    assert (str(row["opened_on"]), row["serial"], row["cost_cents"]) == ("2025-03-03", "A", 100)


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
def test_a_file_without_repairs_is_one_all_the_same(repairing: Repairing, format_: str) -> None:
    answer = repairing.ask("GET", "/repairs", format=format_)
    assert (answer.status_code, len(answer.content) > 50) == (200, True)


def test_another_rule_counts_what_was_there_anew(repairing: Repairing) -> None:
    put(repairing, "1", "A", DAY, category=None, kind="Hardware Support", source="snipe-it")
    assert repairing.keys() == []
    rule = repairing.get("/repair-rule")
    rule["hardware_support"] = {"yes": True, "because": "We use it so."}
    assert repairing.ask("PUT", "/repair-rule", rule).status_code == 200
    assert repairing.get("/repair-rule") == rule
    assert repairing.keys() == ["1"]


def test_a_rule_by_which_thefts_are_repairs_is_refused(repairing: Repairing) -> None:
    rule = repairing.get("/repair-rule")
    rule["categories"]["these"].append("theft")
    refused = repairing.ask("PUT", "/repair-rule", rule)
    assert (refused.status_code, "counted apart" in refused.text) == (422, True)


def test_schools_without_a_feed_are_listed_until_one_is_declared(repairing: Repairing) -> None:
    put(repairing, "1", "A", DAY)
    feeds = {each["school"]: each for each in repairing.get("/repair-feeds")}
    assert (feeds[SCHOOL]["has_feed"], feeds[SCHOOL]["since"]) == (True, "2025-03-04")
    assert (feeds["Adams Middle"]["has_feed"], feeds["Adams Middle"]["since"]) == (False, None)
    said = {"school": "adams middle", "has_feed": True, "since": "2025-01-01"}
    answer = repairing.ask("PUT", "/repair-feeds", said)
    declared = next(each for each in answer.json() if each["school"] == "Adams Middle")
    assert (declared["has_feed"], declared["declared"], declared["since"]) == (
        True, True, "2025-01-01",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"has_feed": True}, "Say since when"),
        ({"has_feed": False, "since": "2025-01-01"}, "leave them out"),
        ({"since": "2025-01-01"}, "leave them out"),
        ({"has_feed": True, "since": TOMORROW}, "after today"),
        ({"has_feed": True, "since": "2025-02-01", "through": "2025-01-01"}, "before 'since'"),
    ],
)
def test_a_feed_that_cant_be_is_refused(
    repairing: Repairing, said: dict[str, Any], words: str
) -> None:
    refused = repairing.ask("PUT", "/repair-feeds", {"school": SCHOOL} | said)
    assert (refused.status_code, words in refused.json()["detail"]) == (422, True)


def test_a_repair_typed_in_stays_with_its_device_when_tickets_are_put_again(
    repairing: Repairing,
) -> None:
    repairing.add(device=repairing.get("/devices", search="lenovo")["devices"][0]["id"])
    with repairing.api.services.stores.control.begin() as c:
        OtherRows(c, "tickets", KEPT[TicketRecord]).put([TicketRecord(key="1", serial="A")], NOW)
    (found,) = repairing.get("/repairs")["repairs"]
    assert found["serial"] == "B"
