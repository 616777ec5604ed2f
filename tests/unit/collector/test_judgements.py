"""Verdicts for whoever asks often."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from broadgauge_collector import judgements
from broadgauge_collector.capacity.targets import DEFAULT_TARGET, find_target
from broadgauge_collector.judgements import Judgements
from broadgauge_collector.reports import Overview


def overview(days: int) -> Overview:
    now = datetime.now(UTC)
    return Overview(target=find_target(DEFAULT_TARGET), days=days, as_of=now, schools=())


def fails() -> Overview:
    raise ValueError("busy")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    moment = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(judgements, "monotonic", lambda: moment.now)
    return moment


@pytest.fixture
def latest() -> Iterator[Judgements]:
    made = Judgements()
    yield made
    made.close()


def test_the_first_who_asks_gets_an_answer(latest: Judgements) -> None:
    first = overview(1)
    assert latest.latest(lambda: first) is first


def test_within_a_minute_nothing_is_worked_out_anew(latest: Judgements, clock: Any) -> None:
    first = overview(1)
    latest.latest(lambda: first)
    clock.now += 59
    assert latest.latest(lambda: overview(2)) is first
    latest.close()
    assert latest.latest(lambda: overview(3)) is first


def test_after_a_minute_who_asks_gets_the_last_ones_at_once(latest: Judgements, clock: Any) -> None:
    first, second, may_end = overview(1), overview(2), threading.Event()

    def slowly() -> Overview:
        assert may_end.wait(60)
        return second

    latest.latest(lambda: first)
    clock.now += 61
    assert latest.latest(slowly) is first
    clock.now += 61
    assert latest.latest(lambda: overview(3)) is first  # one at a time
    may_end.set()
    latest.close()
    assert latest.latest(lambda: overview(4)) is second


def test_what_fails_leaves_the_last_ones(latest: Judgements, clock: Any) -> None:
    first = overview(1)
    latest.latest(lambda: first)
    clock.now += 61
    latest.latest(fails)
    latest.close()
    assert latest.latest(lambda: overview(3)) is first
