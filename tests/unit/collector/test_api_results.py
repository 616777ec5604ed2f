"""Results as JSON, CSV and Parquet, a page at a time."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from broadgauge_wire import (
    RESULT_KINDS,
    Disk,
    InventoryResult,
    NetworkLink,
    Result,
    ThroughputResult,
    decode_result,
    new_id,
)
from tests.api_client import Api
from tests.collecting import NOW, batch, latency, skipped, throughput


def _send(api: Api, *results: Result, school: str = "Lincoln Elementary") -> str:
    agent, headers = api.agent(api.school(school))
    answer = api.send(batch(agent, *results), headers)
    assert answer.json()["refused"] == []
    return str(agent.id)


def _get(api: Api, **question: Any) -> Any:
    return api.http.get("/api/v1/results", params=question, headers=api.admin)


def _inventory() -> InventoryResult:
    return InventoryResult(
        id=new_id(),
        started_at=NOW,
        duration_seconds=0.1,
        agent_version="0.1.0",
        make="Acme",
        disks=(Disk(name="sda", size_bytes=10**12, rotational=False),),
        batteries=(),
    )


@pytest.mark.parametrize(
    "result",
    [throughput(network_link=NetworkLink(name="eth0", kind="wired")), latency(), _inventory()],
    ids=lambda result: result.__struct_config__.tag,
)
def test_what_was_sent_comes_back_as_it_was(api: Api, result: Result) -> None:
    _send(api, result)
    kind = str(result.__struct_config__.tag)

    (row,) = _get(api, kind=kind).json()["results"]

    known = {name: row[name] for name in RESULT_KINDS[kind].__struct_fields__}
    assert decode_result(msgspec.json.encode({**known, "kind": kind})) == result
    assert row.keys() - known.keys() == {"agent_id", "school_id", "received_at"}


def test_pages_together_are_everything_once_newest_first(api: Api) -> None:
    _send(api, *(throughput(started_at=NOW - timedelta(minutes=n // 2)) for n in range(7)))
    seen: list[dict[str, Any]] = []
    before = None

    while True:
        page = _get(api, limit=3, **({"before": before} if before else {})).json()
        seen += page["results"]
        before = page["next"]
        if before is None:
            break

    assert len({row["id"] for row in seen}) == len(seen) == 7
    moments = [row["started_at"] for row in seen]
    assert moments == sorted(moments, reverse=True)


def test_the_next_page_is_linked_in_a_header_too(api: Api) -> None:
    _send(api, throughput(), throughput(started_at=NOW))

    first = _get(api, limit=1, format="csv")
    following = api.http.get(first.links["next"]["url"], headers=api.admin)

    assert first.links["next"]["url"].startswith("/api/v1/results?")
    assert following.status_code == 200
    assert following.text != first.text


def test_results_are_found_by_school_agent_and_time(api: Api) -> None:
    lincoln = _send(api, throughput(started_at=NOW), throughput(started_at=NOW - timedelta(days=2)))
    _send(api, throughput(started_at=NOW), school="Grant High")

    def count(**question: Any) -> int:
        return len(_get(api, **question).json()["results"])

    assert count() == 3
    assert count(school="lincoln elementary") == 2
    assert count(agent=lincoln) == 2
    assert count(since=(NOW - timedelta(days=1)).isoformat()) == 2
    assert count(until=NOW.isoformat()) == 1
    assert count(agent=lincoln, since=NOW.isoformat()) == 1


def test_an_unknown_school_is_404(api: Api) -> None:
    answer = _get(api, school="Nowhere")

    assert answer.status_code == 404


def test_csv_has_units_in_its_headings_and_unknown_is_empty(api: Api) -> None:
    _send(api, throughput(loaded_rtt_seconds=None))

    answer = _get(api, format="csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert float(row["line_bits_per_second"]) == 470e6
    assert row["loaded_rtt_seconds"] == ""
    assert datetime.fromisoformat(row["started_at"]) == NOW - timedelta(minutes=5)


def test_csv_computes_nothing_in_a_spreadsheet(api: Api) -> None:
    _send(api, throughput(location='=HYPERLINK("http://evil.example")', server="10.1.0.2"))

    (row,) = csv.DictReader(io.StringIO(_get(api, format="csv").text))

    assert row["location"].startswith("'=")


def test_parquet_keeps_types_and_says_what_columns_mean(api: Api) -> None:
    _send(api, throughput())

    table = parquet.read_table(pa.BufferReader(_get(api, format="parquet").content))

    assert table.schema.field("line_bits_per_second").type == pa.float64()
    assert table.schema.field("line_bits_per_second").metadata[b"unit"] == b"bit/s"
    assert table.schema.field("started_at").type == pa.timestamp("us", "UTC")
    assert table["bytes_transferred"].to_pylist() == [567_000_000]
    assert set(ThroughputResult.__struct_fields__) < set(table.column_names)


def test_no_results_is_an_empty_file_with_headings(api: Api) -> None:
    answer = _get(api, format="csv")

    assert answer.status_code == 200
    assert "line_bits_per_second" in answer.text.splitlines()[0]
    assert len(answer.text.splitlines()) == 1


@pytest.mark.parametrize(
    "result",
    [
        throughput(rates_bits_per_second=(1e6, 2.5e6), middleboxes=("tls_inspection",)),
        latency(),
        _inventory(),
        skipped(),
    ],
    ids=lambda result: result.__struct_config__.tag,
)
def test_one_result_is_found_by_its_id(api: Api, result: Result) -> None:
    _send(api, throughput(), latency(), result)

    row = api.http.get(f"/api/v1/results/{result.id}", headers=api.admin).json()

    known = {name: row[name] for name in ("kind", *result.__struct_fields__)}
    assert decode_result(msgspec.json.encode(known)) == result


def test_a_result_that_is_not_there_is_said_so(api: Api) -> None:
    _send(api, throughput())
    answer = api.http.get(f"/api/v1/results/{new_id()}", headers=api.admin)
    assert (answer.status_code, answer.json()["title"]) == (404, "Not found")
    assert api.http.get("/api/v1/results/nonsense", headers=api.admin).status_code == 422
