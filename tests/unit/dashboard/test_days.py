import re
from datetime import date, timedelta

from broadgauge_collector.capacity.model import DayVote, Vote
from broadgauge_dashboard.views.days import MOST_SQUARES, strip
from tests.unit.dashboard.seeing import parts, texts

FIRST = date(2026, 1, 30)


def votes(number: int, vote: Vote = "reached", first: date = FIRST) -> list[DayVote]:
    return [
        DayVote(
            day=first + timedelta(days=later),
            vote=vote,
            median_bits_per_second=600e6,
            tests=2,
            daypart="closed",
        )
        for later in range(number)
    ]


def test_up_to_two_months_every_day_is_a_square_of_its_own() -> None:
    assert len(parts(strip(votes(MOST_SQUARES)), "day")) == MOST_SQUARES


def test_more_days_become_a_calendar_of_months_with_a_mark_each() -> None:
    shown = strip(votes(MOST_SQUARES + 1))
    assert not parts(shown, "day")
    (calendar,) = parts(shown, "months")
    assert len(parts(calendar, "mark")) == MOST_SQUARES + 1
    names = [texts(name) for name in parts(calendar, "day-name")]
    assert names == ["Jan", "Feb", "Mar"]


def test_a_months_counts_are_read_aloud() -> None:
    days = [
        *votes(60),
        *votes(3, "missed", date(2026, 3, 31)),
        *votes(1, "cannot_say", date(2026, 4, 3)),
    ]
    said = [texts(words) for words in parts(strip(days), "only-read")]
    assert said[0] == "January 2026: 2 days reached the need"
    assert said[-1] == "April 2026: 2 days missed the need, 1 day can't say"
    assert sum(int(number) for words in said for number in re.findall(r"(\d+) days? ", words)) == 64


def test_a_mark_stands_in_its_weeks_column_and_its_weekdays_row() -> None:
    first, second, third, fourth, *_ = parts(parts(strip(votes(90)), "months"), "mark")
    assert first.title.startswith("Fri, Jan 30: reached the need, 600 Mbps, 2 tests")
    assert (first.style["gridColumn"], first.style["gridRow"]) == (1, 5)
    assert (second.style["gridColumn"], second.style["gridRow"]) == (1, 6)
    assert (third.style["gridColumn"], third.style["gridRow"]) == (1, 7)  # Sunday, February 1
    assert (fourth.style["gridColumn"], fourth.style["gridRow"]) == (2, 1)


def test_the_three_marks_differ_in_shape_and_the_legend_explains_each() -> None:
    days = [
        *votes(70),
        *votes(2, "missed", date(2026, 4, 20)),
        *votes(2, "cannot_say", date(2026, 4, 24)),
    ]
    (legend,) = parts(strip(days), "legend")
    marks = [mark.className.split()[1] for mark in parts(legend, "mark")]
    assert marks == ["mark-meets", "mark-below", "mark-undecided"]
    assert texts(legend) == "reached the need missed the need can't say"
