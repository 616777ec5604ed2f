"""A verdict stands once two weeks' evaluations in a row agree."""

from collections.abc import Iterable
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.capacity.columns import columns_of
from broadgauge_collector.capacity.evidence import reasons
from broadgauge_collector.capacity.method import METHOD
from broadgauge_collector.capacity.model import LinkTest, UnknownNeed, Verdict, Vote
from broadgauge_collector.capacity.verdict import judge
from broadgauge_collector.capacity.weekly import evaluations, judge_weekly
from tests.judging import FIRST, NEED, TARGET, days, saying

MONDAY = FIRST
"""2 March 2026."""


def on(day: int, tests: Iterable[LinkTest], window: int = 30) -> Verdict:
    """The verdict that stands so many days after that Monday."""
    today = FIRST + timedelta(days=day)
    found = columns_of(list(tests))
    return judge_weekly(found, NEED, target=TARGET, today=today, days=window)[0]


def weeks(*votes: Vote) -> list[LinkTest]:
    """Two tests a night, a word a week."""
    return [
        saying(vote, 7 * week + day)
        for week, vote in enumerate(votes)
        for day in range(7)
        for _ in range(2)
    ]


def test_weeks_end_on_sunday_and_an_unfinished_one_is_not_evaluated() -> None:
    sunday, monday = date(2026, 3, 15), date(2026, 3, 16)
    assert evaluations(sunday)[:2] == (date(2026, 3, 8), date(2026, 3, 1))
    assert evaluations(monday)[:2] == (sunday, date(2026, 3, 8))


def test_a_first_week_says_when_the_first_verdict_can_be_there() -> None:
    found = on(6, days(reached=7))
    assert (found.conclusion, found.reason, found.today) == (
        "undecided", "must_hold_twice", "meets",
    )  # fmt: skip
    assert found.decided_on == date(2026, 3, 16)
    assert "the first can be there on March 16" in found.explanation
    assert found.explanation.startswith("So far: ")


def test_one_evaluation_is_pending_until_the_next_agrees() -> None:
    found = on(7, days(reached=7))
    assert found.conclusion == "undecided"
    assert found.pending is not None
    assert found.pending.conclusion == "meets"
    assert (found.pending.evaluated_on, found.pending.counts_on) == (
        date(2026, 3, 8), date(2026, 3, 16),
    )  # fmt: skip
    assert "March 8 says: meets the target" in found.explanation


def test_two_that_agree_stand() -> None:
    found = on(14, days(reached=12))
    assert (found.conclusion, found.reason, found.pending) == ("meets", None, None)
    assert (found.evaluated_on, found.held_since) == (date(2026, 3, 15), date(2026, 3, 8))
    assert found.window == (date(2026, 2, 14), date(2026, 3, 15))


def test_too_few_days_say_when_more_could_decide() -> None:
    """Three days of ten tests: three more make six, on 7 March; that week and the next."""
    found = on(2, days(reached=3, each=4))
    assert (found.reason, found.more_days) == ("not_enough_tests", 3)
    assert found.decided_on == date(2026, 3, 16)


def test_a_change_must_hold_twice() -> None:
    tests = weeks("reached", "reached", "reached", "missed", "missed", "missed")
    before, after = on(35, tests, window=14), on(42, tests, window=14)
    assert (before.conclusion, before.evaluated_on) == ("meets", date(2026, 3, 22))
    assert before.pending is not None
    assert before.pending.conclusion == "below"
    assert "falls short" in before.explanation
    assert (after.conclusion, after.pending) == ("below", None)


def test_weeks_that_never_agree_decide_nothing() -> None:
    tests = weeks(*("reached", "missed") * 5)
    assert on(70, tests, window=7).conclusion == "undecided"


def test_what_was_decided_longer_ago_than_is_looked_back_on_is_over() -> None:
    tests = weeks("reached", "reached", *("reached", "missed") * 5)
    assert on(84, tests, window=7).conclusion == "undecided"


def test_days_without_tests_end_a_verdict() -> None:
    tests = weeks("reached", "reached")
    assert on(14, tests, window=7).conclusion == "meets"
    assert on(35, tests, window=7).conclusion == "undecided"


def test_an_unknown_need_is_said_as_ever() -> None:
    unknown = UnknownNeed(explanation="Nobody is counted for Lincoln.")
    found = columns_of(days(reached=20))
    today = FIRST + timedelta(days=21)
    verdict, _ = judge_weekly(found, unknown, target=TARGET, today=today, days=30)
    assert (verdict.reason, verdict.decided_on) == ("no_people", None)
    assert verdict.explanation == unknown.explanation


def test_a_test_of_this_week_says_that_it_counts_in_the_next_evaluation() -> None:
    test = saying("missed", 16)
    (said,) = reasons([test], NEED, [], METHOD, last=date(2026, 3, 15), drop_simulated=True)
    assert said is not None
    assert "in that of this week" in said


VOTES = st.lists(st.sampled_from(("reached", "reached", "missed", "cannot_say")), max_size=60)


@given(VOTES, st.integers(0, 60), st.sampled_from((7, 14, 30)))
def test_what_stands_is_the_evaluation_of_its_window(
    votes: list[Vote], today: int, window: int
) -> None:
    tests = [saying(vote, day) for day, vote in enumerate(votes) for _ in range(2)]
    found = on(today, tests, window)
    alone = judge(tests, NEED, target=TARGET, window=found.window)
    assert found.votes == alone.votes
    assert (found.reached_days, found.capacity) == (alone.reached_days, alone.capacity)
    if found.conclusion != "undecided":
        assert found.conclusion == alone.conclusion
        assert found.window[1] == found.evaluated_on
        assert found.window[1].weekday() == 6


@given(VOTES, st.integers(14, 48), VOTES)
def test_nothing_of_an_unfinished_week_touches_a_verdict_that_stands(
    votes: list[Vote], today: int, later: list[Vote]
) -> None:
    this_week = today - today % 7
    known = [saying(vote, day) for day, vote in enumerate(votes[:this_week]) for _ in range(2)]
    more = [saying(vote, this_week) for vote in later]
    before, after = on(today, known), on(today, known + more)
    if before.conclusion != "undecided":
        assert (after.conclusion, after.votes) == (before.conclusion, before.votes)
        assert after.capacity == before.capacity


def test_a_week_says_what_stood_the_week_before() -> None:
    tests = weeks("reached", "reached", "reached")
    assert on(7, tests).week_before == "undecided"
    assert (on(14, tests).conclusion, on(14, tests).week_before) == ("meets", "undecided")
    assert on(21, tests).week_before == "meets"


def test_after_a_change_of_the_line_only_later_days_are_judged() -> None:
    """A line that fell short for three weeks, until it was replaced on a Tuesday."""
    tests, today = weeks("missed", "missed", "missed", "reached"), FIRST + timedelta(days=28)
    changed = FIRST + timedelta(days=22)
    found, evidence = judge_weekly(
        columns_of(tests), NEED, target=TARGET, today=today, days=30, changed=changed
    )
    assert (found.missed_days, found.changed_on) == (0, changed)
    assert evidence.excluded("before_change") == 2 * 23
    assert found.votes[0].day == changed + timedelta(days=1)
    long_ago = judge_weekly(
        columns_of(tests), NEED, target=TARGET, today=today, days=7, changed=FIRST
    )[0]
    assert long_ago.changed_on is None
