"""People that change in the period: each day is held against the need of its own people."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from broadgauge_collector import reports
from broadgauge_collector.capacity.columns import columns_of
from broadgauge_collector.capacity.evidence import reasons
from broadgauge_collector.capacity.method import METHOD
from broadgauge_collector.capacity.model import LinkTest, Need, UnknownNeed, Verdict
from broadgauge_collector.capacity.need import bits_on, dated
from broadgauge_collector.capacity.targets import find_target
from broadgauge_collector.capacity.verdict import judge
from broadgauge_collector.capacity.weekly import judge_weekly
from broadgauge_collector.reports.coverage import coverage
from broadgauge_collector.reports.district import read_district
from broadgauge_collector.reports.needed import Needed
from broadgauge_collector.schools import repository
from broadgauge_collector.schools.model import Link, People, School
from tests.judging import FIRST, TARGET, a_test
from tests.reporting import NOW, TestDistrict, district, full_reading

CHANGED = FIRST + timedelta(days=10)
TODAY = date(2026, 3, 19)
"""In Chicago."""


def need(mbps: float) -> Need:
    return Need(bits_per_second=mbps * 1e6, people=int(mbps), working=f"{mbps:.0f} students")


GREW = dated([(FIRST, need(300)), (CHANGED, need(500))])


def nights(mbps: float, count: int, first: int = 0, **more: Any) -> list[LinkTest]:
    return [a_test(day, mbps, **more) for day in range(first, first + count) for _ in range(2)]


def judged(tests: list[LinkTest], held: Need | UnknownNeed) -> Verdict:
    return judge(tests, held, target=TARGET, window=(FIRST, FIRST + timedelta(days=19)))


def test_each_day_is_held_against_its_own_people() -> None:
    assert isinstance(GREW, Need)
    found = judged(nights(400, 20), GREW)
    assert (found.reached_days, found.missed_days) == (10, 10)
    assert [vote.vote for vote in found.votes] == ["reached"] * 10 + ["missed"] * 10
    assert found.need is not None
    assert found.need.bits_per_second == 500e6
    assert [(e.until, e.bits_per_second) for e in found.need.earlier] == [
        (CHANGED - timedelta(days=1), 300e6)
    ]


def test_the_explanation_shows_the_range_of_needs_and_when_it_changed() -> None:
    words = judged(nights(400, 20), GREW).explanation
    assert "300 Mbps to 500 Mbps (each day's own)" in words
    assert "changed with the people: 300 Mbps to March 11, 500 Mbps since." in words


def test_days_before_the_change_only_say_what_they_were_held_against() -> None:
    words = judged(nights(400, 9), GREW).explanation
    assert words.startswith("The line reached the need of 300 Mbps on 9 of 9 days.")
    assert "500 Mbps since" in words


def test_a_machine_fit_for_the_people_of_then_counts_then() -> None:
    tests = nights(320, 20, ceiling_bits_per_second=400e6)
    assert judged(tests, GREW).reached_days == 10
    voting = [FIRST, CHANGED]
    said = reasons([tests[0], tests[20]], GREW, voting, METHOD, last=CHANGED, drop_simulated=True)
    assert said[0] is None
    assert said[1] is not None
    assert "could not have seen the need" in said[1]


def test_days_whose_need_is_unknown_have_no_vote() -> None:
    opened = dated([(FIRST, UnknownNeed(explanation="Nobody.")), (CHANGED, need(500))])
    found = judged(nights(600, 20), opened)
    assert found.votes[0].day == CHANGED
    assert len(found.votes) == 10


def test_needs_that_did_not_change_are_one() -> None:
    same = dated([(FIRST, need(300)), (CHANGED, need(300))])
    assert same == need(300)
    assert isinstance(
        dated([(FIRST, need(1)), (CHANGED, UnknownNeed(explanation="?"))]), UnknownNeed
    )


def test_the_day_of_the_change_needs_the_new_and_the_day_before_the_old() -> None:
    ordinals = np.array([CHANGED.toordinal() - 1, CHANGED.toordinal()])
    assert bits_on(GREW, ordinals) == pytest.approx([300e6, 500e6])


def test_every_weekly_evaluation_holds_its_days_against_their_people() -> None:
    """Below today's need and above that of then: what stood before the people came still stands,
    and the week with them is pending."""
    tests = columns_of(nights(400, 30))
    grew = dated([(FIRST, need(300)), (FIRST + timedelta(days=14), need(500))])
    today = FIRST + timedelta(days=28)
    found, _ = judge_weekly(tests, grew, target=TARGET, today=today, days=14)
    assert (found.conclusion, found.pending and found.pending.conclusion) == ("meets", "below")
    corrected, _ = judge_weekly(tests, need(500), target=TARGET, today=today, days=14)
    assert (corrected.conclusion, corrected.pending) == ("below", None)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def people(town: TestDistrict, school: School, since: date, students: int, **more: Any) -> None:
    with town.stores.control.begin() as c:
        repository.set_people(c, school.id, People(since=since, students=students, **more))


def needed(town: TestDistrict, link: Link, target: str = "fcc-1mbps") -> Need | UnknownNeed:
    first = TODAY - timedelta(days=86)
    return Needed(read_district(town.stores), find_target(target), first).by(link, TODAY)


def amounts(found: Need | UnknownNeed) -> list[float | None]:
    assert isinstance(found, Need)
    earlier = [one.bits_per_second for one in found.earlier]
    return [bits and bits / 1e6 for bits in (*earlier, found.bits_per_second)]


def test_a_dated_change_counts_from_its_day_and_a_correction_for_all(town: TestDistrict) -> None:
    lincoln = town.school()
    link = town.link(lincoln)
    town.keep(town.agent(lincoln), *(full_reading(day, 550) for day in range(1, 14)))
    since = TODAY - timedelta(days=7)
    people(town, lincoln, since, 700)
    assert amounts(needed(town, link)) == [500, 700]
    (verdict,) = (one.verdict for one in reports.verdicts(town.stores, ["fcc-1mbps"], 30, NOW))
    assert {v.vote for v in verdict.votes if v.day < since} == {"reached"}
    assert {v.vote for v in verdict.votes if v.day >= since} == {"missed"}
    people(town, lincoln, since, 400)
    people(town, lincoln, repository.EVER, 600)
    assert amounts(needed(town, link)) == [600, 400]


def test_a_change_to_come_does_not_count_yet(town: TestDistrict) -> None:
    lincoln = town.school()
    link = town.link(lincoln)
    people(town, lincoln, TODAY + timedelta(days=1), 700)
    assert amounts(needed(town, link)) == [500]


def test_before_the_first_counts_those_hold(town: TestDistrict) -> None:
    """Enrollment that is entered for the first time today is not the day its students came."""
    uncounted = town.school("Adams", students=None)
    link = town.link(uncounted)
    assert isinstance(needed(town, link), UnknownNeed)
    people(town, uncounted, TODAY - timedelta(days=3), 200)
    assert amounts(needed(town, link)) == [200]


def test_a_peak_that_is_entered_later_holds_for_days_before(town: TestDistrict) -> None:
    lincoln = town.school()
    link = town.link(lincoln)
    people(town, lincoln, TODAY - timedelta(days=5), 500, concurrent_users=100)
    found = needed(town, link, "guide-concurrent")
    assert isinstance(found, Need)
    assert found.earlier == ()


def test_on_a_shared_line_the_changes_of_each_school_count(town: TestDistrict) -> None:
    schools = [town.school(name) for name in ("Adams", "Burr", "Clay")]
    link = town.link(*schools)
    for place, school in enumerate(schools):
        people(town, school, TODAY - timedelta(days=10 * place + 5), 600)
    assert amounts(needed(town, link)) == [1500, 1600, 1700, 1800]


def test_machines_count_for_coverage_by_the_need_of_their_day(town: TestDistrict) -> None:
    lincoln = town.school()
    town.link(lincoln)
    nights = [full_reading(day, 520, 22, ceiling_bits_per_second=600e6) for day in range(1, 15)]
    town.keep(town.agent(lincoln), *nights)
    people(town, lincoln, TODAY - timedelta(days=7), 700)
    (line,) = coverage(town.stores, "fcc-1mbps", 30, NOW).lines
    assert 6 <= line.counting_tests <= 8
