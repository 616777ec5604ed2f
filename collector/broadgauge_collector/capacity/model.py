"""What judging takes and gives. Pure data: nothing here reads a store or a clock."""

from datetime import date
from typing import Literal

from msgspec import Struct

from broadgauge_wire import Bound, Direction, PathKind, Segment, Trigger

Level = Literal["district", "school"]
Per = Literal["student", "user", "concurrent_user", "school"]
Daypart = Literal["closed", "school"]
Conclusion = Literal["meets", "below", "undecided"]
Reason = Literal["loopback", "not_enough_tests", "about_at_target", "machine_limited", "no_people"]
Vote = Literal["reached", "missed", "cannot_say"]


class SizeClass(Struct, frozen=True, kw_only=True):
    """A target's rate at one district size, with the floor of a district of that size or less."""

    students: int
    bits_per_second: float
    floor_bits_per_second: float = 0.0


class Target(Struct, frozen=True, kw_only=True):
    """A rate per person (or concurrent user, or school) for a segment, with its source.

    `classes` has one entry where the rate does not depend on the district's size, else one for
    each size the source names, ascending. `per_student_bits_per_second`, for targets per school:
    a school needs this much for each student where that is more than its rate. `year` is the one
    it was set for or, where the source names none, published.
    """

    key: str
    title: str
    source: str
    year: int
    segment: Segment
    direction: Direction
    level: Level
    per: Per
    classes: tuple[SizeClass, ...]
    per_student_bits_per_second: float | None = None
    note: str = ""


class Need(Struct, frozen=True, kw_only=True):
    """What a link must carry for the people behind it, and how that was worked out."""

    bits_per_second: float
    people: int
    working: str


class UnknownNeed(Struct, frozen=True, kw_only=True):
    """Why a need can't be worked out: whose people are not counted, and what to do about it."""

    explanation: str


class LinkTest(Struct, frozen=True, kw_only=True, gc=False):
    """One throughput test as evidence about one link. `day` and `daypart` are the link's."""

    day: date
    daypart: Daypart
    line_bits_per_second: float | None
    ceiling_bits_per_second: float | None
    bound: Bound | None
    path_kind: PathKind | None
    trigger: Trigger
    failed: bool = False
    simulated: bool = False


class DayVote(Struct, frozen=True, kw_only=True):
    """A day's one vote: its median test.

    `daypart` is what it rests on: school hours only where no closed-hours test counts that day.
    `tests` are those that count; `split`: it can't say because some reached and some missed.
    """

    day: date
    vote: Vote
    daypart: Daypart
    tests: int
    median_bits_per_second: float | None
    split: bool = False


class Interval(Struct, frozen=True):
    """Lower and upper end; an end that the data do not bound is None."""

    low: float | None
    high: float | None


class Estimate(Struct, frozen=True, kw_only=True):
    """Right-censored median of day medians with its order-statistic interval, in bit/s.

    `at_least` says that the median itself is a lower bound. `confidence` is what the interval
    really has (order statistics come in steps); None where there are too few days for one.
    """

    bits_per_second: float
    interval: Interval
    at_least: bool
    days: int
    confidence: float | None


class Verdict(Struct, frozen=True, kw_only=True):
    """An answer with its evidence.

    `share_reached` is the exact interval for the share of days that reach the need, days that
    can't say counted against it at the lower end and for it at the upper. `more_days` is how many
    more days like these would decide, if known. `level` is what the target was stated for.
    """

    conclusion: Conclusion
    reason: Reason | None
    explanation: str
    direction: Direction
    target: str
    level: Level
    need: Need | None
    reached_days: int
    missed_days: int
    cannot_say_days: int
    share_reached: Interval | None
    more_days: int | None
    counting_tests: int
    tests: int
    votes: tuple[DayVote, ...]
    capacity: Estimate | None
    window: tuple[date, date]
    method: str
    simulated: bool = False
