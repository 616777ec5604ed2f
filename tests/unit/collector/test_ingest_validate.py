from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import json

from broadgauge_collector.ingest.clocks import Clock
from broadgauge_collector.ingest.records import all_well, sort_records
from broadgauge_collector.ingest.validate import faults, is_sound
from broadgauge_wire import InventoryResult, Result, encode, new_id
from tests.collecting import NOW, an_agent, batch, latency, skipped, throughput

CLOCK = Clock(now=NOW)

NO_RATE: dict[str, Any] = {
    "throughput_bits_per_second": None,
    "line_bits_per_second": None,
    "bound": None,
}
NO_TIMES: dict[str, Any] = {
    f"rtt_{name}_seconds": None for name in ("min", "p50", "p90", "p99", "max")
}

GOOD: dict[str, Result] = {
    "a full reading": throughput(),
    "a reading that says at least": throughput(bound="at_least", limited_by="nic"),
    "a reading that can't say": throughput(bound=None),
    "a reading without framing": throughput(line_bits_per_second=None, bound=None),
    "a line that carried nothing": throughput(
        throughput_bits_per_second=0.0, line_bits_per_second=0.0, bound=None
    ),
    "a failed test": throughput(error="no route to host", stop_reason="error", **NO_RATE),
    "a window of echoes": latency(),
    "a window in which all got lost": latency(lost=100, jitter_seconds=None, **NO_TIMES),
    "a window with a median only": latency(**{**NO_TIMES, "rtt_p50_seconds": 0.002}),
    "a window that failed": latency(error="no route", sent=None, lost=None, **NO_TIMES),
    "a skipped test": skipped(),
    "an inventory that knows nothing": InventoryResult(
        id=new_id(), started_at=NOW, duration_seconds=0.0, agent_version="0.1.0"
    ),
}

BAD: dict[str, tuple[Result, str]] = {
    "error and rate": (throughput(error="failed"), "error and a rate"),
    "error and bound": (
        throughput(error="failed", **{**NO_RATE, "bound": "exact"}), "error and a rate"
    ),
    "neither error nor rate": (throughput(**NO_RATE), "throughput_bits_per_second is missing"),
    "bound without rate": (throughput(**{**NO_RATE, "bound": "exact"}), "bound mean nothing"),
    "bound without line rate": (throughput(line_bits_per_second=None), "bound is given without"),
    "line below payload": (throughput(line_bits_per_second=1.0), "framing only adds"),
    "no payload share": (throughput(payload_ratio=0.0), "payload_ratio is 0"),
    "more lost than sent": (latency(lost=101), "lost is over sent"),
    "nothing sent": (latency(sent=0, lost=0), "nothing was sent"),
    "sent unknown": (latency(sent=None), "sent or lost is missing"),
    "lost unknown": (latency(lost=None), "sent or lost is missing"),
    "times of lost probes": (latency(lost=100), "every probe was lost"),
    "no median": (latency(rtt_p50_seconds=None), "rtt_p50_seconds is missing"),
    "quantiles upside down": (latency(rtt_p90_seconds=1.0), "rtt_p90_seconds is over rtt_p99"),
    "error and times": (latency(error="failed"), "error and round-trip times"),
    "no probe": (skipped(probe=" "), "probe is empty"),
    "no reason": (skipped(reason=""), "reason is empty"),
}  # fmt: skip


@pytest.mark.parametrize("result", GOOD.values(), ids=GOOD)
def test_an_honest_result_has_no_fault(result: Result) -> None:
    assert list(faults(result)) == []


@pytest.mark.parametrize(("result", "words"), BAD.values(), ids=BAD)
def test_a_result_that_contradicts_itself_is_told_where(result: Result, words: str) -> None:
    assert words in "; ".join(faults(result))


@pytest.mark.parametrize(("result", "words"), BAD.values(), ids=BAD)
def test_what_is_taken_for_sound_at_a_glance_has_no_fault(result: Result, words: str) -> None:
    assert words
    assert not is_sound(result)
    assert all_well((throughput(), result), CLOCK) is None


@pytest.mark.parametrize("result", GOOD.values(), ids=GOOD)
def test_an_honest_result_is_well_at_a_glance_too(result: Result) -> None:
    assert all_well((throughput(), result), CLOCK) is not None


def changed(**changes: Any) -> bytes:
    return json.encode(json.decode(encode(throughput())) | changes)


RECORDS: dict[str, tuple[bytes, str]] = {
    "not an object": (b"[]", "Expected `object`"),
    "an unknown kind": (changed(kind="gossip"), "gossip"),
    "no kind": (b"{}", "kind"),
    "a number as text": (changed(line_bits_per_second="fast"), "$.line_bits_per_second"),
    "a negative rate": (changed(throughput_bits_per_second=-1), "$.throughput_bits_per_second"),
    "an absurd rate": (changed(line_bits_per_second=1e14), "$.line_bits_per_second"),
    "a negative duration": (changed(duration_seconds=-0.1), "$.duration_seconds"),
    "a word that is no direction": (changed(direction="sideways"), "$.direction"),
    "a time without a zone": (changed(started_at="2026-03-02T15:00:00"), "$.started_at"),
    "a name too long": (changed(location="x" * 201), "$.location"),
    "a broken id": (changed(id="7"), "$.id"),
    "text that is no UTF-8": (changed(server="S").replace(b'"S"', b'"\xff"'), "utf-8"),
    "half a character": (changed(server="S").replace(b'"S"', b'"\\ud800"'), "surrogate"),
    "a number too large": (changed(duration_seconds=7).replace(b":7,", b":1e999,"), "range"),
}


@pytest.mark.parametrize(("record", "words"), RECORDS.values(), ids=RECORDS)
def test_a_bad_record_refuses_itself_and_no_other(record: bytes, words: str) -> None:
    before, after = throughput(), latency()
    accepted, (aside,) = sort_records(batch(an_agent(), before, record, after), CLOCK)
    assert accepted == (before, after)
    assert aside.refusal.index == 1
    assert words in aside.refusal.reason
    assert aside.record == record


def test_a_refusal_names_the_record_where_it_can_be_read() -> None:
    bad = throughput(error="failed")
    _, (named, unnamed) = sort_records(batch(an_agent(), bad, b'{"id": 7}'), CLOCK)
    assert (named.refusal.id, unnamed.refusal.id) == (str(bad.id), None)


def test_an_id_used_twice_in_a_batch_is_kept_once() -> None:
    result = throughput()
    accepted, (aside,) = sort_records(batch(an_agent(), result, result), CLOCK)
    assert accepted == (result,)
    assert "used before" in aside.refusal.reason


def test_every_fault_of_a_record_is_told() -> None:
    bad = latency(lost=101, rtt_p50_seconds=1.0, started_at=datetime(1970, 1, 1, tzinfo=UTC))
    _, (aside,) = sort_records(batch(an_agent(), bad), CLOCK)
    for words in ("before 2020", "lost is over sent", "rtt_p50_seconds is over"):
        assert words in aside.refusal.reason


def test_fields_of_a_later_release_are_no_fault() -> None:
    later = changed(an_unknown_field={"of": "tomorrow"})
    accepted, refused = sort_records(batch(an_agent(), later), CLOCK)
    assert (len(accepted), refused) == (1, ())
