"""Changes that are marked on a real store: what they did, and what they do to verdicts."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadgauge_collector import reports
from broadgauge_collector.capacity.exclusions import WHY_NOT
from broadgauge_collector.errors import Conflict, Invalid, NotFound
from broadgauge_collector.reports.changes import ChangeEffect, Difference, effect
from broadgauge_collector.reports.coverage import coverage
from broadgauge_collector.schools import changes
from broadgauge_collector.schools.changes import Change
from broadgauge_collector.schools.model import Link, School
from broadgauge_collector.upkeep.going import going_school, remove
from broadgauge_wire import Result, new_id
from tests.reporting import NOW, TestDistrict, district, full_reading

TODAY = date(2026, 3, 19)
TARGET = "fcc-1mbps"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def mark(
    here: TestDistrict, place: Link | School, days_ago: int, kind: Any = "new_line", text: str = ""
) -> Change:
    ids = {"link_id" if isinstance(place, Link) else "school_id": place.id}
    day = TODAY - timedelta(days=days_ago)
    with here.stores.control.begin() as c:
        return changes.add_change(c, day=day, kind=kind, text=text, now=NOW, **ids)


def nights(mbps: float, days: range, **more: Any) -> list[Result]:
    """Two tests a night; rates differ a little from night to night."""
    return [full_reading(day, mbps + day % 5, hour, **more) for day in days for hour in (20, 21)]


def a_school(here: TestDistrict, name: str, *results: Result) -> tuple[School, Link]:
    school = here.school(name)
    link = here.link(school, name=f"{name} line")
    if results:
        here.keep(here.agent(school), *results)
    return school, link


def at_night(found: ChangeEffect) -> Difference:
    return found.lines[0].differences[0]


def before_and_after(here: TestDistrict, change: Change, days: int = 28) -> ChangeEffect:
    return effect(here.stores, change.id, "download", days, NOW)


def test_a_new_line_is_held_against_itself_and_untouched_schools(here: TestDistrict) -> None:
    """From 200 to 380 Mbps ten days ago; at Baker, nothing happened."""
    _, line = a_school(
        here, "Adams", *nights(200, range(11, 24)), *nights(380, range(10)),
        full_reading(10, 5, 2), full_reading(10, 5, 3),
    )  # fmt: skip
    a_school(here, "Baker", *nights(500, range(24)))
    found = before_and_after(here, mark(here, line, 10))
    night = at_night(found)
    assert (night.before.days, night.after.days) == (13, 10)  # the day itself is in neither
    assert night.before.bits_per_second == pytest.approx(202e6, abs=1e6)
    assert night.shift is not None
    assert night.shift.bits_per_second == pytest.approx(180e6, abs=1e6)
    assert (night.untouched.schools, night.untouched.lines) == (1, 1)
    assert night.beyond is not None
    assert night.beyond.interval.low is not None
    assert night.beyond.interval.low > 170e6
    assert night.words.startswith("In closed hours: faster, +180 Mbps (95%: ")
    assert "; 1 school without a change: " in night.words
    in_school = found.lines[0].differences[1]
    assert (in_school.daypart, in_school.before.more_days) == ("school", 6)
    assert "too few days" in in_school.words


def test_a_school_with_a_change_in_the_same_days_is_no_comparison(here: TestDistrict) -> None:
    _, line = a_school(here, "Adams", *nights(200, range(24)))
    baker, _ = a_school(here, "Baker", *nights(500, range(24)))
    change = mark(here, line, 10)
    mark(here, baker, 4, "new_wifi")
    night = at_night(before_and_after(here, change))
    assert night.untouched.lines == 0
    assert night.beyond is None
    assert "no school without a change" in night.words


def test_days_end_at_another_change_of_the_line_and_what_is_missing_is_said(
    here: TestDistrict,
) -> None:
    _, line = a_school(here, "Adams", *nights(200, range(24)))
    change = mark(here, line, 10)
    mark(here, line, 6, "other")
    night = at_night(before_and_after(here, change))
    assert (night.after.first, night.after.last) == (date(2026, 3, 10), date(2026, 3, 12))
    assert (night.after.days, night.after.more_days) == (3, 3)
    assert "After it there are 3: 3 more days, which are not to come" in night.words
    later = mark(here, line, 2, "new_rate")
    assert "3 more days, which come by themselves" not in night.words
    assert "come by themselves" in at_night(before_and_after(here, later)).words


def test_a_change_at_a_school_is_seen_in_its_tests_alone(here: TestDistrict) -> None:
    """Two schools share a line; the one got new Wi-Fi."""
    adams, baker = here.school("Adams"), here.school("Baker")
    here.link(adams, baker, name="Shared")
    here.keep(here.agent(adams), *nights(100, range(11, 24)), *nights(300, range(10)))
    here.keep(here.agent(baker), *nights(800, range(24)))
    found = before_and_after(here, mark(here, adams, 10, "new_wifi", "Ceiling units"))
    assert [line.link.name for line in found.lines] == ["Shared"]
    assert at_night(found).before.bits_per_second == pytest.approx(102e6, abs=1e6)
    assert found.change.text == "Ceiling units"


def test_where_machines_are_the_limit_it_says_at_least(here: TestDistrict) -> None:
    limited = nights(900, range(10), bound="at_least")
    _, line = a_school(here, "Adams", *nights(200, range(11, 24)), *limited)
    night = at_night(before_and_after(here, mark(here, line, 10)))
    assert night.after.at_least
    assert night.shift is not None
    assert (night.shift.bound, night.shift.interval.high) == ("at_least", None)


def test_a_verdict_never_mixes_the_old_line_with_the_new(here: TestDistrict) -> None:
    """Too small for weeks; then, a week ago, large enough."""
    school, line = a_school(here, "Adams", *nights(300, range(8, 29)), *nights(900, range(8)))
    (old,) = reports.verdicts(here.stores, [TARGET], 30, NOW)
    assert old.verdict.conclusion == "below"
    mark(here, line, 8)
    (new,) = reports.verdicts(here.stores, [TARGET], 30, NOW)
    verdict = new.verdict
    assert (verdict.conclusion, verdict.missed_days, verdict.reached_days) == ("undecided", 0, 8)
    assert verdict.changed_on == date(2026, 3, 11)
    assert "changed on March 11: only tests after that day count" in verdict.explanation
    report = reports.school(here.stores, school.id, TARGET, 30, NOW)
    before = [test for test in report.tests if test.line_bits_per_second == pytest.approx(303e6)]
    assert before
    assert {test.why_not for test in before} == {WHY_NOT["before_change"]}
    assert [change.day for change in report.changes] == [date(2026, 3, 11)]


def test_after_a_new_line_the_coverage_goal_starts_anew(here: TestDistrict) -> None:
    _, line = a_school(here, "Adams", *nights(900, range(24)))
    counted = [coverage(here.stores, TARGET, 30, NOW).lines[0].counting_tests]
    mark(here, line, 10)
    counted.append(coverage(here.stores, TARGET, 30, NOW).lines[0].counting_tests)
    assert counted == [48, 20]


def test_what_can_not_be_a_mark_is_refused(here: TestDistrict) -> None:
    school, line = a_school(here, "Adams")
    mark(here, line, 10)
    with pytest.raises(Conflict, match="already"):
        mark(here, line, 10, text="Again")
    with pytest.raises(Invalid, match="name the line"):
        mark(here, school, 10)
    with pytest.raises(Invalid, match="once it was made"):
        mark(here, line, -5)
    with pytest.raises(NotFound, match="broadgauge changes"):
        effect(here.stores, new_id(), "download", 28, NOW)
    with here.stores.control.begin() as c, pytest.raises(Invalid, match="one of both"):
        changes.add_change(c, day=TODAY, kind="other", text="", now=NOW)


def test_a_school_that_is_erased_takes_its_marks_along(here: TestDistrict) -> None:
    school, line = a_school(here, "Adams")
    mark(here, line, 10)
    mark(here, school, 9, "other")
    with here.stores.control.begin() as c:
        remove(c, going_school(c, "Adams"))
        assert changes.list_changes(c) == ()
