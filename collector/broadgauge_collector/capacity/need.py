"""What a link must carry: a target times the people behind it, with the working shown."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import log

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from ..schools.model import People
from .model import EarlierNeed, Need, SizeClass, Target, UnknownNeed
from .words import number, rate, some

MANY = 4
"""Above this many schools the working sums them up instead of listing each."""


class Headcount(Struct, frozen=True):
    """A school's people on the day asked about; None where nobody is counted yet."""

    school: str
    people: People | None


class DistrictSize(Struct, frozen=True):
    """How many schools a district has, and students as far as they are counted."""

    schools: int
    students: int


def size_of(district: tuple[Headcount, ...]) -> DistrictSize:
    """The size of a district of these schools."""
    return DistrictSize(len(district), _students(district))


def work_out(
    target: Target, behind: tuple[Headcount, ...], district: DistrictSize
) -> Need | UnknownNeed:
    """The need of the link that carries the schools `behind`, out of all in the district.

    The size class is the district's. One uncounted school makes the need unknown: a sum without
    it would pass a line that is too small.
    """
    counted = [_count(target, head) for head in behind]
    missing = [h.school for h, n in zip(behind, counted, strict=True) if n is None]
    if missing or not sum(n or 0 for n in counted):
        return _unknown(target, missing or [head.school for head in behind])
    if target.per == "school":
        return _per_school(target, behind)
    whole = len(behind) == district.schools
    return _per_person(target, behind, sum(n or 0 for n in counted), district.students, whole)


def dated(needs: Sequence[tuple[date, Need | UnknownNeed]]) -> Need | UnknownNeed:
    """One need from those in force from each of these days on, ascending: the last is what is
    needed now."""
    now = needs[-1][1]
    if isinstance(now, UnknownNeed):
        return now
    earlier = list[EarlierNeed]()
    for (_, need), (since, after) in pairwise(needs):
        if _amount(need) != _amount(after):
            bits, people = _amount(need)
            until = since - timedelta(days=1)
            earlier.append(EarlierNeed(until=until, bits_per_second=bits, people=people))
    return replace(now, earlier=tuple(earlier))


def bits_on(
    need: Need | UnknownNeed, days: NDArray[np.int64]
) -> float | NDArray[np.float64] | None:
    """What was needed on each of these days (ordinals) in bit/s, NaN where that isn't known; one
    number where it was the same on all, None where it is unknown."""
    if isinstance(need, UnknownNeed):
        return None
    if not need.earlier:
        return need.bits_per_second
    until = [one.until.toordinal() for one in need.earlier]
    bits = [one.bits_per_second for one in need.earlier]
    held = np.array([np.nan if b is None else b for b in [*bits, need.bits_per_second]])
    on_days: NDArray[np.float64] = held[np.searchsorted(until, days)]
    return on_days


def since(need: Need, first: date) -> Need:
    """A need without what it was before a day."""
    if not need.earlier or need.earlier[0].until >= first:
        return need
    return replace(need, earlier=tuple(one for one in need.earlier if one.until >= first))


def _amount(need: Need | UnknownNeed) -> tuple[float | None, int]:
    if isinstance(need, UnknownNeed):
        return None, 0
    return need.bits_per_second, need.people


def rate_at(target: Target, district_students: int) -> tuple[float, str]:
    """Rate per unit in bit/s at a district's size, and the rule that gave it ("" if only one).

    Between two sizes that the source names, linear in the logarithm of the size; outside them,
    the nearest.
    """
    classes = target.classes
    if len(classes) == 1:
        return classes[0].bits_per_second, ""
    size = f"district of {number(district_students, 'student')}"
    if district_students <= classes[0].students:
        return classes[0].bits_per_second, f"{size}: the class up to {classes[0].students:,}"
    if district_students >= classes[-1].students:
        return classes[-1].bits_per_second, f"{size}: the class from {classes[-1].students:,}"
    low, high = next(p for p in pairwise(classes) if district_students <= p[1].students)
    return _between(low, high, district_students), (
        f"{size}: between {rate(low.bits_per_second)} at {low.students:,} and "
        f"{rate(high.bits_per_second)} at {high.students:,}, by log of size"
    )


def _between(low: SizeClass, high: SizeClass, students: int) -> float:
    weight = log(students / low.students) / log(high.students / low.students)
    return low.bits_per_second + weight * (high.bits_per_second - low.bits_per_second)


def _per_person(
    target: Target, behind: tuple[Headcount, ...], people: int, district_students: int, whole: bool
) -> Need:
    each, rule = rate_at(target, district_students)
    product = each * people
    working = f"{_who(target, behind, people)} x {rate(each)} = {rate(product)}"
    working += f" ({rule})" if rule else ""
    floor = _floor(target, district_students) if whole else 0.0
    if floor > product:
        working += f"; at least {rate(floor)} for a district of this size"
    return Need(bits_per_second=max(product, floor), people=people, working=working)


def _floor(target: Target, district_students: int) -> float:
    """Sources state a floor for a whole small district, so it binds only a line that carries it."""
    return max(
        (c.floor_bits_per_second for c in target.classes if district_students <= c.students),
        default=0.0,
    )


def _per_school(target: Target, behind: tuple[Headcount, ...]) -> Need:
    base = target.classes[0].bits_per_second
    each = target.per_student_bits_per_second or 0.0
    students = [head.people.students if head.people else 0 for head in behind]
    needs = [max(base, each * n) for n in students]
    rule = f"each the greater of {rate(base)} and {rate(each)} x students"
    listed = "; ".join(
        f"{h.school}, {number(n, 'student')}: {rate(bits)}"
        for h, n, bits in zip(behind, students, needs, strict=True)
    )
    who = listed if len(behind) <= MANY else f"{len(behind)} schools = {rate(sum(needs))}"
    return Need(bits_per_second=sum(needs), people=sum(students), working=f"{who} ({rule})")


def _count(target: Target, head: Headcount) -> int | None:
    if head.people is None:
        return None
    if target.per == "user":
        return head.people.students + head.people.staff
    if target.per == "concurrent_user":
        return head.people.concurrent_users
    return head.people.students


def _students(heads: tuple[Headcount, ...]) -> int:
    return sum(head.people.students for head in heads if head.people)


def _who(target: Target, behind: tuple[Headcount, ...], people: int) -> str:
    if target.per == "student":
        return number(people, "student")
    if target.per == "concurrent_user":
        return number(people, "concurrent user")
    students = _students(behind)
    return f"{number(people, 'user')} ({number(students, 'student')} + {people - students:,} staff)"


def _unknown(target: Target, schools: list[str]) -> UnknownNeed:
    names = some(schools, MANY) or "this line"
    if target.per == "concurrent_user":
        return UnknownNeed(
            explanation="This target counts concurrent users, and none are known for "
            f"{names}. Enter how many people are online at once at the peak."
        )
    return UnknownNeed(
        explanation=f"Nobody is counted for {names}, so the need is unknown. Enter the enrollment."
    )
