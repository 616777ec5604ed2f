"""What judging takes and gives. Pure data: nothing here reads a store or a clock."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Bound, Direction, LimitedBy, PathKind, Segment, Trigger

Level = Literal["district", "school"]
Per = Literal["student", "user", "concurrent_user", "school"]
Daypart = Literal["closed", "school"]
Conclusion = Literal["meets", "below", "undecided"]
Reason = Literal["loopback", "not_enough_tests", "about_at_target", "machine_limited", "no_people"]
Vote = Literal["reached", "missed", "cannot_say"]


class SizeClass(Struct, frozen=True, kw_only=True):
    """A target's rate at one district size, with the floor of that class."""

    students: int
    bits_per_second: float
    floor_bits_per_second: float = 0.0


class Target(Struct, frozen=True, kw_only=True):
    """A rate per person (or concurrent user, or school) for a segment, with its source.

    `classes` has one entry where the rate does not depend on the district's size.
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
    note: str = ""


class Need(Struct, frozen=True, kw_only=True):
    """What a link must carry for the people behind it, and how that was worked out."""

    bits_per_second: float
    people: int
    working: str


class LinkTest(Struct, frozen=True, kw_only=True):
    """One throughput test as evidence about one link. `day` and `daypart` are the school's."""

    id: UUID
    started_at: datetime
    day: date
    daypart: Daypart
    line_bits_per_second: float | None
    ceiling_bits_per_second: float | None
    bound: Bound | None
    limited_by: LimitedBy | None
    path_kind: PathKind | None
    trigger: Trigger
    location: str | None = None
    agent_id: UUID | None = None
    error: str | None = None
    simulated: bool = False


class DayVote(Struct, frozen=True, kw_only=True):
    """A day's one vote: its median test."""

    day: date
    vote: Vote
    tests: int
    median_bits_per_second: float | None


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
    """An answer with its evidence. `more_days` is how many more days would decide, if known."""

    conclusion: Conclusion
    reason: Reason | None
    explanation: str
    direction: Direction
    target: str
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
