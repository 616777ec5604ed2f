"""What agents send: kept once, or refused with a clear answer."""

import gzip
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from broadgauge_collector.errors import StorageFull
from broadgauge_wire import DroppedResults, encode, new_id
from tests.api_client import Api
from tests.collecting import batch, latency, throughput

HOSTILE = [
    (b'{"kind":"throughput","rate":NaN}', "malformed"),
    (b'{"kind":"weather"}', "weather"),
    (encode(throughput(started_at=datetime(2099, 1, 1, tzinfo=UTC))), "ahead"),
    (encode(throughput(started_at=datetime(1970, 1, 1, tzinfo=UTC))), "2020"),
    (encode(throughput(line_bits_per_second=-1.0)), "line_bits_per_second"),
    (encode(throughput()).replace(b'"download"', b"7"), "direction"),
]


def test_a_batch_is_kept_and_named_and_shown(api: Api) -> None:
    agent, headers = api.agent(api.school())
    sent = batch(agent, throughput(), latency())

    answer = api.send(sent, headers)

    assert answer.status_code == 200
    assert answer.json()["committed"] == [
        {"agent_id": str(agent.id), "epoch": str(agent.id), "lane": "live", "sequence": 1}
    ]
    assert len(_results(api)) == 1
    assert len(_results(api, kind="latency")) == 1


def test_a_batch_sent_twice_is_stored_once(api: Api) -> None:
    agent, headers = api.agent(api.school())
    sent = batch(agent, throughput())

    first, second = api.send(sent, headers), api.send(sent, headers)

    assert first.status_code == second.status_code == 200
    assert first.json()["committed"] == second.json()["committed"]
    assert len(_results(api)) == 1


def test_a_compressed_batch_is_kept(api: Api) -> None:
    agent, headers = api.agent(api.school())
    body = gzip.compress(encode(batch(agent, throughput())))

    answer = api.http.post(
        "/api/v1/batches", content=body, headers={**headers, "Content-Encoding": "gzip"}
    )

    assert answer.status_code == 200
    assert len(_results(api)) == 1


def test_an_agent_cant_post_as_another(api: Api) -> None:
    school = api.school()
    (mine, headers), (other, _) = api.agent(school), api.agent(school)

    answer = api.send(batch(other, throughput()), headers)

    assert mine.id != other.id
    assert answer.status_code == 403
    assert "another agent" in answer.json()["detail"]
    assert _results(api) == []


def test_a_gigabyte_of_zeros_in_a_megabyte_is_413(api: Api) -> None:
    _, headers = api.agent(api.school())
    bomb = _gigabyte_of_zeros()
    assert len(bomb) < 1.1 * 1024 * 1024

    answer = api.http.post(
        "/api/v1/batches", content=bomb, headers={**headers, "Content-Encoding": "gzip"}
    )

    assert answer.status_code == 413


def _gigabyte_of_zeros() -> bytes:
    """Gzip of 1024 blocks that don't refer to each other, so that one is compressed for all."""
    megabyte = bytes(1024 * 1024)
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = pack.compress(megabyte) + pack.flush(zlib.Z_FULL_FLUSH)
    block = pack.compress(megabyte) + pack.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(1024):
        checksum = zlib.crc32(megabyte, checksum)
    end = b"\x03\x00" + struct.pack("<II", checksum, 2**30)  # an empty last block (RFC 1951, 1952)
    return first + block * 1023 + end


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"{", None, 400),
        (b"not json", None, 400),
        (b"{}", None, 400),
        (b"[]", None, 400),
        (b"\xff", None, 400),
        (b"no gzip", "gzip", 400),
        (b"{}", "br", 415),
    ],
)
def test_what_is_no_batch_is_refused(
    api: Api, body: bytes, encoding: str | None, status: int
) -> None:
    _, headers = api.agent(api.school())
    extra = {"Content-Encoding": encoding} if encoding else {}

    answer = api.http.post("/api/v1/batches", content=body, headers=headers | extra)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("record", "said"), HOSTILE, ids=[said for _, said in HOSTILE])
def test_a_bad_record_is_refused_with_a_reason_and_the_good_one_kept(
    api: Api, record: bytes, said: str
) -> None:
    agent, headers = api.agent(api.school())
    body = encode(batch(agent, throughput()))
    # The encoder can't write NaN, so records go in as they are.
    whole = body.replace(b'"results":[', b'"results":[' + record + b",")

    answer = api.http.post("/api/v1/batches", content=whole, headers=headers)

    if b"NaN" in record:  # no JSON at all, so nothing in the body can be told apart
        assert answer.status_code == 400
        assert said in answer.json()["detail"]
        return
    assert answer.status_code == 200
    (refused,) = answer.json()["refused"]
    assert refused["index"] == 0
    assert said in refused["reason"]
    assert len(_results(api)) == 1


def test_a_number_used_twice_with_other_content_is_409(api: Api) -> None:
    agent, headers = api.agent(api.school())
    api.send(batch(agent, throughput()), headers)

    answer = api.send(batch(agent, throughput(id=new_id())), headers)

    assert answer.status_code == 409


def test_an_agent_that_sends_is_heard(api: Api) -> None:
    agent, headers = api.agent(api.school())
    sent = batch(agent, throughput(), spooled_results=7)

    api.send(sent, {**headers, "User-Agent": "broadgauge-agent/9.9"})

    (heard,) = api.http.get("/api/v1/agents", headers=api.admin).json()
    assert heard["last_seen_at"] is not None
    assert (heard["version"], heard["spooled_results"]) == ("9.9", 7)


def test_what_an_agent_dropped_is_kept_until_it_says_otherwise(api: Api) -> None:
    agent, headers = api.agent(api.school())
    when = "2026-11-02T08:00:00Z"
    gone = {"kind": "latency", "results": 1204, "oldest_at": when, "newest_at": when}
    told = msgspec.convert((gone,), tuple[DroppedResults, ...])

    api.send(batch(agent, throughput(), dropped_results=told), headers)
    api.http.get("/api/v1/settings", headers=headers)

    (heard,) = api.http.get("/api/v1/agents", headers=api.admin).json()
    assert heard["dropped_results"] == [gone]


@pytest.mark.parametrize("damaged", [0, 3])
def test_what_an_agents_disk_damaged_is_kept_beside_what_it_dropped(api: Api, damaged: int) -> None:
    agent, headers = api.agent(api.school())
    when = "2026-11-02T08:00:00Z"
    gone = {"kind": "latency", "results": 9, "oldest_at": when, "newest_at": when}
    told = msgspec.convert((gone,), tuple[DroppedResults, ...])

    sent = batch(agent, throughput(), dropped_results=told, damaged_results=damaged)
    api.send(sent, headers)
    api.http.get("/api/v1/settings", headers=headers)

    (heard,) = api.http.get("/api/v1/agents", headers=api.admin).json()
    assert (heard["damaged_results"], heard["dropped_results"]) == (damaged, [gone])


def test_a_made_up_user_agent_changes_no_version(api: Api) -> None:
    agent, headers = api.agent(api.school())

    api.send(batch(agent, throughput()), {**headers, "User-Agent": "broadgauge-agent/\x01"})

    (heard,) = api.http.get("/api/v1/agents", headers=api.admin).json()
    assert heard["version"] == "0.1.0"


def test_an_agent_learns_its_test_servers(api: Api) -> None:
    school = api.school()
    _, headers = api.agent(school)
    new = {"name": "Core", "host": "10.0.0.5", "port": 8485, "segment": "wan"}
    api.http.post("/api/v1/reflectors", json=new, headers=api.admin)

    (known,) = api.http.get("/api/v1/settings", headers=headers).json()["reflectors"]

    assert {name: known[name] for name in new} == new


def _results(api: Api, **question: Any) -> list[dict[str, Any]]:
    answer = api.http.get("/api/v1/results", params=question, headers=api.admin)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_a_committed_batch_is_acknowledged_even_if_the_agent_cannot_be_noted(api: Api) -> None:
    agent, key = api.agent(api.school())

    async def full(*_: object, **__: object) -> None:
        raise StorageFull("no room")

    api.services.write = full  # type: ignore[method-assign, assignment]
    answer = api.send(batch(agent, throughput()), key)

    assert answer.status_code == 200
    assert len(answer.json()["committed"]) == 1
