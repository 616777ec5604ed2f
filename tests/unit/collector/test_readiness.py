"""Whether schools have the devices that teaching, assessment and support take."""

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from broadgauge_collector.capacity.models import ASSUMPTIONS
from broadgauge_collector.fleet.figures import FIGURES
from broadgauge_collector.fleet.readiness.devices import Profile
from broadgauge_collector.fleet.readiness.judge import Wanted, judge_school, meets, support_load
from broadgauge_collector.fleet.readiness.model import Output, Specification

DAY = date(2026, 9, 1)
SCHOOL = UUID(int=1)
ASSESSMENT = Specification(inches=9.5, keyboard=True, supported=True)
CHROMEBOOK = Profile(
    school_id=SCHOOL, kind="chromebook", state="in_service", byod=False, inches=11.6,
    keyboard=True, updates_end=date(2030, 6, 30), memory_bytes=4 * 2**30, disk_bytes=32 * 10**9,
    hours_a_week=12.0,
)  # fmt: skip


def wanted(students: int | None = 300, **changes: Any) -> Wanted:
    named: dict[str, Any] = {
        "school_id": SCHOOL,
        "school": "Lincoln",
        "students": students,
        "staff": 20,
        "by_grade": {},
        "model": "station_rotation",
        "assumed": ASSUMPTIONS | FIGURES,
        "outputs": (),
        "day": DAY,
    }
    return Wanted(**named | changes)


def figures(**values: float) -> dict[str, Any]:
    """All as assumed, but some."""
    keys = {f"fleet.{name.replace('__', '.')}": value for name, value in values.items()}
    own = {k: replace(FIGURES[k], value=v, low=v, high=v) for k, v in keys.items()}
    return ASSUMPTIONS | FIGURES | own


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, True),
        ({"inches": 7.0}, False),
        ({"inches": 9.5}, True),
        ({"keyboard": False}, False),
        ({"keyboard": None}, None),
        ({"updates_end": None}, None),
        ({"updates_end": DAY}, True),
        ({"updates_end": date(2026, 8, 31)}, False),
        ({"inches": None}, True),  # a Chromebook is taken to have eleven inches
        ({"inches": None, "kind": "tablet"}, None),
        ({"inches": None, "kind": "tablet", "keyboard": False}, False),
        ({"kind": None}, None),
        ({"kind": None, "keyboard": False}, False),
    ],
)
def test_a_device_is_ready_if_it_surely_is_and_unknown_where_a_fact_is_missing(
    changes: dict[str, Any], answer: bool | None
) -> None:
    profile = CHROMEBOOK._replace(**changes)
    assert meets(ASSESSMENT, profile, DAY, 11.0) is answer


def test_seats_for_the_assessment_are_held_against_the_range_of_what_is_needed() -> None:
    held = wanted(assumed=figures(assessment__at_once=0.33))
    found = judge_school(held, Counter({CHROMEBOOK: 99})).assessment
    assert (found.needed, found.ready, found.missing, found.enough) == (99, 99, 0, "enough")
    found = judge_school(held, Counter({CHROMEBOOK: 98})).assessment
    assert (found.missing, found.enough) == (1, "short")


def test_what_isnt_known_leaves_it_open_rather_than_short_or_enough() -> None:
    unknown = CHROMEBOOK._replace(updates_end=None)
    held = wanted(assumed=figures(assessment__at_once=0.33))
    found = judge_school(held, Counter({CHROMEBOOK: 90, unknown: 20})).assessment
    assert (found.ready, found.unknown, found.missing, found.enough) == (90, 20, 9, "open")


def test_own_devices_printers_and_devices_in_repair_seat_nobody() -> None:
    others = [
        CHROMEBOOK._replace(byod=True),
        CHROMEBOOK._replace(kind="printer"),
        CHROMEBOOK._replace(state="in_repair"),
    ]
    found = judge_school(wanted(), Counter({CHROMEBOOK: 5} | dict.fromkeys(others, 7)))
    assert found.devices == 5
    assert found.devices_per_student == pytest.approx(5 / 300)


def test_the_ratio_is_that_of_the_model_and_leaves_staff_theirs() -> None:
    held = wanted(assumed=figures(staff_devices=1.0))
    found = judge_school(held, Counter({CHROMEBOOK: 120})).ratio
    assert found is not None
    assert (found.needed, found.enough) == (120, "enough")
    assert judge_school(wanted(model=None), Counter()).ratio is None


def test_devices_of_an_unknown_kind_leave_it_open_rather_than_short() -> None:
    held = wanted(assumed=figures(assessment__at_once=0.33, staff_devices=1.0))
    found = judge_school(held, Counter({CHROMEBOOK: 90, CHROMEBOOK._replace(kind=None): 40}))
    assert found.devices == 90
    assert (found.assessment.unknown, found.assessment.enough) == (40, "open")
    assert found.ratio is not None
    assert (found.ratio.ready, found.ratio.unknown, found.ratio.enough) == (90, 40, "open")


def test_staff_whom_nobody_counted_leave_the_ratio_open_if_they_keep_devices() -> None:
    for kept, enough in ((1.0, "open"), (0.0, "enough")):
        held = wanted(staff=None, assumed=figures(staff_devices=kept))
        found = judge_school(held, Counter({CHROMEBOOK: 500})).ratio
        assert found is not None
        assert found.enough == enough


def test_nobody_counted_is_open_and_never_no_need() -> None:
    found = judge_school(wanted(students=None), Counter({CHROMEBOOK: 5}))
    assert found.assessment.needed is None
    assert found.assessment.enough == "open"
    assert found.devices_per_student is None


def test_outputs_are_of_their_grades_and_unknown_without_students_by_grade() -> None:
    video = Output(
        title="Video", grades=("11", "12"), devices_per_student=0.5,
        least=Specification(memory_bytes=8 * 2**30),
    )  # fmt: skip
    big = CHROMEBOOK._replace(memory_bytes=8 * 2**30)
    counts = Counter({CHROMEBOOK: 100, big: 30})
    known = wanted(by_grade={"10": 90, "11": 60, "12": 40}, outputs=(video,))
    (found,) = judge_school(known, counts).outputs
    assert (found.students, found.seats.needed, found.seats.ready) == (100, 50, 30)
    assert found.seats.enough == "short"
    (found,) = judge_school(wanted(outputs=(video,)), counts).outputs
    assert (found.students, found.seats.enough) == (None, "open")


def test_idle_is_what_is_stored_or_little_used_and_not_what_nobody_knows() -> None:
    counts = Counter(
        {
            CHROMEBOOK: 10,
            CHROMEBOOK._replace(hours_a_week=4.9): 3,
            CHROMEBOOK._replace(hours_a_week=None): 50,
            CHROMEBOOK._replace(hours_a_week=None, state="storage"): 2,
            CHROMEBOOK._replace(hours_a_week=1.0, keyboard=False): 1,
        }
    )
    found = judge_school(wanted(), counts)
    assert (found.idle, found.idle_ready, found.use_known) == (6, 5, 14)


def test_support_takes_one_person_for_five_hundred_devices() -> None:
    load = support_load(1750, 2.0, 500.0)
    assert (load.per_technician, load.needed, load.missing) == (875, 3.5, 1.5)
    assert support_load(1750, None, 500.0).missing is None
    assert support_load(1750, 0.0, 500.0).per_technician is None
    assert support_load(1000, 4.0, 500.0).missing == 0


profiles = st.builds(
    CHROMEBOOK._replace,
    inches=st.sampled_from([None, 7.0, 9.5, 14.0]),
    keyboard=st.sampled_from([None, True, False]),
    updates_end=st.sampled_from([None, date(2020, 1, 1), date(2031, 1, 1)]),
    kind=st.sampled_from(["chromebook", "tablet", "desktop"]),
)


@given(st.dictionaries(profiles, st.integers(1, 50)), st.integers(0, 500))
def test_learning_what_wasnt_known_never_turns_enough_into_short(
    counts: dict[Profile, int], students: int
) -> None:
    held = wanted(students, assumed=figures(taken__inches=0))
    before = judge_school(held, Counter(counts)).assessment
    known = Counter[Profile]()
    for profile, n in counts.items():
        known[
            profile._replace(
                inches=profile.inches or 7.0,
                keyboard=bool(profile.keyboard),
                updates_end=profile.updates_end or date(2020, 1, 1),
            )
        ] += n
    after = judge_school(held, known).assessment
    assert before.enough == "open" or after.enough == before.enough
    assert after.ready <= before.ready + before.unknown
