from datetime import date
from statistics import median

import pytest
from msgspec.structs import replace

from broadgauge_collector.simulate.agents import agents_in_all, agents_of
from broadgauge_collector.simulate.names import PAIRS, school_name
from broadgauge_collector.simulate.school_year import is_school_day
from broadgauge_collector.simulate.world import STORIES, World

DISTRICT = World(
    seed=1, scale="district", schools=40, agents_per_school=2, since=date(2025, 11, 22), days=365
)
NATION = replace(DISTRICT, scale="nation", schools=98_469)


def test_the_same_seed_makes_the_same_district_and_another_makes_another() -> None:
    again, other = replace(DISTRICT), replace(DISTRICT, seed=2)
    assert again.district(0) == DISTRICT.district(0)
    assert other.district(0) != DISTRICT.district(0)


def test_a_district_of_forty_has_every_story_as_often_as_it_should() -> None:
    told = [school.story for school in DISTRICT.district(0).schools]
    assert {story: told.count(story) for story in STORIES} == STORIES


def test_no_two_schools_of_a_district_have_the_same_name_however_many() -> None:
    names = {school_name(n, "High", None) for n in range(3 * PAIRS)}
    assert len(names) == 3 * PAIRS


def test_a_nation_has_every_school_once_in_districts_of_its_own() -> None:
    ends = NATION.school_ends.tolist()
    assert ends[-1] == 98_469
    assert ends == sorted(set(ends))
    assert 8_000 < NATION.districts < 20_000
    last = NATION.district(NATION.districts - 1)
    assert last.schools[-1].key == 98_468
    assert last.schools[0].key == NATION.schools_before(last.index)


def test_sizes_are_as_they_are_in_us_schools() -> None:
    schools = [s for n in range(400) for s in NATION.district(n).schools]
    students = [school.students for school in schools]
    assert 350 < median(students) < 550
    assert 400 < sum(students) / len(students) < 650
    assert min(students) >= 20
    assert all(school.staff_in(2025) < school.students_in(2025) for school in schools)


def test_lines_end_where_their_schools_are_and_have_names_and_keys_of_their_own() -> None:
    lines = [line for n in range(50) for line in NATION.district(n).lines]
    assert len({line.key for line in lines}) == len(lines)
    assert len({line.name for line in lines}) == len(lines)


def test_every_school_has_its_agents_and_each_district_one_where_the_internet_comes_in() -> None:
    agents = list(agents_of(DISTRICT, DISTRICT.district(0)))
    assert len(agents) == agents_in_all(DISTRICT) == 81
    assert [agent.core for agent in agents].count(True) == 1
    assert len({agent.key for agent in agents}) == len({agent.epoch for agent in agents}) == 81


def test_the_core_can_see_the_whole_line_to_the_internet() -> None:
    district = DISTRICT.district(0)
    (core,) = [agent for agent in agents_of(DISTRICT, district) if agent.core]
    assert core.machine.ceiling_bits_per_second > district.internet.bits_per_second


@pytest.mark.parametrize(
    ("day", "there"),
    [
        (date(2025, 11, 24), True),
        (date(2025, 11, 22), False),  # a Saturday
        (date(2025, 11, 27), False),  # Thanksgiving
        (date(2025, 12, 25), False),
        (date(2026, 1, 1), False),
        (date(2026, 5, 25), False),  # Memorial Day
        (date(2026, 7, 15), False),
        (date(2026, 9, 8), True),
        (date(2026, 9, 7), False),  # Labor Day
    ],
)
def test_there_are_students_on_school_days_only(day: date, there: bool) -> None:
    assert is_school_day(day) is there
