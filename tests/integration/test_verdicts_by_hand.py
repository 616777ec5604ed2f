"""Twelve days of tests posted through the API give the verdicts that were worked out by hand.

A school of 100 students needs 100 Mbit/s against 1 Mbit/s per student. A test reaches it from
95 Mbit/s on, and counts if its machine could have seen 110 Mbit/s.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from msgspec import Raw

from broadgauge_wire import Batch, Bound, LimitedBy, ThroughputResult, encode, new_id
from tests.running import Server, running

DAYS = 12
FORTNIGHT = 14
MBIT = 1e6
PERIODS = count(31)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("judged") / "data", "--no-agent") as server:
        yield server


def school_with_tests(server: Server, name: str, rates: list[float], **how: Any) -> dict[str, Any]:
    """The verdict on a school of 100 whose line read these rates, one a day, at 3 in the night,
    so long ago that the last two evaluations saw them all."""
    school = server.post("/api/v1/schools", {"name": name, "timezone": "UTC", "students": 100})
    server.post(
        "/api/v1/links", {"name": f"{name} line", "segment": "wan", "schools": [school["id"]]}
    )
    token = server.post("/api/v1/tokens", {"school": school["id"]})["token"]
    agent = server.post("/api/v1/join", {"token": token, "agent_version": "test"})
    night = datetime.now(UTC).replace(hour=3, minute=0) - timedelta(days=FORTNIGHT + len(rates))
    tests = [night_test(night + timedelta(days=day), rate, **how) for day, rate in enumerate(rates)]
    post_batch(server, agent, tests)
    # A period that nobody asked about before: what takes long may be a recent answer.
    answer = server.get(f"/api/v1/verdicts?target=fcc-1mbps&days={next(PERIODS)}")
    (verdict,) = [s for s in answer["schools"] if s["school"] == name]
    return dict(verdict)


def night_test(
    at: datetime,
    rate: float,
    ceiling: float = 975 * MBIT,
    bound: Bound = "exact",
    limited_by: LimitedBy = "path",
) -> ThroughputResult:
    return ThroughputResult(
        id=new_id(), started_at=at, duration_seconds=10, clock_offset_seconds=0, segment="wan",
        path_kind="network", agent_version="test", direction="download", method="ndt7",
        server="10.0.0.1:8485", throughput_bits_per_second=rate * 0.965, line_bits_per_second=rate,
        payload_ratio=0.965, ceiling_bits_per_second=ceiling, bytes_transferred=1_000_000,
        bound=bound, limited_by=limited_by, stop_reason="deadline",
    )  # fmt: skip


def post_batch(server: Server, agent: dict[str, Any], tests: list[ThroughputResult]) -> None:
    batch = Batch(
        agent_id=agent["agent_id"], epoch=new_id(), lane="backlog", sequence=1,
        sent_at=datetime.now(UTC), results=tuple(Raw(encode(test)) for test in tests),
    )  # fmt: skip
    request = Request(
        f"{server.url}/api/v1/batches", method="POST", data=encode(batch),
        headers={"Authorization": f"Bearer {agent['key']}", "Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with urlopen(request, timeout=30) as answer:
            assert b'"refused":[]' in answer.read()
    except HTTPError as error:
        with error:
            pytest.fail(error.read().decode())


def test_twelve_nights_at_120_meet(server: Server) -> None:
    """12 of 12 days: the exact interval begins at 0.025^(1/12) = 0.735, above 0.34."""
    verdict = school_with_tests(server, "Meets", [120 * MBIT] * DAYS)
    assert (verdict["conclusion"], verdict["reason"]) == ("meets", None)


def test_twelve_nights_at_80_fall_below(server: Server) -> None:
    """0 of 12 days: the upper end is 1 - 0.025^(1/12) = 0.265, under 0.34."""
    verdict = school_with_tests(server, "Below", [80 * MBIT] * DAYS)
    assert (verdict["conclusion"], verdict["reason"]) == ("below", None)


def test_every_other_night_short_is_about_at_target(server: Server) -> None:
    """6 of 12 days: 0.211 to 0.789, and no number of further days split like these decides."""
    verdict = school_with_tests(server, "About", [120 * MBIT, 80 * MBIT] * (DAYS // 2))
    assert (verdict["conclusion"], verdict["reason"]) == ("undecided", "about_at_target")


def test_machines_that_could_not_have_seen_the_need_decide_nothing(server: Server) -> None:
    """A ceiling of 97.5 Mbit/s is under 1.1 x 100, so no test counts, whatever it read."""
    verdict = school_with_tests(
        server, "Limited", [97 * MBIT] * DAYS,
        ceiling=97.5 * MBIT, bound="at_least", limited_by="nic",
    )  # fmt: skip
    assert (verdict["conclusion"], verdict["reason"]) == ("undecided", "machine_limited")


def test_five_nights_are_not_enough(server: Server) -> None:
    verdict = school_with_tests(server, "Few", [120 * MBIT] * 5)
    assert (verdict["conclusion"], verdict["reason"]) == ("undecided", "not_enough_tests")


def test_without_people_nothing_is_divided_by_zero(server: Server) -> None:
    school = server.post("/api/v1/schools", {"name": "Nobody", "timezone": "UTC"})
    server.post(
        "/api/v1/links", {"name": "Nobody line", "segment": "wan", "schools": [school["id"]]}
    )
    answer = server.get("/api/v1/verdicts?target=fcc-1mbps")
    (verdict,) = [s for s in answer["schools"] if s["school"] == "Nobody"]
    assert (verdict["conclusion"], verdict["reason"]) == ("undecided", "no_people")
