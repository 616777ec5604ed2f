"""What tests say about a need, worked out by hand."""

import random
from typing import Any

import pytest

from broadgauge_collector.capacity.columns import columns_of
from broadgauge_collector.capacity.exclusions import EXCLUSIONS
from broadgauge_collector.capacity.method import METHOD
from broadgauge_collector.capacity.model import LinkTest, UnknownNeed, Vote
from broadgauge_collector.capacity.votes import ORDER, exclusions, median_vote, votes
from tests.judging import NEED, a_test, days, saying, verdict


@pytest.mark.parametrize(
    ("mbps", "bound", "daypart", "says"),
    [
        (475, "exact", "closed", "reached"),
        (475, "at_least", "closed", "reached"),
        (474.9, "exact", "closed", "missed"),
        (474.9, "at_least", "closed", "cannot_say"),
        (474.9, None, "closed", "cannot_say"),
        (900, None, "closed", "cannot_say"),
        (600, "exact", "school", "reached"),
        (300, "exact", "school", "cannot_say"),
    ],
)
def test_a_test_reaches_the_need_at_95_percent_of_it(
    mbps: float, bound: Any, daypart: Any, says: Vote
) -> None:
    test = a_test(mbps=mbps, bound=bound, daypart=daypart)
    said = votes(columns_of([test]), NEED.bits_per_second, METHOD)
    assert ORDER[said[0]] == says


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"ceiling_bits_per_second": 550e6}, None),
        ({"ceiling_bits_per_second": 549e6}, "machine_too_slow"),
        ({"ceiling_bits_per_second": None}, "unknown_ceiling"),
        ({"trigger": "swarm"}, None),
        ({"trigger": "manual"}, "not_planned"),
        ({"trigger": "survey"}, "not_planned"),
        ({"trigger": "swarm", "is_part": True}, "group_part"),
        ({"client": "browser"}, "web_page"),
        ({"client": "browser", "trigger": "survey", "path_kind": None}, "web_page"),
        ({"method": "ookla"}, "other_protocol"),
        ({"method": "librespeed"}, "other_protocol"),
        ({"public_server": True}, "public_server"),
        ({"method": "ookla", "path_kind": "loopback"}, "other_protocol"),
        ({"path_kind": "vpn"}, "vpn"),
        ({"path_kind": "loopback"}, "loopback"),
        ({"path_kind": None}, "unknown_path"),
        ({"failed": True}, "failed"),
        ({"line_bits_per_second": None}, "no_rate"),
        ({"daypart": "school"}, None),
    ],
)
def test_who_has_a_say(changes: dict[str, Any], why: str | None) -> None:
    for mbps in (300, 600):
        test = a_test(mbps=mbps, **changes)
        found = exclusions(columns_of([test]), NEED.bits_per_second, METHOD, drop_simulated=False)
        assert EXCLUSIONS[found[0]] == why


@pytest.mark.parametrize(
    ("said", "median"),
    [
        (["reached"], "reached"),
        (["reached", "missed"], "cannot_say"),
        (["reached", "cannot_say"], "cannot_say"),
        (["missed", "reached", "missed"], "missed"),
        (["missed", "cannot_say", "reached"], "cannot_say"),
        (["missed", "missed", "reached", "reached"], "cannot_say"),
        (["missed", "reached", "reached", "reached"], "reached"),
    ],
)
def test_a_days_vote_is_its_median_test(said: list[Vote], median: Vote) -> None:
    assert median_vote([said.count(vote) for vote in ORDER]) == median


@pytest.mark.parametrize(
    ("split", "conclusion", "reason", "more_days"),
    [
        ({"reached": 6}, "meets", None, None),
        ({"reached": 5, "missed": 1}, "meets", None, None),  # lower(5/6) = .359
        ({"reached": 4, "missed": 2}, "undecided", "not_enough_tests", 6),  # 8/12
        ({"reached": 5}, "undecided", "not_enough_tests", 1),
        ({"reached": 12}, "meets", None, None),
        ({"reached": 8, "missed": 4}, "meets", None, None),  # lower(8/12) = .349
        ({"reached": 7, "missed": 5}, "undecided", "not_enough_tests", 9),  # 12/21: .340
        ({"reached": 6, "missed": 6}, "undecided", "about_at_target", None),  # 20/40: .338
        ({"missed": 12}, "below", None, None),
        ({"missed": 8}, "undecided", "not_enough_tests", 1),  # upper(0/8) = .369
        ({"missed": 9}, "below", None, None),  # upper(0/9) = .336
        ({"reached": 1, "missed": 11}, "undecided", "not_enough_tests", 7),  # upper(1/19): .260
        ({"reached": 1, "missed": 14}, "below", None, None),  # upper(1/15) = .319
        ({"missed": 14, "cannot_say": 1}, "below", None, None),
        ({"missed": 9, "cannot_say": 3}, "undecided", "machine_limited", None),
        ({"reached": 9, "cannot_say": 3}, "meets", None, None),
        ({"reached": 7, "cannot_say": 5}, "undecided", "machine_limited", None),
        ({"cannot_say": 12}, "undecided", "machine_limited", None),
        ({"cannot_say": 2}, "undecided", "machine_limited", None),
        ({"reached": 1, "missed": 1}, "undecided", "not_enough_tests", None),
        ({}, "undecided", "not_enough_tests", 6),
    ],
)
def test_days_decide(
    split: dict[str, int], conclusion: str, reason: str | None, more_days: int | None
) -> None:
    found = verdict(days(**split))
    assert (found.conclusion, found.reason, found.more_days) == (conclusion, reason, more_days)
    assert (found.reached_days, found.missed_days, found.cannot_say_days) == (
        split.get("reached", 0),
        split.get("missed", 0),
        split.get("cannot_say", 0),
    )
    assert found.counting_tests == 2 * sum(split.values())


def test_no_verdict_before_ten_tests_on_six_days() -> None:
    assert verdict(days(reached=9, each=1)).conclusion == "undecided"
    assert verdict(days(reached=9, each=1)).more_days == 1
    assert verdict(days(reached=10, each=1)).conclusion == "meets"
    assert verdict(days(missed=5, each=20)).conclusion == "undecided"


def test_a_busy_day_has_one_vote() -> None:
    good_day = [saying("reached", 11) for _ in range(200)]
    assert verdict(days(missed=19) + good_day).conclusion == "below"


def test_days_whose_tests_disagree_are_about_at_target_and_not_the_machines_fault() -> None:
    split = [saying(says, day) for day in range(12) for says in ("reached", "missed")]
    found = verdict(split)
    assert (found.cannot_say_days, found.reason) == (12, "about_at_target")


def test_school_hours_can_only_help() -> None:
    night = days(reached=12)
    low_by_day = [a_test(day, 100, daypart="school") for day in range(12) for _ in range(9)]
    assert verdict(night + low_by_day).conclusion == "meets"
    assert verdict(night + low_by_day).counting_tests == 24
    assert verdict(low_by_day).reason == "not_enough_tests"
    high_by_day = [a_test(day, 600, daypart="school") for day in range(12)]
    assert verdict(high_by_day).conclusion == "meets"
    both = verdict(days(missed=12) + high_by_day)
    assert (both.conclusion, both.cannot_say_days) == ("undecided", 12)


def test_good_school_days_alone_do_not_hide_bad_ones() -> None:
    """The days on which school-hours tests found too little count against the line."""
    tests = [a_test(day, 600 if day % 3 == 0 else 200, daypart="school") for day in range(36)]
    assert verdict(tests).conclusion == "undecided"
    good = [test for test in tests if (test.line_bits_per_second or 0) > 500e6]
    assert verdict(good).conclusion == "meets"


def test_slow_machines_are_the_reason_whatever_they_read() -> None:
    slow = [
        a_test(day, mbps, ceiling_bits_per_second=400e6) for day in range(12) for mbps in (90, 390)
    ]
    found = verdict(slow)
    assert (found.conclusion, found.reason) == ("undecided", "machine_limited")
    assert (found.counting_tests, found.tests) == (0, 24)
    assert "faster computer, on a cable" in found.explanation


def test_one_wired_agent_among_slow_ones_decides() -> None:
    slow = [a_test(day, 90, ceiling_bits_per_second=100e6) for day in range(12) for _ in range(30)]
    assert verdict(slow + days(missed=12)).conclusion == "below"


def test_loopback_is_never_judged() -> None:
    inside = [saying("reached", day, path_kind="loopback") for day in range(12) for _ in range(3)]
    found = verdict(inside)
    assert (found.conclusion, found.reason, found.capacity) == ("undecided", "loopback", None)
    assert found.votes == ()


def test_without_people_there_is_no_need_and_no_verdict() -> None:
    found = verdict(days(reached=12), UnknownNeed(explanation="Nobody is counted for Lincoln."))
    assert (found.conclusion, found.reason, found.need) == ("undecided", "no_people", None)
    assert found.explanation == "Nobody is counted for Lincoln."
    assert found.capacity is not None


def test_simulated_tests_mark_the_verdict_and_never_mix_with_real_ones() -> None:
    made_up = [saying("missed", day, simulated=True) for day in range(12)]
    assert (verdict(made_up).conclusion, verdict(made_up).simulated) == ("below", True)
    mixed = verdict(made_up + days(reached=12))
    assert (mixed.conclusion, mixed.simulated, mixed.counting_tests) == ("meets", False, 24)


def test_tests_outside_the_window_are_left_out() -> None:
    early = [saying("missed", day) for day in range(-30, 0)]
    late = [saying("missed", day) for day in range(60, 90)]
    found = verdict(early + days(reached=12) + late)
    assert (found.conclusion, found.tests) == ("meets", 24)


def test_the_explanation_has_the_numbers() -> None:
    assert verdict(days(reached=11, missed=1)).explanation == (
        "The line reached the need of 500 Mbps on 11 of 12 days. "
        "That makes 62% to 100% of all days (95% interval), over 34%: it is big enough."
    )
    assert "12 days. That makes 0% to 26% of all days" in verdict(days(missed=12)).explanation
    assert "About 9 more days like these" in verdict(days(reached=7, missed=5)).explanation


def test_the_verdict_prints_its_method() -> None:
    method = verdict([]).method
    for fact in (
        "95%",
        "110%",
        "10 tests on 6 days",
        "once two weeks in a row agree",
        "40 days",
    ):
        assert fact in method


@pytest.mark.parametrize(
    ("share_of_need", "conclusion"),
    [(0.8, "below"), (0.9, "below"), (1.1, "meets"), (1.2, "meets")],
)
def test_ten_noisy_days_find_the_truth(share_of_need: float, conclusion: str) -> None:
    """200 lines, three tests a night, 2% noise: never wrong, hardly ever undecided."""
    chance = random.Random(20260302)

    def line() -> list[LinkTest]:
        return [
            a_test(day, 500 * share_of_need * chance.gauss(1, 0.02))
            for day in range(10)
            for _ in range(3)
        ]

    found = [verdict(line()).conclusion for _ in range(200)]
    assert set(found) <= {conclusion, "undecided"}
    assert found.count("undecided") <= 4


def test_a_line_that_is_at_the_target_on_the_share_of_days_asked_for_is_rarely_called() -> None:
    """Each verdict may be wrong on 2.5% of such lines to each side, whatever the noise is."""
    chance = random.Random(7)
    share = [METHOD.share_of_days, 1 - METHOD.share_of_days]
    either: list[Vote] = ["reached", "missed"]
    found = [
        verdict([saying(says, day) for day, says in enumerate(drawn)]).conclusion
        for drawn in (chance.choices(either, share, k=20) for _ in range(400))
    ]
    assert found.count("meets") <= 20
    assert found.count("below") <= 20
