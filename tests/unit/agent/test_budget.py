"""Tests over a network stay within a day's bytes, and a restart forgets none of them."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadgauge_agent.budget import REMEMBERED, Budget
from broadgauge_agent.probes import ProbeRequest
from broadgauge_agent.spool import Spool
from broadgauge_wire import (
    Direction,
    PathKind,
    Reflector,
    SkippedResult,
    StopReason,
    ThroughputResult,
    new_id,
)

DAY = 86400.0
BOTH: tuple[Direction, Direction] = ("download", "upload")
FAR = ProbeRequest(
    reflector=Reflector(id=new_id(), name="Core", host="192.0.2.1", port=8485, segment="wan")
)
INSIDE = ProbeRequest(
    reflector=Reflector(id=new_id(), name="Own", host="127.0.0.1", port=8485, segment="lan")
)


class Clock:
    """Unix seconds, as told. It begins at noon."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(spool: Spool, clock: Clock) -> Budget:
    return Budget(spool, clock)


def result(
    direction: Direction = "download",
    cost: int | None = 100,
    *,
    path_kind: PathKind = "network",
    error: str | None = None,
    stop_reason: StopReason | None = None,
) -> ThroughputResult:
    return ThroughputResult(
        id=new_id(),
        started_at=datetime.now(UTC),
        duration_seconds=1.0,
        agent_version="0.1.0",
        direction=direction,
        method="ndt7",
        server="192.0.2.1:8485",
        bytes_transferred=cost,
        path_kind=path_kind,
        error=error,
        stop_reason=stop_reason,
    )


def test_a_first_test_runs_as_long_as_anything_is_left(budget: Budget) -> None:
    assert budget.allow(FAR, 1).directions == BOTH
    allowed = budget.allow(FAR, 0)
    assert allowed.directions == ()
    assert len(allowed.refusals) == 2
    assert "download would exceed the 0 bytes a day" in allowed.refusals[0]


def test_a_test_that_would_exceed_is_refused_by_what_recent_ones_cost(budget: Budget) -> None:
    budget.spend(FAR, [result("download", 600_000_000), result("upload", 100_000_000)])
    allowed = budget.allow(FAR, 1e9)
    assert allowed.directions == ("upload",)
    (refusal,) = allowed.refusals
    assert refusal == (
        "download would exceed the 1 GB a day that tests may cost this machine: "
        "700 MB are spent, and it may cost 600 MB"
    )
    assert budget.allow(FAR, 1.4e9).directions == BOTH
    assert budget.allow(FAR, 1.39e9).directions == ("download",)


def test_the_dearest_of_the_last_few_tests_counts(budget: Budget) -> None:
    budget.spend(FAR, [result(cost=500)])
    for _ in range(REMEMBERED - 1):
        budget.spend(FAR, [result(cost=10)])
    assert "upload" in budget.allow(FAR, 600).directions
    assert "download" not in budget.allow(FAR, 600).directions
    budget.spend(FAR, [result(cost=10)])
    assert "download" in budget.allow(FAR, 600).directions


def test_midnight_gives_everything_back(budget: Budget, clock: Clock) -> None:
    budget.spend(FAR, [result(cost=1000)])
    assert budget.allow(FAR, 1500).directions == ("upload",)
    clock.now += DAY / 2
    assert budget.spent_bytes() == 0
    assert budget.allow(FAR, 1500).directions == BOTH


def test_a_restart_forgets_nothing(tmp_path: Path, clock: Clock) -> None:
    agent_id = uuid.uuid4()
    first = Spool(tmp_path, agent_id)
    Budget(first, clock).spend(FAR, [result(cost=1000)])
    first.close()
    again = Spool(tmp_path, agent_id)
    budget = Budget(again, clock)
    assert budget.spent_bytes() == 1000
    assert budget.allow(FAR, 1500).directions == ("upload",)
    again.close()


def test_tests_inside_this_machine_cost_nothing_and_are_never_refused(budget: Budget) -> None:
    budget.spend(INSIDE, [result(cost=10**12, path_kind="loopback")])
    assert budget.spent_bytes() == 0
    assert budget.allow(INSIDE, 0).directions == BOTH


def test_other_results_and_vpns_are_told_apart(budget: Budget) -> None:
    skipped = SkippedResult(
        id=new_id(),
        started_at=datetime.now(UTC),
        duration_seconds=0,
        agent_version="0.1.0",
        probe="throughput",
        reason="no way",
    )
    budget.spend(FAR, [skipped, result(cost=7, path_kind="vpn")])
    assert budget.spent_bytes() == 7


def test_a_failed_test_costs_what_it_moved_and_a_broken_one_what_was_expected(
    budget: Budget,
) -> None:
    budget.spend(FAR, [result(cost=100)])
    budget.spend(FAR, [result(cost=30, error="cut", stop_reason="error")])
    assert budget.spent_bytes() == 130
    budget.spend(FAR, [result(cost=None, error="not reached", stop_reason="error")])
    assert budget.spent_bytes() == 130
    budget.spend(FAR, [result(cost=None, error="the test process ended with -9")])
    assert budget.spent_bytes() == 230
    assert budget.allow(FAR, 330).directions == ("download",)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
