"""The simulation counts votes as the collector does, and a slice of it is right."""

from datetime import date

import numpy as np
import pytest

from benchmarks import operating_characteristics as oc
from benchmarks.operating_plot import draw
from broadgauge_collector.capacity.weekly import judge_weekly
from tests.judging import TARGET

WORDS = {oc.MEETS: "meets", oc.BELOW: "below", oc.UNDECIDED: "undecided"}


@pytest.mark.parametrize("ratio", [0.9, 1.0, 1.1])
def test_votes_in_columns_are_the_collectors(ratio: float) -> None:
    nights = oc.simulate(ratio, 4, 3, np.random.default_rng(1))
    counted = oc.count(nights)
    said = np.stack([oc.concluded(counted, 7 * week - 1) for week in range(1, 13)], 1)
    stands = oc.standing(said)
    for link in range(4):
        tests = oc.columns_of(nights, link, 7 * 12)
        for week in (1, 2, 3, 5, 8, 12):
            today = date.fromordinal(oc.START + 7 * week)
            verdict, _ = judge_weekly(
                tests.where(tests.day < today.toordinal()),
                oc.A_NEED, target=TARGET, today=today, days=oc.WINDOW,
            )  # fmt: skip
            assert verdict.conclusion == WORDS[int(stands[link, week - 1])]


def test_lines_a_tenth_off_the_need_are_not_judged_wrongly() -> None:
    random = np.random.default_rng(2)
    for ratio in (0.9, 1.2):
        found = oc.verdicts_of(ratio, 100, 3, random)
        assert all(week["wrong"] <= 0.02 for week in found["standing_after_weeks"].values())
        assert found["standing_after_weeks"]["8"]["right"] > 0.5


def test_shares_are_right_though_tests_come_unevenly() -> None:
    found = oc.shares_of(oc.school_of(0.8, 20), 300, np.random.default_rng(3))
    assert abs(found["bias"]) < 0.03
    assert found["coverage"] > 0.9


def test_the_drawing_is_small_and_has_every_line() -> None:
    weeks = {str(w): {"right": 0.5, "undecided": 0.5, "wrong": 0.0} for w in oc.REPORTED}
    lines = [{"line_of_need": r, "standing_after_weeks": weeks} for r in oc.RATIOS]
    drawn = draw({"own_line": lines})
    assert drawn.startswith("<svg")
    assert "120% of the need" in drawn
    assert len(drawn) < 30_000
