"""Spans of the day follow the local clock, over midnight and over the changes of summer time."""

import random
import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from broadgauge_agent.hours import ANY, is_within, moved_into, span_from

HOUR = 3600.0


@pytest.fixture(autouse=True)
def denver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/Denver")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> float:
    """Unix seconds of a local time."""
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("hours", "moment", "within"),
    [
        (ANY, "2026-03-02 12:00", True),
        ("16:30-06:00", "2026-03-02 16:29", False),
        ("16:30-06:00", "2026-03-02 16:30", True),
        ("16:30-06:00", "2026-03-02 23:59", True),
        ("16:30-06:00", "2026-03-03 00:00", True),
        ("16:30-06:00", "2026-03-03 05:59", True),
        ("16:30-06:00", "2026-03-03 06:00", False),
        ("08:00-15:00", "2026-03-03 07:59", False),
        ("08:00-15:00", "2026-03-03 08:00", True),
        ("08:00-15:00", "2026-03-03 15:00", False),
        ("00:00-00:00", "2026-03-03 15:00", True),
    ],
)
def test_a_span_holds_its_first_minute_and_not_its_last(
    hours: str, moment: str, within: bool
) -> None:
    assert is_within(hours, at(moment)) is within


def test_a_moment_in_the_span_stays_where_it_is() -> None:
    moment = at("2026-03-02 18:00")
    assert moved_into("16:30-06:00", moment, random.Random(1)) == moment


def test_others_move_to_any_moment_of_the_next_span_alike() -> None:
    begin, end = at("2026-03-02 16:30"), at("2026-03-03 06:00")
    moved = [
        moved_into("16:30-06:00", at("2026-03-02 09:00"), random.Random(seed))
        for seed in range(400)
    ]
    assert all(begin <= moment < end for moment in moved)
    quarters = [
        sum(1 for m in moved if int((m - begin) / (end - begin) * 4) == q) for q in range(4)
    ]
    assert min(quarters) > 70


def test_the_night_in_which_the_clock_goes_forward_is_an_hour_shorter() -> None:
    begin, end = span_from("16:30-06:00", at("2026-03-07 20:00"))
    assert (begin, end) == (at("2026-03-07 16:30"), at("2026-03-08 06:00"))
    assert end - begin == 12.5 * HOUR
    autumn = span_from("16:30-06:00", at("2026-10-31 20:00"))
    assert autumn[1] - autumn[0] == 14.5 * HOUR
