"""What must hold of needs whatever is assumed: more never asks for less."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from broadgauge_collector.capacity.carry import MeasuredLine as Line
from broadgauge_collector.capacity.carry import carries, load_of
from broadgauge_collector.capacity.demand import SchoolDemand, need_of
from broadgauge_collector.capacity.forecast import forecast
from broadgauge_collector.capacity.model import Estimate, Interval
from broadgauge_collector.capacity.models import ASSUMPTIONS, BLENDED_MODELS, Assumption
from broadgauge_collector.schools.model import People

MODELS = st.sampled_from([model.key for model in BLENDED_MODELS])
MORE_NEEDS_MORE = [
    key for key in ASSUMPTIONS if not key.startswith("mix.") and not key.startswith("growth.")
]


def _known(one: Assumption, value: float) -> Assumption:
    return replace(one, value=value, low=value, high=value)


@st.composite
def schools(draw: Any) -> SchoolDemand:
    """Any people under any model, with any numbers within their bounds."""
    people = People(
        since=date(2025, 8, 1),
        students=draw(st.integers(0, 5000)),
        staff=draw(st.integers(0, 500)),
    )
    assumed = {
        key: one
        if key.startswith("mix.")
        else _known(one, draw(st.floats(one.bounds[0], min(one.bounds[1], 100.0))))
        for key, one in ASSUMPTIONS.items()
    }
    return SchoolDemand(id="1", school="Any", people=people, model=draw(MODELS), assumed=assumed)


def _need(school: SchoolDemand) -> float:
    return float(need_of(school).bits_per_second)


@given(schools(), st.integers(0, 1000), st.integers(0, 100))
def test_more_people_never_need_less(school: SchoolDemand, students: int, staff: int) -> None:
    people = school.people
    more = replace(people, students=people.students + students, staff=people.staff + staff)
    assert _need(replace(school, people=more)) >= _need(school) * (1 - 1e-12)


@given(schools(), st.sampled_from(MORE_NEEDS_MORE), st.floats(0, 1))
def test_more_of_anything_never_needs_less(school: SchoolDemand, key: str, part: float) -> None:
    one = school.assumed[key]
    more = _known(one, one.value + part * (one.bounds[1] - one.value))
    raised = replace(school, assumed={**school.assumed, key: more})
    assert _need(raised) >= _need(school) * (1 - 1e-9)


@given(schools(), st.floats(1, 2e9), st.floats(1, 3))
def test_a_faster_line_never_carries_fewer(school: SchoolDemand, rate: float, more: float) -> None:
    def at_once(bits_per_second: float) -> int:
        capacity = Estimate(
            bits_per_second=bits_per_second,
            interval=Interval(bits_per_second * 0.9, bits_per_second * 1.1),
            at_least=False,
            days=12,
            confidence=0.96,
        )
        line = Line(link="Line", capacity=capacity, load=load_of([school]))
        found = carries(school, [line])
        assert found.students_low is not None
        assert found.students_at_once is not None
        assert found.students_high is not None
        assert found.students_low <= found.students_at_once <= found.students_high
        return found.students_at_once

    assert at_once(rate * more) >= at_once(rate)


@settings(max_examples=15)
@given(st.integers(1, 3000), st.integers(0, 1000), MODELS)
def test_more_people_never_make_a_line_last_longer(students: int, more: int, model: str) -> None:
    capacity = Estimate(
        bits_per_second=1e9,
        interval=Interval(0.9e9, 1.1e9),
        at_least=False,
        days=12,
        confidence=0.96,
    )

    def likely(count: int) -> float:
        people = People(since=date(2025, 8, 1), students=count)
        school = SchoolDemand(id="1", school="Any", people=people, model=model, assumed=ASSUMPTIONS)
        stops = forecast([school], capacity).stops
        assert stops is not None
        return float("inf") if stops.likely_years is None else stops.likely_years

    assert likely(students + more) <= likely(students)
