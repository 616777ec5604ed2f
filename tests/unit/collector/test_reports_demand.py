"""What schools carry, what lines need, and the five steps, from what was measured."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broadgauge_collector.access.agents import add_agent
from broadgauge_collector.capacity.targets import TARGETS
from broadgauge_collector.errors import NotFound
from broadgauge_collector.reports.carry import all_targets, carry
from broadgauge_collector.reports.checklist import Step, checklist
from broadgauge_collector.reports.needs import needs
from broadgauge_collector.schools.assumptions import set_assumption
from broadgauge_wire import new_id
from tests.reporting import NOW, TestDistrict, district, full_reading, twelve_days

DAYS = 30


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def assume(town: TestDistrict, key: str, value: float | str) -> None:
    with town.stores.control.begin() as c:
        set_assumption(c, key=key, value=value)


def only_web(town: TestDistrict, model: str) -> None:
    """One device for everybody online at once, at 1 Mbps."""
    for activity in ("video", "call", "download", "test"):
        assume(town, f"mix.{model}.{activity}", 0)
    for key, value in (("students_at_once", 1), ("devices_at_once", 1), ("own_devices", 0)):
        assume(town, key, value)


def steps(town: TestDistrict) -> list[Step]:
    return list(checklist(town.stores, DAYS, NOW).steps)


def test_a_school_of_500_is_carried_by_a_line_of_600(town: TestDistrict) -> None:
    school = town.school(students=500)
    town.link(school)
    town.keep(town.agent(school), *twelve_days(600))
    only_web(town, "a_la_carte")

    (found,) = carry(town.stores, school.id, DAYS, NOW).schools
    (each,) = (m.carries for m in found.models if m.carries.model == "a_la_carte")

    assert (each.fits, each.students_at_once, each.busiest_students) == ("yes", 600, 500)
    assert len(found.models) == 5


def test_two_schools_on_one_line_are_reckoned_together(town: TestDistrict) -> None:
    one, two = town.school("Lincoln", students=500), town.school("Grant", students=500)
    town.link(one, two)
    town.keep(town.agent(one), *twelve_days(600, ceiling_bits_per_second=2.4e9))
    only_web(town, "a_la_carte")

    for found in carry(town.stores, None, DAYS, NOW).schools:
        (each,) = (m.carries for m in found.models if m.carries.model == "a_la_carte")
        assert (each.fits, each.students_at_once) == ("no", 300)


def test_one_school_without_enrollment_leaves_its_shared_line_open(town: TestDistrict) -> None:
    one, two = town.school("Lincoln"), town.school("Grant", students=None)
    town.link(one, two)
    town.keep(town.agent(one), *twelve_days(600))
    assume(town, "model", "a_la_carte")

    (found,) = carry(town.stores, one.id, DAYS, NOW).schools
    (line,) = needs(town.stores, DAYS, NOW).lines

    assert found.unknown == line.unknown == "Nobody is counted for Grant. Enter the enrollment."
    assert (found.models, line.years) == ((), ())


def test_a_school_without_a_line_says_so(town: TestDistrict) -> None:
    school = town.school()
    (found,) = carry(town.stores, school.id, DAYS, NOW).schools
    assert found.unknown == "No line is known for this school."


def test_a_school_that_isn_t_there_isn_t_found(town: TestDistrict) -> None:
    for ask in (carry, lambda *asked: all_targets(asked[0], asked[1], None, *asked[2:])):
        with pytest.raises(NotFound):
            ask(town.stores, new_id(), DAYS, NOW)


def test_a_line_says_until_when_it_is_enough(town: TestDistrict) -> None:
    """500 Mbps today and 25% more each year: 1,000 Mbps after 3.1 years, in April 2029."""
    school = town.school(students=500)
    town.link(school)
    town.keep(town.agent(school), *twelve_days(1000, ceiling_bits_per_second=2.4e9))
    only_web(town, "a_la_carte")
    for key in ("growth.people", "growth.devices"):
        assume(town, key, 0)
    assume(town, "growth.use", 0.25)
    assume(town, "model", "a_la_carte")

    (line,) = needs(town.stores, DAYS, NOW).lines

    assert line.fits == "yes"
    assert line.models == ("A la carte or self-blend",)
    assert [round(year.bits_per_second / 1e6) for year in line.years] == [500, 625, 781, 977]
    assert line.until is not None
    assert line.until.likely is not None
    assert (line.until.likely.year, line.until.likely.month) == (2029, 4)
    assert line.explanation.startswith("Enough until April 2029")
    assert "Too little data for a trend: 0 of 20 weeks" in line.trend.explanation


def test_a_school_may_want_another_model_than_its_district(town: TestDistrict) -> None:
    one, two = town.school("Lincoln"), town.school("Grant")
    town.link(one, two)
    assume(town, "model", "lab_rotation")
    with town.stores.control.begin() as c:
        set_assumption(c, key="model", value="a_la_carte", school_id=two.id)

    (line,) = needs(town.stores, DAYS, NOW).lines

    assert set(line.models) == {"Lab rotation", "A la carte or self-blend"}
    assert line.explanation.startswith("Not measured yet")


def test_all_targets_stand_side_by_side_with_their_level(town: TestDistrict) -> None:
    school = town.school(students=500)
    link = town.link(school)
    town.keep(town.agent(school), *twelve_days(520))

    found = all_targets(town.stores, None, link.id, DAYS, NOW)

    internet = [t for t in TARGETS if t.segment == "internet"]
    assert [held.target for held in found.held] == [t.key for t in internet]
    by_key = {held.target: held for held in found.held}
    assert by_key["fcc-1mbps"].conclusion == "meets"
    assert by_key["setda2-2020-21"].conclusion != "meets"
    assert by_key["guide-concurrent"].level == "school"
    assert by_key["guide-concurrent"].need_bits_per_second is None
    assert "concurrent users" in by_key["guide-concurrent"].working
    assert all(held.capacity and held.capacity.bits_per_second == 520e6 for held in found.held)


def test_nothing_is_ticked_before_there_is_evidence(town: TestDistrict) -> None:
    town.school()
    assert [step.state for step in steps(town)] == ["not_started"] * 5


def test_an_empty_district_has_nothing_done(town: TestDistrict) -> None:
    assert [step.state for step in steps(town)] == ["not_started"] * 5


def test_steps_are_ticked_by_what_was_measured_and_chosen(town: TestDistrict) -> None:
    school = town.school(students=500)
    town.link(school)
    for place in ("Library", "Room 12"):
        with town.stores.control.begin() as c:
            agent, _ = add_agent(
                c, school_id=school.id, name=place, location=place, version="0.1.0", now=NOW
            )
            c.exec_driver_sql("UPDATE agent SET last_seen_at = joined_at")
    town.keep(agent, *(full_reading(day, 600, 17 + day % 5) for day in range(12)))

    first = steps(town)
    assert [step.state for step in first] == [
        "done", "done", "not_started", "not_started", "not_started"
    ]  # fmt: skip

    only_web(town, "a_la_carte")
    assume(town, "model", "a_la_carte")
    _, _, wanted, every_part, funded = steps(town)
    assert wanted.state == "done"
    assert every_part.state == "started"
    assert "Internet lines: 1 of 1 surely carry it" in every_part.evidence
    assert any("none is known here" in words for words in every_part.evidence)
    assert funded.state == "not_started"


def test_many_tests_in_one_place_at_one_hour_are_a_start(town: TestDistrict) -> None:
    school = town.school()
    town.link(school)
    town.keep(town.agent(school), *twelve_days(600))

    assert steps(town)[0].state == "started"
    assert "Still to do: Lincoln" in steps(town)[0].evidence
