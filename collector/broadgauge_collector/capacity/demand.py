"""What a school's people need of a line at the busiest moment, under one blended model.

    students at once = students x share at once, or as many as there are devices for
    need = (students at once x devices at once + staff x share at once) x rate of the mix

The rate of the mix is the mean of the activities' rates, weighted by the model's mix. Works on
numbers and, for simulations, on arrays of them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from ..schools.model import People
from .models import ACTIVITIES, Assumption
from .words import number, percent, rate

MEGABIT = 1e6

Numbers = Any
"""A float, or an array of floats: one a draw."""


class SchoolDemand(Struct, frozen=True, kw_only=True):
    """A school as a need sees it: its people, the model, and what is assumed of them."""

    id: str
    school: str
    people: People
    model: str
    assumed: Mapping[str, Assumption]


class Needed(NamedTuple):
    """At the busiest moment: students online, and rates in bit/s."""

    students_at_once: Numbers
    student_bits_per_second: Numbers
    """For each student online."""
    staff_bits_per_second: Numbers
    """For all staff."""

    @property
    def bits_per_second(self) -> Numbers:
        """All of them together."""
        return self.students_at_once * self.student_bits_per_second + self.staff_bits_per_second


def values(assumed: Mapping[str, Assumption]) -> dict[str, float]:
    """What is reckoned with, without the ranges."""
    return {key: assumption.value for key, assumption in assumed.items()}


def needed(
    people: People, model: str, assumed: Mapping[str, Numbers], years: float = 0.0
) -> Needed:
    """The need of these people so many years from the day they were counted."""
    more_people = (1 + assumed["growth.people"]) ** years
    more_devices = (1 + assumed["growth.devices"]) ** years
    at_once = assumed["devices_at_once"] * more_devices
    owned = (assumed[f"devices.{model}"] + assumed["own_devices"]) * more_devices
    share = np.minimum(assumed["students_at_once"], owned / at_once)
    each = mix_rate(model, assumed) * (1 + assumed["growth.use"]) ** years
    return Needed(
        people.students * more_people * share,
        at_once * each,
        people.staff * more_people * assumed["staff_at_once"] * each,
    )


def need_of(school: SchoolDemand, years: float = 0.0) -> Needed:
    """A school's need by what is reckoned with."""
    return needed(school.people, school.model, values(school.assumed), years)


def mix_rate(model: str, assumed: Mapping[str, Numbers]) -> Numbers:
    """Mean rate of a device in use, in bit/s."""
    weights = {a.key: assumed[f"mix.{model}.{a.key}"] for a in ACTIVITIES}
    whole = sum(weights.values())
    taken = sum(weight * assumed[f"rate.{key}"] for key, weight in weights.items())
    return taken / whole * MEGABIT


def working(school: SchoolDemand) -> str:
    """How a school's need comes about, in a sentence."""
    found, assumed, people = need_of(school), values(school.assumed), school.people
    owned = assumed[f"devices.{school.model}"] + assumed["own_devices"]
    wanted = assumed["students_at_once"] * assumed["devices_at_once"]
    limit = f"limited by {owned:.3g} devices a student" if owned < wanted else "by their share"
    share = percent(found.students_at_once / people.students) if people.students else "0%"
    staff = f" + {people.staff:,} staff"
    staff += f" x {percent(assumed['staff_at_once'])}"
    return (
        f"({number(people.students, 'student')} x {share} at once ({limit}) x "
        f"{assumed['devices_at_once']:.3g} devices{staff if people.staff else ''}) x "
        f"{rate(mix_rate(school.model, assumed))} = {rate(float(found.bits_per_second))}"
    )
