"""Whether a school's devices suffice. Pure functions of counts; what isn't known stays unknown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil
from uuid import UUID

from msgspec import Struct

from ...capacity.models import FLEET, Assumption
from .devices import STUDENTS_USE, Profile
from .model import Enough, Output, OutputSeats, SchoolReadiness, Seats, Specification, SupportLoad

Counts = Counter[Profile]
Range = tuple[float, float, float]
"""The value, and its low and high."""

LAPTOPS = ("chromebook", "laptop")
AT_HAND = (None, "in_service", "loaner", "storage")
"""States of devices that could be put on a table; of most, no source says one."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What one school's devices are held against."""

    school_id: UUID
    school: str
    students: int | None
    staff: int | None
    by_grade: Mapping[str, int]
    model: str | None
    assumed: Mapping[str, Assumption]
    outputs: Sequence[Output]
    day: date

    def figure(self, key: str) -> float:
        """A figure's value."""
        return self.assumed[FLEET + key].value

    def range(self, key: str) -> Range:
        """A value with its low and high."""
        found = self.assumed[key]
        return found.value, found.low, found.high


def meets(least: Specification, profile: Profile, day: date, taken_inches: float) -> bool | None:
    """Whether a device has what is asked for; None if that isn't known."""
    inches = profile.inches
    if inches is None and profile.kind in LAPTOPS:
        inches = taken_inches or None
    answers = (
        _at_least(inches, least.inches),
        True if not least.keyboard else profile.keyboard,
        True if not least.supported else _supported(profile, day),
        _at_least(profile.memory_bytes, least.memory_bytes),
        _at_least(profile.disk_bytes, least.disk_bytes),
    )
    if False in answers:
        return False
    return None if profile.kind is None or None in answers else True


def _supported(profile: Profile, day: date) -> bool | None:
    return None if profile.updates_end is None else profile.updates_end >= day


def _at_least(has: float | None, least: float | None) -> bool | None:
    if least is None:
        return True
    return None if has is None else has >= least


def for_assessment(wanted: Wanted) -> Specification:
    """What a device for the state's assessment has at least."""
    return Specification(
        inches=wanted.figure("assessment.inches"),
        keyboard=bool(wanted.figure("assessment.keyboard")),
        supported=bool(wanted.figure("assessment.supported")),
    )


def judge_school(wanted: Wanted, counts: Counts) -> SchoolReadiness:
    """One school's devices, held against what is wanted of them."""
    at_hand = Counter({p: n for p, n in counts.items() if _may_be_used(p)})
    usable = Counter({p: n for p, n in at_hand.items() if p.kind is not None})
    devices, unknown = usable.total(), at_hand.total() - usable.total()
    idle = Counter({p: n for p, n in usable.items() if is_idle(p, wanted.figure("idle_below"))})
    assessed = for_assessment(wanted)
    share = wanted.range(f"{FLEET}assessment.at_once")
    return SchoolReadiness(
        school_id=wanted.school_id,
        school=wanted.school,
        students=wanted.students,
        devices=devices,
        devices_per_student=devices / wanted.students if wanted.students else None,
        model=wanted.model,
        ratio=_ratio(wanted, devices, unknown),
        assessment=_seats(_times(wanted.students, share), *_ready(wanted, assessed, at_hand)),
        outputs=tuple(_output(wanted, output, at_hand) for output in wanted.outputs),
        idle=idle.total(),
        idle_ready=_ready(wanted, assessed, idle)[0],
        use_known=sum(n for p, n in usable.items() if p.hours_a_week is not None),
    )


def _may_be_used(profile: Profile) -> bool:
    """By students; of an unknown kind it isn't known."""
    return not profile.byod and profile.kind in {None, *STUDENTS_USE} and profile.state in AT_HAND


def is_idle(profile: Profile, below_hours: float) -> bool:
    """In storage, or on for less than so many hours a week; not where its use isn't known."""
    used = profile.hours_a_week
    return profile.state == "storage" or (used is not None and used < below_hours)


def _ratio(wanted: Wanted, devices: int, unknown: int) -> Seats | None:
    """Devices that staff keep are taken off, by the range of how many they are."""
    if wanted.model is None:
        return None
    needed = _times(wanted.students, wanted.range(f"devices.{wanted.model}"))
    each = wanted.range(f"{FLEET}staff_devices")
    kept = _times(wanted.staff, each) if any(each) else (0, 0, 0)
    if needed is None or kept is None:
        return _seats(None, devices, unknown)
    value, low, high = (n + k for n, k in zip(needed, kept, strict=True))
    return _seats((value, low, high), devices, unknown)


def _output(wanted: Wanted, output: Output, usable: Counts) -> OutputSeats:
    students = _students(wanted, output.grades)
    per = output.devices_per_student
    needed = _times(students, (per, per, per))
    ready = _ready(wanted, output.least, usable)
    return OutputSeats(title=output.title, students=students, seats=_seats(needed, *ready))


def _students(wanted: Wanted, grades: Sequence[str]) -> int | None:
    if not grades:
        return wanted.students
    if not wanted.by_grade:
        return None
    return sum(wanted.by_grade.get(grade, 0) for grade in set(grades))


def _ready(wanted: Wanted, least: Specification, counts: Counts) -> tuple[int, int]:
    """How many surely meet it, and of how many that isn't known."""
    taken = wanted.figure("taken.inches")
    found = Counter[bool | None]()
    for profile, n in counts.items():
        found[meets(least, profile, wanted.day, taken)] += n
    return found[True], found[None]


def _times(students: int | None, per: Range) -> tuple[int, int, int] | None:
    if students is None:
        return None
    value, low, high = (_up(students * each) for each in per)
    return value, low, high


def _up(devices: float) -> int:
    """Whole devices; a product such as 300 x 0.33 that is off by rounding isn't one more."""
    return ceil(round(devices, 6))


def _seats(needed: tuple[int, int, int] | None, ready: int, unknown: int) -> Seats:
    value, low, high = needed or (None, None, None)
    return Seats(
        needed=value,
        needed_low=low,
        needed_high=high,
        ready=ready,
        unknown=unknown,
        missing=None if value is None else max(value - ready, 0),
        enough=_enough(low, high, ready, unknown),
    )


def _enough(low: int | None, high: int | None, ready: int, unknown: int) -> Enough:
    if low is None or high is None:
        return "open"
    if ready >= high:
        return "enough"
    return "short" if ready + unknown < low else "open"


def support_load(devices: int, technicians: float | None, at_most: float) -> SupportLoad:
    """Devices for each person who supports them."""
    needed = devices / at_most if at_most else 0.0
    return SupportLoad(
        devices=devices,
        technicians=technicians,
        per_technician=devices / technicians if technicians else None,
        at_most=at_most,
        needed=needed,
        missing=None if technicians is None else max(needed - technicians, 0.0),
    )
