"""Before and after a change: differences of days, with intervals that hold what they say."""

from datetime import date, timedelta
from math import comb

import numpy as np
import pytest

from broadgauge_collector.capacity.change import (
    Shift,
    Span,
    around,
    beyond,
    rank_of,
    shift,
    together,
)
from broadgauge_collector.capacity.change_words import compared, difference, too_few
from broadgauge_collector.capacity.estimate import Reading
from broadgauge_collector.capacity.model import Interval

DAY = date(2026, 3, 3)


def exact(*mbps: float) -> list[Reading]:
    return [Reading(rate * 1e6, at_least=False) for rate in mbps]


def at_least(*mbps: float) -> list[Reading]:
    return [Reading(rate * 1e6, at_least=True) for rate in mbps]


def known(found: Shift | None) -> Shift:
    assert found is not None
    return found


def so_much(mbps: float, low: float | None, high: float | None) -> Shift:
    ends = Interval(*(None if end is None else end * 1e6 for end in (low, high)))
    return Shift(bits_per_second=mbps * 1e6, bound="exact", interval=ends, confidence=0.975)


def test_the_shift_is_the_median_of_all_differences_between_a_day_after_and_one_before() -> None:
    found = known(shift(exact(1, 2, 3, 4, 5, 6), exact(101, 102, 103, 104, 105, 126)))
    assert found.bits_per_second == pytest.approx(100e6)
    assert found.bound == "exact"
    # The sixth difference from either end: Mann and Whitney's table has 5 for six and six.
    assert (found.interval.low, found.interval.high) == pytest.approx((97e6, 120e6))
    assert found.confidence == pytest.approx(1 - 2 * 19 / comb(12, 6))


def test_no_shift_is_told_from_too_few_days() -> None:
    five, six = exact(1, 2, 3, 4, 5), exact(1, 2, 3, 4, 5, 6)
    assert shift(five, six) is None
    assert shift(six, five) is None
    assert shift(six, six) is not None


def test_days_that_are_lower_bounds_after_leave_the_upper_end_open() -> None:
    before = exact(*range(100, 112))
    found = known(shift(before, at_least(*range(300, 312))))
    assert found.bound == "at_least"
    assert found.bits_per_second == pytest.approx(200e6)
    assert found.interval.high is None
    assert difference(found).startswith("faster, at least +200 Mbps (95%: ")
    assert difference(found).endswith(" or more)")


def test_days_that_are_lower_bounds_before_leave_the_lower_end_open() -> None:
    found = known(shift(at_least(*range(100, 112)), exact(*range(300, 312))))
    assert (found.bound, found.interval.low) == ("at_most", None)
    assert difference(found).startswith("no clear difference, at most +200 Mbps")


def test_lower_bounds_on_both_sides_say_nothing() -> None:
    found = known(shift(at_least(*range(12)), at_least(*range(12))))
    assert (found.bits_per_second, found.bound) == (None, None)
    assert found.interval == Interval(None, None)
    assert difference(found).startswith("can't be told: the testing computers were the limit")
    assert compared(2, found, found) == "2 schools without a change: can't be told."
    one_side = beyond(found, so_much(2, -5, 8))
    assert compared(2, so_much(2, -5, 8), one_side) == (
        "2 schools without a change: +2 Mbps (95%: -5 to 8)."
    )


def test_a_few_lower_bounds_widen_the_interval_and_no_more() -> None:
    before, after = exact(*range(100, 120)), exact(*range(300, 320))
    mixed = [*after[:18], *at_least(318, 319)]
    plain, found = known(shift(before, after)), known(shift(before, mixed))
    assert found.bound == "exact"
    assert found.interval.low == plain.interval.low
    assert found.interval.high is not None
    assert plain.interval.high is not None
    assert found.interval.high > plain.interval.high


@pytest.mark.parametrize("sides", [(6, 6), (12, 20), (28, 28)])
def test_intervals_cover_the_truth_as_often_as_they_say(sides: tuple[int, int]) -> None:
    """600 lines whose nights have a long tail, at 200 Mbps and then at 380."""
    random = np.random.default_rng(7)
    held, trials = 0, 600
    for _ in range(trials):
        night = [200e6 - 6e6 * random.lognormal(0, 1, size) for size in sides]
        before, after = ([Reading(r, at_least=False) for r in rates] for rates in night)
        moved = [Reading(r.bits_per_second + 180e6, at_least=False) for r in after]
        ends = known(shift(before, moved)).interval
        held += (ends.low or 0) <= 180e6 <= (ends.high or 0)
    share = held / trials
    states = rank_of(*sides, 0.95)[1]
    assert states - 0.03 < share < states + 0.03
    assert states >= 0.95


def test_many_days_are_reckoned_like_few() -> None:
    """Beyond forty days a side the normal approximation stands in: no step shows."""
    last, first = rank_of(40, 40, 0.95)[0], rank_of(41, 41, 0.95)[0]
    assert last < first < last * 41**2 / 40**2 + 10


def test_what_is_left_beside_others_has_both_intervals_errors() -> None:
    left = beyond(so_much(180, 150, 210), so_much(2, -5, 8))
    assert left.bits_per_second == pytest.approx(178e6)
    assert (left.interval.low, left.interval.high) == pytest.approx((142e6, 215e6))
    assert left.confidence == pytest.approx(0.95)
    assert beyond(so_much(180, 150, None), so_much(2, -5, 8)).interval.high is None


def test_several_lines_are_one_by_how_far_each_is_from_its_own_median_before() -> None:
    small = {n: Reading(rate, at_least=False) for n, rate in enumerate([10, 12, 11, 21, 22], 1)}
    large = {
        n: Reading(rate, at_least=False) for n, rate in enumerate([900, 904, 902, 930, 930], 1)
    }
    before = Span(date.fromordinal(1), date.fromordinal(3))
    days = together([small, large], before)
    assert [days[n].bits_per_second for n in range(1, 6)] == [-1.5, 1.5, 0, 19, 19.5]


def test_days_are_equal_on_both_sides_and_cut_at_other_changes_and_today() -> None:
    far = around(DAY, 28, [], DAY + timedelta(days=90))
    assert far.before == Span(date(2026, 2, 3), date(2026, 3, 2))
    assert far.after == Span(date(2026, 3, 4), date(2026, 3, 31))
    cut = around(DAY, 28, [date(2026, 2, 20), DAY, date(2026, 3, 20)], DAY + timedelta(days=90))
    assert cut.before.first == date(2026, 2, 21)
    assert cut.after.last == date(2026, 3, 19)
    assert around(DAY, 28, [], date(2026, 3, 10)).after.last == date(2026, 3, 10)
    assert around(DAY, 28, [], DAY).after.days_of({DAY.toordinal(): exact(1)[0]}) == []


def test_a_difference_is_said_in_plain_words() -> None:
    mine, others = so_much(180, 150, 210), so_much(2, -5, 8)
    assert difference(mine) == "faster, +180 Mbps (95%: 150 to 210)"
    assert difference(so_much(-1200, -1300, -900)) == "slower, -1.2 Gbps (95%: -1.3 to -0.9)"
    assert difference(others) == "no clear difference, +2 Mbps (95%: -5 to 8)"
    assert compared(3, others, beyond(mine, others)) == (
        "3 schools without a change: +2 Mbps (95%: -5 to 8). "
        "That leaves +178 Mbps (95%: 142 to 215)."
    )
    assert "no school without a change" in compared(0, None, None)


def test_too_few_days_say_how_many_more_and_whether_they_come() -> None:
    words = too_few(6, 2, more_to_come=True)
    assert "After it there are 2: 4 more days, which come by themselves." in words
    assert "Before" not in words
    assert "are not to come" in too_few(3, 2, more_to_come=False)
    assert "Before it there are 5: 1 more day, if" in too_few(5, 9, more_to_come=True)
