"""Needs worked out by hand, and what measured lines carry of them."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_collector.capacity.carry import (
    Load,
    MeasuredLine,
    carries,
    fits_in,
    load_of,
)
from broadgauge_collector.capacity.demand import (
    SchoolDemand,
    mix_rate,
    need_of,
    values,
    working,
)
from broadgauge_collector.capacity.model import Estimate, Interval
from broadgauge_collector.capacity.models import (
    ACTIVITIES,
    ASSUMPTION,
    ASSUMPTIONS,
    BLENDED_MODELS,
)
from broadgauge_collector.schools.model import People


def assumed(**changes: float) -> dict[str, Any]:
    """What is assumed, with some numbers known."""
    fixed = {key.replace("__", "."): value for key, value in changes.items()}
    return {
        key: replace(one, value=fixed[key], low=fixed[key], high=fixed[key])
        if key in fixed
        else one
        for key, one in ASSUMPTIONS.items()
    }


def a_school(
    students: int = 600, staff: int = 0, model: str = "a_la_carte", **changes: float
) -> SchoolDemand:
    people = People(since=date(2025, 8, 1), students=students, staff=staff)
    return SchoolDemand(
        id="1", school="Lincoln", people=people, model=model, assumed=assumed(**changes)
    )


def only_web(model: str) -> dict[str, Any]:
    """A mix of web pages alone: 1 Mbps a device."""
    return {f"mix__{model}__{a.key}": float(a.key == "web") for a in ACTIVITIES}


def carries_at(middle: float, low: float | None, high: float | None, **more: Any) -> Estimate:
    return Estimate(
        bits_per_second=middle * 1e6,
        interval=Interval(None if low is None else low * 1e6, None if high is None else high * 1e6),
        **{"at_least": False, "days": 12, "confidence": 0.961} | more,
    )


def line(capacity: Estimate | None, *schools: SchoolDemand, name: str = "Internet") -> MeasuredLine:
    return MeasuredLine(link=name, capacity=capacity, load=load_of(schools))


def test_a_need_is_people_times_devices_times_rate() -> None:
    """600 students x 0.7 x 1.1 devices x 1 Mbps + 40 staff x 0.5 x 1 Mbps = 482 Mbps."""
    school = a_school(
        staff=40, devices_at_once=1.1, own_devices=0.1, staff_at_once=0.5, **only_web("a_la_carte")
    )
    found = need_of(school)

    assert found.students_at_once == pytest.approx(420)
    assert found.bits_per_second == pytest.approx(482e6)
    assert "= 482 Mbps" in working(school)
    assert "40 staff x 50%" in working(school)


def test_one_device_for_three_students_is_the_limit() -> None:
    """600 / 3 devices and none of their own: 200 x 1 Mbps, though 420 would want one."""
    model = "station_rotation"
    school = a_school(model=model, own_devices=0, devices_at_once=1, **only_web(model))

    assert need_of(school).students_at_once == pytest.approx(200)
    assert need_of(school).bits_per_second == pytest.approx(200e6)
    assert "limited by 0.333 devices a student" in working(school)


def test_students_own_devices_add_to_the_schools() -> None:
    """(1/3 + 0.2) x 600 = 320 devices."""
    model = "station_rotation"
    school = a_school(model=model, own_devices=0.2, devices_at_once=1, **only_web(model))

    assert need_of(school).bits_per_second == pytest.approx(320e6)


def test_a_mix_is_the_mean_of_its_rates_and_its_weights_needn_t_add_up() -> None:
    """0.6 web at 1, 0.2 video at 5: (0.6 + 1.0) / 0.8 = 2 Mbps."""
    weights = {f"mix.a_la_carte.{a.key}": 0.0 for a in ACTIVITIES}
    weights |= {"mix.a_la_carte.web": 0.6, "mix.a_la_carte.video": 0.2}

    assert mix_rate("a_la_carte", values(ASSUMPTIONS) | weights) == pytest.approx(2e6)


def test_growth_compounds() -> None:
    """300 Mbps today; people +10%, use +20% a year: x 1.1^3 x 1.2^3 in three years."""
    school = a_school(
        students=300,
        students_at_once=1,
        devices_at_once=1,
        growth__people=0.1,
        growth__use=0.2,
        **only_web("a_la_carte"),
    )

    assert need_of(school).bits_per_second == pytest.approx(300e6)
    assert need_of(school, 3).bits_per_second == pytest.approx(300e6 * 1.1**3 * 1.2**3)


def test_every_assumption_says_its_source_or_that_it_has_none() -> None:
    for one in ASSUMPTIONS.values():
        assert one.source
        assert one.bounds[0] <= one.low <= one.value <= one.high <= one.bounds[1]
        assert one.meaning
    assert ASSUMPTIONS["students_at_once"].source == ASSUMPTION
    assert "FCC" in ASSUMPTIONS["rate.video"].source


def test_every_model_has_devices_and_a_mix() -> None:
    for model in BLENDED_MODELS:
        assert f"devices.{model.key}" in ASSUMPTIONS
        assert need_of(a_school(model=model.key)).bits_per_second > 0


def test_students_at_once_are_what_the_line_has_for_each_after_its_staff() -> None:
    """(500 - 20) Mbps / 1 Mbps; the range by the interval: 430 to 530."""
    school = a_school(
        staff=40, devices_at_once=1, own_devices=0, staff_at_once=0.5, **only_web("a_la_carte")
    )
    found = carries(school, [line(carries_at(500, 450, 550), school)])

    assert (found.students_at_once, found.students_low, found.students_high) == (480, 430, 530)
    assert found.busiest_students == 420
    assert found.fits == "yes"
    assert found.link == "Internet"


@pytest.mark.parametrize(
    ("capacity", "fits"),
    [
        (carries_at(500, 450, 550), "yes"),
        (carries_at(450, 400, 500), "unsure"),
        (carries_at(300, 250, 350), "no"),
        (carries_at(900, 800, None, at_least=True), "yes"),
        (carries_at(300, 250, None, at_least=True), "unsure"),
        (carries_at(900, None, None, days=3), "unsure"),
    ],
)
def test_the_interval_decides_and_not_its_middle(capacity: Estimate, fits: str) -> None:
    assert fits_in(capacity, 420e6) == fits


def test_the_worst_of_a_schools_lines_is_the_limit() -> None:
    school = a_school(devices_at_once=1, own_devices=0, **only_web("a_la_carte"))
    wide = line(carries_at(900, 850, 950), school, name="Internet")
    narrow = line(carries_at(200, 190, 210), school, name="WAN")

    found = carries(school, [wide, narrow])

    assert (found.fits, found.link, found.students_at_once) == ("no", "WAN", 200)


def test_a_line_nobody_measured_leaves_it_open() -> None:
    school = a_school(devices_at_once=1, **only_web("a_la_carte"))
    found = carries(school, [line(carries_at(900, 850, 950), school), line(None, school)])

    assert found.fits == "unsure"
    assert "Not measured yet: Internet." in found.explanation


def test_a_shared_line_is_divided_among_all_behind_it() -> None:
    """Two schools of 600 on 420 Mbps: 210 students at once each."""
    one = a_school(devices_at_once=1, own_devices=0, **only_web("a_la_carte"))
    shared = line(carries_at(420, 400, 440), one, replace(one, id="2"))

    found = carries(one, [shared])

    assert (found.students_at_once, found.students_low, found.students_high) == (210, 200, 220)
    assert found.fits == "no"


def test_a_school_without_students_needs_nothing() -> None:
    empty = a_school(students=0)
    found = carries(empty, [line(carries_at(500, 450, 550), empty)])

    assert (found.students_at_once, found.need_bits_per_second) == (0, 0)
    assert Load(0.0, 0.0).bits_per_second == 0
    assert working(empty)


def test_next_to_nobody_online_at_once_is_a_number_like_any_other() -> None:
    """500 Mbps at 1 Mbps each is 500 students, however few of them ever are online."""
    school = a_school(
        students=1,
        students_at_once=1e-305,
        devices_at_once=1,
        own_devices=0,
        **only_web("a_la_carte"),
    )
    found = carries(school, [line(carries_at(500, 450, 550), school)])

    assert (found.students_at_once, found.students_low, found.students_high) == (500, 450, 550)
