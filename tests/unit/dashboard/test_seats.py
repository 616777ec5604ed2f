"""What a person reads of school hours."""

from typing import Any

from broadgauge_collector.capacity.seats import Seen, judge_seats, use_of
from broadgauge_collector.reports.seats import SchoolSeats
from broadgauge_dashboard.views.seats import seats_panel
from broadgauge_wire import new_id
from tests.unit.collector.test_capacity_seats import TIME, WEB, first, seen
from tests.unit.dashboard.seeing import NOW, texts


def shown(tests: Seen, **changes: Any) -> str:
    facts: dict[str, Any] = {
        "school_id": new_id(),
        "school": "Lincoln Elementary",
        "segment": "internet",
        "days": 30,
        "as_of": NOW,
        "simulated": False,
        "seats": judge_seats(tests, TIME, WEB),
    }
    return texts(seats_panel(SchoolSeats(**facts | changes)))


def test_the_share_its_interval_and_the_worst_hours_are_shown() -> None:
    words = shown(seen(20, hour=first(10, 12, 10, 20), line=first(6, 2e6, 50e6, 20)))
    assert "In school hours" in words
    assert "95% sure" in words
    assert "12:00 to 14:00" in words
    assert "worst hours" in words
    assert "6 of 20" in words
    assert "It says nothing about the size of a line" in words


def test_without_a_test_it_says_what_comes_by_itself() -> None:
    assert "No test in school hours in this period" in shown(seen(0))


def test_made_up_data_is_marked() -> None:
    assert "Simulated data" in shown(seen(20), simulated=True)


def test_each_use_has_its_source() -> None:
    words = shown(seen(20), seats=judge_seats(seen(20), TIME, use_of("call")))
    assert "Internet Quality Barometer" in words
