"""What long tests found of a line is kept, so that most tests after it can be short."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from broadgauge_agent.errors import SpoolError
from broadgauge_agent.known_lines import LONG_SHARE, MAX_AGE, KnownLines, lines_among
from broadgauge_agent.probes import ProbeRequest
from broadgauge_agent.probes.base import KnownLine
from broadgauge_agent.probes.far_end import FarEnd
from broadgauge_agent.probes.throughput.direction import known_line
from broadgauge_agent.spool import Spool
from broadgauge_wire import Direction, NetworkLink, Reflector, ThroughputResult
from tests.collecting import throughput

REFLECTOR = Reflector(id=uuid4(), name="Core", host="127.0.0.1", port=8485, segment="lan")
REQUEST = ProbeRequest(reflector=REFLECTOR)
WIRE = NetworkLink(name="eth0", kind="wired")


class Never(random.Random):
    """No test is to last long by chance."""

    def random(self) -> float:
        return 1.0


def long_test(**different: object) -> ThroughputResult:
    """One that outlasted a burst."""
    made = uuid4()
    return throughput(
        **{
            "id": made,
            "burst_test_id": made,
            "started_at": datetime.now(UTC),
            "network_link": WIRE,
            "idle_rtt_seconds": 0.02,
            **different,
        }
    )


def short_test(burst_test_id: UUID | None, **different: object) -> ThroughputResult:
    return replace(long_test(), burst_test_id=burst_test_id, **different)


@pytest.fixture
def lines(spool: Spool) -> KnownLines:
    return KnownLines(spool, Never())


def told(lines: KnownLines, request: ProbeRequest = REQUEST) -> dict[Direction, KnownLine]:
    return {line.direction: line for line in lines.told(request).known_lines}


def test_what_a_long_test_found_is_told_to_the_next(lines: KnownLines) -> None:
    assert told(lines) == {}
    found = long_test()
    lines.learn(REQUEST, [found])
    assert told(lines) == {
        "download": KnownLine(
            test_id=found.id,
            interface="eth0",
            direction="download",
            bound="exact",
            throughput_bits_per_second=453.7e6,
            idle_rtt_seconds=0.02,
        )
    }


def test_the_rest_of_the_request_is_as_it_was(lines: KnownLines) -> None:
    lines.learn(REQUEST, [long_test()])
    assert replace(lines.told(REQUEST), known_lines=()) == REQUEST


def test_each_direction_is_known_by_itself(lines: KnownLines) -> None:
    lines.learn(REQUEST, [long_test(direction="download"), long_test(direction="upload")])
    lines.learn(REQUEST, [short_test(None, direction="upload")])
    assert list(told(lines)) == ["download"]


def test_each_test_server_is_known_by_itself(lines: KnownLines) -> None:
    lines.learn(REQUEST, [long_test()])
    other = replace(REQUEST, reflector=replace(REFLECTOR, id=uuid4()))
    assert told(lines, other) == {}


def test_what_is_known_outlives_the_agent(tmp_path: Path) -> None:
    agent_id = uuid4()
    first = Spool(tmp_path, agent_id)
    KnownLines(first).learn(REQUEST, [long_test()])
    first.close()
    again = Spool(tmp_path, agent_id)
    assert told(KnownLines(again, Never()))
    again.close()


def test_a_short_test_that_found_the_same_changes_nothing(lines: KnownLines) -> None:
    found = long_test()
    lines.learn(REQUEST, [found])
    before = told(lines)
    lines.learn(REQUEST, [short_test(found.id, throughput_bits_per_second=440e6)])
    assert told(lines) == before


def test_a_line_that_was_not_found_again_is_forgotten(lines: KnownLines) -> None:
    lines.learn(REQUEST, [long_test()])
    lines.learn(REQUEST, [short_test(None)])
    assert told(lines) == {}


def test_a_later_long_test_replaces_an_earlier_one(lines: KnownLines) -> None:
    lines.learn(REQUEST, [long_test()])
    lines.learn(REQUEST, [long_test(throughput_bits_per_second=90e6)])
    assert told(lines)["download"].throughput_bits_per_second == 90e6


@pytest.mark.parametrize(
    "different",
    [
        {"bound": None},
        {"bound": "at_least", "limited_by": "cross_traffic"},
        {"bound": "at_least", "limited_by": "cpu"},
        {"network_link": None},
        {"idle_rtt_seconds": None},
        {"throughput_bits_per_second": None},
    ],
    ids=[
        "no word on the line",
        "others used it",
        "a busy machine",
        "unknown interface",
        "unknown round trip",
        "no rate",
    ],
)
def test_a_long_test_that_says_nothing_of_the_line_is_no_knowledge(
    different: dict[str, object], lines: KnownLines
) -> None:
    lines.learn(REQUEST, [long_test()])
    lines.learn(REQUEST, [long_test(**different)])
    assert told(lines) == {}


def test_a_test_that_failed_says_nothing_of_the_line(lines: KnownLines) -> None:
    lines.learn(REQUEST, [long_test()])
    lines.learn(REQUEST, [short_test(None, error="the test stalled", bound=None)])
    assert told(lines)


def test_knowledge_that_is_old_is_not_told(lines: KnownLines) -> None:
    now = datetime.now(UTC)
    lines.learn(REQUEST, [long_test(started_at=now)])
    assert lines.told(REQUEST, now + MAX_AGE - timedelta(minutes=1)).known_lines
    assert not lines.told(REQUEST, now + MAX_AGE + timedelta(minutes=1)).known_lines


def test_one_test_in_so_many_is_told_nothing(spool: Spool) -> None:
    lines = KnownLines(spool, random.Random(4))
    lines.learn(REQUEST, [long_test()])
    count = 2000
    untold = sum(not lines.told(REQUEST).known_lines for _ in range(count))
    assert untold == pytest.approx(LONG_SHARE * count, rel=0.2)


def test_without_a_test_server_nothing_is_known(lines: KnownLines) -> None:
    nowhere = ProbeRequest()
    lines.learn(nowhere, [long_test()])
    assert lines.told(nowhere) == nowhere


@pytest.mark.parametrize("interface", ["lo", "eth0"])
def test_a_line_is_known_over_the_interface_it_was_found_on(
    interface: str, lines: KnownLines
) -> None:
    lines.learn(REQUEST, [long_test(network_link=NetworkLink(name=interface))])
    request = lines.told(REQUEST)
    way = FarEnd(REFLECTOR)
    assert way.link
    found = known_line(request, "download", way)
    assert (found is not None) == (interface == way.link.name)
    assert known_line(request, "upload", way) is None


def test_a_spool_that_cannot_be_read_or_written_knows_nothing(spool: Spool) -> None:
    lines = KnownLines(spool, Never())
    lines.learn(REQUEST, [long_test()])
    with failing(spool):
        assert told(lines) == {}
        lines.learn(REQUEST, [long_test()])
    assert told(lines)


def test_what_another_version_noted_is_not_known(spool: Spool) -> None:
    lines = KnownLines(spool, Never())
    spool.note(f"line:{REFLECTOR.id}", [{"rate": 5}])
    assert told(lines) == {}
    lines.learn(REQUEST, [long_test()])
    assert told(lines)


@contextmanager
def failing(spool: Spool) -> Iterator[None]:
    """A disk that takes and gives nothing."""

    def fail(*_: object) -> None:
        raise SpoolError("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "note", fail)
        patch.setattr(spool, "fact", fail)
        yield


def test_a_test_that_ended_at_its_target_tells_what_the_line_carries_at_least(
    lines: KnownLines,
) -> None:
    lines.learn(REQUEST, [long_test(bound="at_least", stop_reason="target_reached")])
    assert told(lines)["download"].is_only_carried


def test_a_test_that_ended_at_its_target_does_not_replace_what_is_known_better(
    lines: KnownLines,
) -> None:
    found = long_test()
    lines.learn(REQUEST, [found])
    reached = {"bound": "at_least", "stop_reason": "target_reached"}
    lines.learn(REQUEST, [long_test(**reached, throughput_bits_per_second=450e6)])
    assert told(lines)["download"].test_id == found.id
    lines.learn(REQUEST, [long_test(**reached, throughput_bits_per_second=200e6)])
    assert told(lines)["download"].is_only_carried


def test_what_a_spool_notes_is_told_to_a_test_by_hand(lines: KnownLines, spool: Spool) -> None:
    lines.learn(REQUEST, [long_test()])
    facts = {f"line:{REFLECTOR.id}": spool.fact(f"line:{REFLECTOR.id}")}
    assert lines_among(facts, REFLECTOR) == lines.told(REQUEST).known_lines
    assert lines_among({}, REFLECTOR) == ()
    assert lines_among({f"line:{REFLECTOR.id}": "nonsense"}, REFLECTOR) == ()
