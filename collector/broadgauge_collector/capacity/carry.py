"""What measured lines can carry: how many students at once, under which blended model.

The range is the measurement's: assumptions are held at what is reckoned with. A line that several
schools share is divided among them by their needs, all of them at their busiest at once.
"""

from collections.abc import Iterable, Sequence
from math import floor
from typing import Annotated, Literal

from msgspec import Struct

from broadgauge_wire.fields import about

from .demand import SchoolDemand, need_of
from .model import Estimate
from .words import number, rate

Fits = Literal["yes", "no", "unsure"]


class Load(Struct, frozen=True):
    """What all people behind a line need at the busiest moment, in bit/s."""

    students_bits_per_second: float
    staff_bits_per_second: float

    @property
    def bits_per_second(self) -> float:
        """All of them."""
        return self.students_bits_per_second + self.staff_bits_per_second


class MeasuredLine(Struct, frozen=True, kw_only=True):
    """A line's measured capacity, None if it wasn't, and what everybody behind it needs."""

    link: str
    capacity: Estimate | None
    load: Load


def load_of(schools: Iterable[SchoolDemand]) -> Load:
    """Of these schools together."""
    needs = [need_of(school) for school in schools]
    students = sum(float(n.students_at_once * n.student_bits_per_second) for n in needs)
    return Load(students, sum(float(need.staff_bits_per_second) for need in needs))


class Carries(Struct, frozen=True, kw_only=True):
    """Whether a school's lines carry a model, and how many of its students at once."""

    model: Annotated[str, about("Key of the blended model")]
    fits: Annotated[Fits, about("Whether everybody the model has online at once is carried")]
    explanation: Annotated[str, about("The same in a sentence")]
    students_at_once: Annotated[
        int | None, about("Students online at once that can be carried; null if not measured")
    ]
    students_low: Annotated[int | None, about("The least, by the range of the measured capacity")]
    students_high: Annotated[int | None, about("The most, by that range; null if it is open")]
    at_least: Annotated[bool, about("The measured capacity itself is a lower bound")]
    busiest_students: Annotated[int, about("Students the model has online at the busiest moment")]
    need_bits_per_second: Annotated[float, about("What the school alone needs then", "bit/s")]
    link: Annotated[str | None, about("The line that is the limit")]


class _Limit(Struct, frozen=True):
    """One line's answer for one school."""

    link: str
    middle: int
    low: int | None
    high: int | None
    at_least: bool
    fits: Fits
    line_need: float


def carries(school: SchoolDemand, lines: Sequence[MeasuredLine]) -> Carries:
    """A school under its model, everybody behind each line under theirs."""
    own = need_of(school)
    limits = [limit for line in lines if (limit := _limit(school, line)) is not None]
    unmeasured = [line.link for line in lines if line.capacity is None]
    worst = min(limits, key=lambda limit: (_ORDER[limit.fits], limit.middle), default=None)
    fits: Fits = "unsure" if worst is None else worst.fits
    if unmeasured and fits == "yes":
        fits = "unsure"
    return Carries(
        model=school.model,
        fits=fits,
        explanation=_explain(fits, worst, unmeasured),
        students_at_once=worst.middle if worst else None,
        students_low=worst.low if worst else None,
        students_high=worst.high if worst else None,
        at_least=worst.at_least if worst else False,
        busiest_students=round(float(own.students_at_once)),
        need_bits_per_second=float(own.bits_per_second),
        link=worst.link if worst else None,
    )


_ORDER: dict[Fits, int] = {"no": 0, "unsure": 1, "yes": 2}


def fits_in(capacity: Estimate, need_bits_per_second: float) -> Fits:
    """Whether a need fits, surely: by the interval of the capacity and not by its middle."""
    low, high = capacity.interval.low, capacity.interval.high
    if low is not None and low >= need_bits_per_second:
        return "yes"
    if high is not None and high < need_bits_per_second:
        return "no"
    return "unsure"


def _limit(school: SchoolDemand, line: MeasuredLine) -> _Limit | None:
    if line.capacity is None:
        return None
    own, load = float(need_of(school).students_at_once), line.load

    def at_once(bits_per_second: float | None) -> int | None:
        if bits_per_second is None:
            return None
        left = max(bits_per_second - load.staff_bits_per_second, 0.0)
        # In this order, or a share online that is next to nothing would overflow.
        each = own / load.students_bits_per_second if load.students_bits_per_second else 0.0
        return floor(left * each + 1e-9)

    interval = line.capacity.interval
    return _Limit(
        line.link,
        at_once(line.capacity.bits_per_second) or 0,
        at_once(interval.low),
        at_once(interval.high),
        line.capacity.at_least,
        fits_in(line.capacity, load.bits_per_second),
        load.bits_per_second,
    )


def _explain(fits: Fits, worst: _Limit | None, unmeasured: list[str]) -> str:
    missing = f"Not measured yet: {', '.join(unmeasured)}." if unmeasured else ""
    if worst is None:
        return missing or "No line is known for this school."
    need = rate(worst.line_need)
    if fits == "yes":
        return f"{worst.link} carries the {need} it needs, also at the low end of its range."
    if worst.fits == "no":
        return (
            f"{worst.link} would need {need} and doesn't carry that, even at the high end of its "
            f"range: about {number(worst.middle, 'student')} at once."
        )
    if worst.fits == "yes":
        return missing
    if worst.low is None:
        why = f"{worst.link} would need {need}; it has too few days of tests for a range."
    elif worst.high is None:
        why = f"{worst.link} would need {need}; no test computer was fast enough to see that."
    else:
        why = f"{worst.link} would need {need}, which lies within the range of what it carries."
    return f"{why} {missing}".strip()
