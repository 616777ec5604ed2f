"""When lines stop being enough, and how their use grew."""

from math import log
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from broadgauge_collector.capacity.columns import EXACT, Columns
from broadgauge_collector.capacity.demand import SchoolDemand
from broadgauge_collector.capacity.forecast import YearNeed, forecast
from broadgauge_collector.capacity.trend import MIN_WEEKS, Week, fit, weekly_use
from tests.unit.collector.test_demand_need import a_school, carries_at, only_web


def growing(use: float, **changes: float) -> SchoolDemand:
    """A school that needs 300 Mbps today, with nothing left to chance but what is said."""
    known: dict[str, Any] = {
        "students_at_once": 1.0,
        "devices_at_once": 1.0,
        "own_devices": 0.0,
        "growth__people": 0.0,
        "growth__devices": 0.0,
        "growth__use": use,
    }
    return a_school(students=300, **only_web("a_la_carte") | known | changes)


def width(year: YearNeed) -> float:
    assert year.interval.low is not None
    assert year.interval.high is not None
    return year.interval.high - year.interval.low


def test_a_line_twice_the_need_lasts_until_the_need_has_doubled() -> None:
    """At 25% a year: ln 2 / ln 1.25 = 3.1 years, whichever way it is drawn."""
    found = forecast([growing(0.25)], carries_at(600, 600, 600))

    assert found.stops is not None
    expected = pytest.approx(log(2) / log(1.25), abs=0.01)
    assert found.stops.soonest_years == expected
    assert found.stops.likely_years == expected
    assert found.stops.latest_years == expected
    assert [year.bits_per_second for year in found.years] == pytest.approx(
        [300e6 * 1.25**n for n in range(4)]
    )
    assert [year.enough for year in found.years] == [1, 1, 1, 1]


def test_a_line_below_todays_need_is_not_enough_today() -> None:
    found = forecast([growing(0.1)], carries_at(200, 190, 210))

    assert found.stops is not None
    assert found.stops.latest_years == 0
    assert found.years[0].enough == 0


def test_a_need_that_stands_still_is_met_for_as_long_as_one_can_see() -> None:
    found = forecast([growing(0.0)], carries_at(600, 550, 650))

    assert found.stops is not None
    assert found.stops.soonest_years is None


def test_the_range_holds_what_isn_t_known_of_the_line_and_of_growth() -> None:
    certain = forecast([growing(0.25)], carries_at(600, 600, 600)).stops
    line = forecast([growing(0.25)], carries_at(600, 500, 700)).stops
    school = growing(0.25)
    vague = school.assumed["growth.use"]
    both = replace(
        school, assumed={**school.assumed, "growth.use": replace(vague, low=0.1, high=0.4)}
    )
    all_of_it = forecast([both], carries_at(600, 500, 700)).stops

    def spread(stops: Any) -> float:
        return float(stops.latest_years - stops.soonest_years)

    assert spread(certain) < 0.01 < spread(line) < spread(all_of_it)


def test_without_days_enough_for_an_interval_the_forecast_says_so() -> None:
    stops = forecast([growing(0.25)], carries_at(600, None, None, days=3)).stops
    assert stops is not None
    assert not stops.capacity_range_known


def test_without_a_capacity_there_are_needs_and_no_end() -> None:
    found = forecast([growing(0.25)], None)
    assert found.stops is None
    assert [year.enough for year in found.years] == [None] * 4


def test_the_range_of_a_sum_is_narrower_than_the_sum_of_ranges() -> None:
    """Habits differ from school to school: forty of them average out."""
    habit = a_school().assumed["students_at_once"]
    schools = [
        replace(s, id=str(n), assumed={**s.assumed, "students_at_once": habit})
        for n, s in enumerate([growing(0.0, own_devices=1.0)] * 40)
    ]
    together = width(forecast(schools, None).years[0])
    apart = sum(width(forecast([school], None).years[0]) for school in schools)

    assert together < 0.3 * apart


def test_what_a_device_takes_is_the_same_unknown_everywhere_so_it_doesn_t_average_out() -> None:
    rate = a_school().assumed["rate.video"]
    school = growing(0.0, mix__a_la_carte__video=1.0)
    vague = replace(school, assumed={**school.assumed, "rate.video": rate})
    both = [vague, replace(vague, id="2")]

    together = width(forecast(both, None).years[0])
    apart = sum(width(forecast([one], None).years[0]) for one in both)

    assert together == pytest.approx(apart)


def test_the_same_question_has_the_same_answer() -> None:
    school, capacity = a_school(), carries_at(600, 500, 700)
    assert forecast([school], capacity) == forecast([school], capacity)


def weeks(count: int, slope: float = 0.0, start: float = 100e6) -> list[Week]:
    """So many weeks of use that grows by `slope` bit/s a year, with noise."""
    noise = np.random.default_rng(1).normal(0, 2e6, count)
    return [
        Week(number, start + slope * number * 7 / 365.25 + float(noise[number]))
        for number in range(count)
    ]


def test_a_trend_finds_the_growth_that_was_put_in() -> None:
    found = fit(weeks(40, slope=50e6))

    assert found.growth_interval is not None
    low, high = found.growth_interval.low, found.growth_interval.high
    assert low is not None
    assert high is not None
    assert 40e6 < low < 50e6 < high < 60e6
    assert found.use_bits_per_second == pytest.approx(100e6 + 50e6 * 39 * 7 / 365.25, rel=0.02)
    assert "grows" in found.explanation


def test_use_that_stands_still_is_not_said_to_grow() -> None:
    assert "can't be told from standing still" in fit(weeks(40)).explanation


def test_with_too_few_weeks_there_is_no_trend_and_it_says_why() -> None:
    found = fit(weeks(MIN_WEEKS - 1, slope=50e6))
    assert found.growth_bits_per_second_per_year is None
    assert f"{MIN_WEEKS - 1} of {MIN_WEEKS} weeks" in found.explanation


def readings(*rows: tuple[int, bool, float, int]) -> Columns:
    """Day, closed, rate in bit/s and bound of each test."""
    day, closed, rate, bound = zip(*rows, strict=True)
    count = len(rows)
    return Columns(
        day=np.array(day, np.int64),
        closed=np.array(closed, np.bool_),
        line=np.array(rate, np.float64),
        ceiling=np.full(count, 1e9),
        bound=np.array(bound, np.int8),
        unfit=np.zeros(count, np.int8),
        simulated=np.zeros(count, np.bool_),
    )


def test_a_weeks_use_is_what_school_hours_lack_and_only_full_readings_count() -> None:
    night = [(700 + day, True, 500e6, EXACT) for day in range(3)]
    school = [(700 + day, False, 380e6, EXACT) for day in range(3)]
    limited = [(700, False, 10e6, 2)]
    alone = [(707 + day, True, 500e6, EXACT) for day in range(3)]

    assert weekly_use(readings(*night, *school, *limited, *alone)) == [Week(100, 120e6)]
