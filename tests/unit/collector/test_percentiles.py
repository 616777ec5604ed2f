"""Percentiles by school and hour: how clocks are set, and what the API says."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.store import duckdb_percentiles
from broadgauge_collector.store.percentiles import spans
from broadgauge_collector.store.questions import Window
from tests.api_client import Api
from tests.collecting import NOW, batch, latency, throughput

YEAR = Window(datetime(2025, 6, 1, 0, 7, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "zone", ["America/Chicago", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
)
def test_clocks_are_set_as_the_zone_says_at_every_quarter(zone: str) -> None:
    found = spans(zone, YEAR)
    at = datetime(2025, 6, 1, tzinfo=UTC)
    while at < YEAR.until:
        span = next(s for s in found if s.until is None or at < s.until)
        assert at.astimezone(ZoneInfo(zone)).utcoffset() == timedelta(seconds=span.ahead_seconds)
        at += timedelta(minutes=15)
    assert [span.until for span in found].count(None) == 1


def _get(api: Api, **question: Any) -> Any:
    return api.http.get("/api/v1/percentiles", params=question, headers=api.admin)


def _sent(api: Api, school: str, *lines: float) -> None:
    agent, headers = api.agent(api.school(school))
    facts = {"started_at": NOW - timedelta(hours=1), "segment": "wan", "path_kind": "network"}
    tests = [
        throughput(line_bits_per_second=line, throughput_bits_per_second=line, **facts)
        for line in lines
    ]
    windows = [latency(sent=100, lost=3, **facts)]
    assert api.send(batch(agent, *tests, *windows), headers).json()["refused"] == []


PERIOD = {"since": (NOW - timedelta(days=9)).isoformat(), "until": NOW.isoformat()}


def test_percentiles_are_of_each_schools_own_hours(api: Api) -> None:
    _sent(api, "Lincoln Elementary", *(n * 1e6 for n in range(101)))
    _sent(api, "Grant High", 5e6)
    said = _get(api, **PERIOD).json()
    assert (said["metric"], said["unit"]) == ("download", "bits_per_second")
    grant, lincoln = said["hours"]
    local = (NOW - timedelta(hours=1)).astimezone(ZoneInfo("America/Chicago"))
    assert (lincoln["school"], lincoln["segment"], lincoln["hour"], lincoln["size"]) == (
        "Lincoln Elementary", "wan", local.hour, 101,
    )  # fmt: skip
    assert [lincoln[f"p{n}"] for n in (5, 25, 50, 75, 95, 99)] == [
        n * 1e6 for n in (5, 25, 50, 75, 95, 99)
    ]
    assert grant["p5"] == grant["p99"] == 5e6
    assert _get(api, school="grant high", **PERIOD).json()["hours"] == [grant]


def test_a_file_has_the_unit_in_its_headings(api: Api) -> None:
    _sent(api, "Lincoln Elementary", 5e6)
    answer = _get(api, metric="loss", format="csv", **PERIOD)
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["school"], row["p50_ratio"]) == ("Lincoln Elementary", "0.03")
    assert "broadgauge-loss.csv" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("question", "status", "said"),
    [
        ({"metric": "speed"}, 422, "metric"),
        ({"school": "Nowhere"}, 404, "Nowhere"),
        ({"since": NOW.isoformat(), "until": NOW.isoformat()}, 422, "before 'until'"),
        ({"until": "0001-01-01T00:00:00Z"}, 422, "before 'until'"),
        ({"since": "2026-01-31"}, 422, "date and a time"),
    ],
)
def test_what_cannot_be_answered_is_said(
    api: Api, question: dict[str, str], status: int, said: str
) -> None:
    answer = _get(api, **question)
    assert answer.status_code == status
    assert said in answer.text


def test_a_period_without_results_has_no_hours(api: Api) -> None:
    long_ago = {"since": "0001-01-01T00:00:00Z", "until": "0002-01-01T00:00:00Z"}
    assert _get(api, **long_ago).json()["hours"] == []


def test_only_who_may_read_is_answered(api: Api) -> None:
    assert api.http.get("/api/v1/percentiles").status_code == 401
    headers = api.user(Permission.MANAGE)
    assert api.http.get("/api/v1/percentiles", headers=headers).status_code == 403


def test_many_readings_are_taken_some_schools_at_a_time(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Lincoln Elementary", "Grant High", "Adams Middle"):
        _sent(api, name, 5e6, 7e6)
    whole = _get(api, **PERIOD).json()
    monkeypatch.setattr(duckdb_percentiles, "READINGS_AT_ONCE", 2)
    assert _get(api, **PERIOD).json() == whole
    assert len(whole["hours"]) == 3
