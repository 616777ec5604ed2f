"""What holds for verdicts whatever was measured."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from broadgauge_collector.capacity import intervals
from broadgauge_collector.capacity.columns import columns_of
from broadgauge_collector.capacity.estimate import Reading, interval, median
from broadgauge_collector.capacity.evidence import weigh
from broadgauge_collector.capacity.method import METHOD
from broadgauge_collector.capacity.model import LinkTest, Need, UnknownNeed
from broadgauge_collector.capacity.votes import day_votes
from tests.judged_one_by_one import judged_days
from tests.judging import NEED, WINDOW, a_test, saying, verdict

MBPS = st.integers(min_value=0, max_value=1200)
VOTES = st.lists(st.sampled_from(("reached", "missed", "cannot_say")), max_size=40)


@st.composite
def some_test(draw: st.DrawFn, /, **fixed: Any) -> LinkTest:
    facts = {
        "daypart": draw(st.sampled_from(("closed", "closed", "closed", "school"))),
        "bound": draw(st.sampled_from(("exact", "exact", "exact", "at_least", None))),
        "ceiling_bits_per_second": draw(st.sampled_from((940e6, 940e6, 540e6, None))),
        "path_kind": draw(st.sampled_from(("network", "network", "network", "loopback", "vpn"))),
        "trigger": draw(st.sampled_from(("planned", "planned", "swarm", "manual"))),
        "failed": draw(st.integers(0, 9)) == 0,
        "simulated": draw(st.integers(0, 9)) == 0,
    }
    return a_test(draw(st.integers(0, 25)), draw(MBPS), **facts | fixed)


MANY = st.lists(some_test(), max_size=60)


@given(MANY, st.randoms(use_true_random=False))
def test_the_order_of_tests_does_not_matter(found: list[LinkTest], chance: Any) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert verdict(shuffled) == verdict(found)


@given(MANY, st.integers(-8, 8))
def test_a_bigger_unit_changes_nothing(found: list[LinkTest], power: int) -> None:
    """Powers of two, so that no rounding of floats is in the way."""

    def scaled(rate: float | None) -> float | None:
        return None if rate is None else rate * 2.0**power

    bigger = [
        replace(
            test,
            line_bits_per_second=scaled(test.line_bits_per_second),
            ceiling_bits_per_second=scaled(test.ceiling_bits_per_second),
        )
        for test in found
    ]
    need = Need(bits_per_second=NEED.bits_per_second * 2.0**power, people=500, working="")
    one, other = verdict(found), verdict(bigger, need)
    assert (one.conclusion, one.reason, one.more_days) == (
        other.conclusion,
        other.reason,
        other.more_days,
    )
    assert [vote.vote for vote in one.votes] == [vote.vote for vote in other.votes]


@given(VOTES)
def test_a_day_more_that_reached_never_speaks_against_the_line(votes: list[Any]) -> None:
    before = [saying(vote, day) for day, vote in enumerate(votes) for _ in range(2)]
    after = [*before, *(saying("reached", 50) for _ in range(2))]
    ranks = {"below": 0, "undecided": 1, "meets": 2}
    enough = len(votes) >= 6
    if enough:
        assert ranks[verdict(after).conclusion] >= ranks[verdict(before).conclusion]
    assert (verdict(before).conclusion, verdict(after).conclusion) != ("meets", "below")


@given(st.lists(some_test(path_kind="loopback"), min_size=1))
def test_loopback_is_never_judged(found: list[LinkTest]) -> None:
    judged = verdict(found)
    assert (judged.conclusion, judged.reason) in {
        ("undecided", "loopback"),
        ("undecided", "not_enough_tests"),  # where every test failed
    }
    assert judged.votes == ()
    assert judged.capacity is None


@given(MANY)
def test_a_verdict_is_whole(found: list[LinkTest]) -> None:
    judged = verdict(found)
    days = judged.reached_days + judged.missed_days + judged.cannot_say_days
    assert (judged.reason is None) == (judged.conclusion != "undecided")
    assert judged.conclusion == "undecided" or (judged.counting_tests >= 10 and days >= 6)
    assert days == len(judged.votes) == len({vote.day for vote in judged.votes})
    assert judged.counting_tests == sum(vote.tests for vote in judged.votes) <= judged.tests
    assert judged.explanation
    assert judged.more_days is None or judged.more_days > 0
    if judged.share_reached is not None:
        low, high = judged.share_reached.low, judged.share_reached.high
        assert low is not None
        assert high is not None
        assert 0 <= low <= judged.reached_days / days <= high <= 1
        assert (low > 0.5) >= (judged.conclusion == "meets")
        assert (high < 0.5) >= (judged.conclusion == "below")


@given(MANY)
def test_without_a_need_nothing_is_judged(found: list[LinkTest]) -> None:
    judged = verdict(found, UnknownNeed(explanation="Nobody is counted."))
    assert judged.conclusion == "undecided"
    assert judged.reason in ("no_people", "loopback")


@given(MANY)
def test_slower_tests_never_turn_a_line_from_below_to_meets(found: list[LinkTest]) -> None:
    slower = [replace(t, line_bits_per_second=(t.line_bits_per_second or 0) / 2) for t in found]
    ranks = {"below": 0, "undecided": 1, "meets": 2}
    assert ranks[verdict(slower).conclusion] <= ranks[verdict(found).conclusion]


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=40))
def test_the_interval_holds_the_estimate(values: list[tuple[int, bool]]) -> None:
    readings = [Reading(rate, bound) for rate, bound in values]
    middle, (ends, confidence) = median(readings), interval(readings, 0.95)
    if len(readings) < 6:
        assert (ends.low, ends.high, confidence) == (None, None, None)
        return
    assert confidence is not None
    assert 0.95 <= confidence < 1
    assert ends.low is not None
    assert ends.low <= middle.bits_per_second
    assert ends.high is None or (middle.bits_per_second <= ends.high and not middle.at_least)


@given(st.integers(1, 60), st.data())
def test_the_exact_interval_covers_the_share(days: int, data: st.DataObject) -> None:
    reached = data.draw(st.integers(0, days))
    low, high = intervals.lower(reached, days, 0.95), intervals.upper(reached, days, 0.95)
    assert low <= reached / days <= high
    mirrored = intervals.upper(days - reached, days, 0.95)
    assert abs(low - (1 - mirrored)) < 1e-9


@given(MANY)
def test_columns_come_to_what_tests_one_by_one_do(found: list[LinkTest]) -> None:
    columns = columns_of(found)
    evidence = weigh(columns, NEED, WINDOW, METHOD)
    votes = day_votes(evidence.with_a_say(), NEED.bits_per_second, METHOD)
    days = [(str(v.day), v.vote, v.daypart, v.tests, v.median_bits_per_second) for v in votes]
    assert days == judged_days(found, NEED.bits_per_second)
