"""What a line must carry, worked out by hand."""

from datetime import date

import pytest

from broadgauge_collector.capacity.model import Need, UnknownNeed
from broadgauge_collector.capacity.need import Headcount, rate_at, size_of, work_out
from broadgauge_collector.capacity.targets import TARGETS, applies, find_target
from broadgauge_collector.errors import NotFound
from broadgauge_collector.schools.model import People

DAY = date(2026, 3, 2)


def head(
    students: int, staff: int = 0, concurrent_users: int | None = None, school: str = "Lincoln"
) -> Headcount:
    people = People(since=DAY, students=students, staff=staff, concurrent_users=concurrent_users)
    return Headcount(school, people)


def need(key: str, *behind: Headcount, others: tuple[Headcount, ...] = ()) -> Need:
    found = work_out(find_target(key), behind, size_of(behind + others))
    assert isinstance(found, Need), found
    return found


def unknown(key: str, *behind: Headcount) -> str:
    found = work_out(find_target(key), behind, size_of(behind))
    assert isinstance(found, UnknownNeed)
    return found.explanation


@pytest.mark.parametrize(
    ("key", "mbps", "people"),
    [
        ("fcc-1mbps", 500, 500),
        ("setda-2012", 55, 550),
        ("fcc-2014-short", 55, 550),
        ("setda-2012-wan-2014", 550, 550),
        ("setda-2012-wan-2017", 5500, 550),
        ("setda-2017", 550, 550),
        ("fcc-2014-long", 550, 550),
        ("fcc-2014-wan", 5000, 500),
        ("guide-concurrent", 50, 200),
        ("setda2-2017-18", 825, 550),
        ("setda2-2020-21", 2365, 550),
        ("setda2-2020-21-wan", 5500, 550),
        ("setda3-2023-24", 1540, 550),
        ("giga-2030", 25, 500),
    ],
)
def test_500_students_and_50_staff_200_of_them_online_need(
    key: str, mbps: float, people: int
) -> None:
    found = need(key, head(500, 50, 200))
    assert found.bits_per_second == pytest.approx(mbps * 1e6)
    assert found.people == people


def test_every_target_has_its_need_above() -> None:
    assert len({target.key for target in TARGETS}) == len(TARGETS) == 14


@pytest.mark.parametrize(
    ("students", "mbps"),
    [(10, 1.5), (1000, 1.5), (3000, 1.0), (10_000, 0.7), (50_000, 0.7), (1732, 1.25), (5477, 0.85)],
)
def test_between_sizes_the_rate_is_linear_in_the_log_of_the_size(
    students: int, mbps: float
) -> None:
    rate, _ = rate_at(find_target("setda2-2017-18"), students)
    assert rate == pytest.approx(mbps * 1e6, rel=1e-3)


def test_the_working_is_shown() -> None:
    assert need("fcc-1mbps", head(500)).working == "500 students x 1 Mbps = 500 Mbps"
    assert need("setda2-2017-18", head(5477, 400)).working == (
        "5,877 users (5,477 students + 400 staff) x 0.85 Mbps = 5 Gbps (district of 5,477 "
        "students: between 1 Mbps at 3,000 and 0.7 Mbps at 10,000, by log of size)"
    )


def test_the_size_class_is_the_districts_and_not_the_lines() -> None:
    one_school = need("setda2-2017-18", head(500), others=(head(20_000, school="The rest"),))
    assert one_school.bits_per_second == pytest.approx(500 * 0.7e6)


def test_a_districts_floor_binds_the_line_that_carries_the_whole_district() -> None:
    tiny = need("setda3-2023-24", head(40))
    assert tiny.bits_per_second == 300e6
    assert "at least 300 Mbps for a district of this size" in tiny.working
    part = need("setda3-2023-24", head(40), others=(head(40, school="The other"),))
    assert part.bits_per_second == pytest.approx(40 * 2.8e6)


def test_giga_gives_each_school_20_mbps_or_50_kbps_a_student() -> None:
    found = need("giga-2030", head(100, school="A"), head(400, school="B"), head(1000, school="C"))
    assert found.bits_per_second == pytest.approx((20 + 20 + 50) * 1e6)
    assert "C, 1,000 students: 50 Mbps" in found.working
    many = need("giga-2030", *(head(100, school=f"School {n}") for n in range(40)))
    assert many.bits_per_second == pytest.approx(800e6)
    assert "40 schools = 800 Mbps" in many.working


def test_nobody_counted_is_an_unknown_need_that_says_for_whom() -> None:
    assert "Lincoln" in unknown("fcc-1mbps", Headcount("Lincoln", None))
    assert "Lincoln" in unknown("fcc-1mbps", head(0, staff=5))
    assert "Adams" in unknown("fcc-1mbps", head(500), Headcount("Adams", None))
    assert "Lincoln" not in unknown("fcc-1mbps", head(500), Headcount("Adams", None))
    assert "concurrent users" in unknown("guide-concurrent", head(500))


def test_an_internet_target_binds_every_part_on_the_way() -> None:
    internet, wan = find_target("fcc-1mbps"), find_target("setda-2012-wan-2014")
    assert [applies(internet, s) for s in ("internet", "wan", "lan")] == [True, True, True]
    assert [applies(wan, s) for s in ("internet", "wan", "lan")] == [False, True, False]


def test_an_unknown_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="fcc-1mbps"):
        find_target("fcc-1mbs")
