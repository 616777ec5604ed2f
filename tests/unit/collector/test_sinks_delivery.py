"""A point that a database can't stand never holds up the others."""

from collections.abc import Sequence

import pytest

from broadgauge_collector.sinks.delivery import deliver
from broadgauge_collector.sinks.destination import (
    PointsRefused,
    ServerProcess,
    SinkAway,
    TooManyPoints,
)
from broadgauge_collector.sinks.points import Point
from broadgauge_wire import new_id


class Picky:
    """Takes so many at once, none with a value it dislikes, and nothing at all when full."""

    def __init__(self, at_once: int = 1000, *, full: bool = False) -> None:
        self.taken: list[float] = []
        self.at_once = at_once
        self.full = full
        self.requests = 0

    def write(self, points: Sequence[Point]) -> int:
        self.requests += 1
        if len(points) > self.at_once:
            raise TooManyPoints("too large")
        values = [float(point.fields["value"]) for point in points]
        if self.full or min(values) < 0:
            raise PointsRefused("partial write")
        self.taken += values
        return 0

    def check(self) -> None:
        if self.full:
            raise SinkAway("no space left")

    def process(self) -> ServerProcess | None:
        return None

    def settle(self) -> bool:
        return False

    def close(self) -> None:
        pass


def points(*values: float) -> list[Point]:
    return [Point(new_id(), {"kind": "latency"}, {"value": v}, n) for n, v in enumerate(values)]


def test_all_go_in_one_request_where_nothing_is_wrong() -> None:
    database = Picky()
    assert deliver(database, points(1, 2, 3)).refused == ()
    assert (database.taken, database.requests) == ([1, 2, 3], 1)


def test_only_the_wrong_ones_stay_behind_with_the_reason() -> None:
    database = Picky()
    sent = points(*range(50), -1, *range(50, 80), -2)
    refused = deliver(database, sent).refused
    assert [point.result_id for point in refused] == [sent[50].result_id, sent[-1].result_id]
    assert {point.reason for point in refused} == {"partial write"}
    assert sorted(database.taken) == list(range(80))


def test_a_database_that_takes_fewer_at_once_gets_fewer() -> None:
    database = Picky(at_once=10)
    assert deliver(database, points(*range(100))).refused == ()
    assert sorted(database.taken) == list(range(100))


def test_trouble_told_in_the_words_of_a_wrong_point_costs_no_point() -> None:
    with pytest.raises(SinkAway, match="no space"):
        deliver(Picky(full=True), points(1, 2, 3))


def test_nothing_is_no_request() -> None:
    database = Picky()
    deliver(database, [])
    assert database.requests == 0
