"""What judging takes and gives. Pure data: nothing here reads a store or a clock."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Struct

from broadgauge_wire import (
    Bound,
    Direction,
    PathKind,
    Segment,
    TestClient,
    ThroughputMethod,
    Trigger,
)
from broadgauge_wire.fields import about

Level = Literal["district", "school"]
Per = Literal["student", "user", "concurrent_user", "school"]
Daypart = Literal["closed", "school"]
Conclusion = Literal["meets", "below", "undecided"]
Reason = Literal[
    "loopback",
    "not_enough_tests",
    "must_hold_twice",
    "about_at_target",
    "machine_limited",
    "no_people",
]
Vote = Literal["reached", "missed", "cannot_say"]


class SizeClass(Struct, frozen=True, kw_only=True):
    """A target's rate at one district size, with the floor of a district of that size or less."""

    students: Annotated[int, about("Students of a district of this size")]
    bits_per_second: Annotated[float, about("Rate per person, or per school", "bit/s")]
    floor_bits_per_second: Annotated[
        float, about("Least a district of this size or less needs in all", "bit/s")
    ] = 0.0


class Target(Struct, frozen=True, kw_only=True):
    """A rate per person (or concurrent user, or school) for a segment, with its source."""

    key: Annotated[str, about("What `target` parameters call it")]
    title: Annotated[str, about("What people call it")]
    source: Annotated[str, about("Who says so, and where")]
    year: Annotated[int, about("Year it is for or, where the source names none, was published")]
    segment: Annotated[Segment, about("Kind of line it is about")]
    direction: Annotated[Direction, about("Direction it is about")]
    level: Annotated[Level, about("Whether it is stated for a district or a school")]
    per: Annotated[Per, about("What its rate is multiplied by")]
    classes: Annotated[
        tuple[SizeClass, ...],
        about("Rates by district size, ascending; one where it doesn't matter"),
    ]
    per_student_bits_per_second: Annotated[
        float | None,
        about(
            "For targets per school: a school needs this for each student where that is more",
            "bit/s",
        ),
    ] = None
    note: Annotated[str, about("What else a reader should know")] = ""


class EarlierNeed(Struct, frozen=True, kw_only=True):
    """What a need was before the people changed."""

    until: Annotated[date, about("Last day on which it was this")]
    bits_per_second: Annotated[
        float | None, about("What the line had to carry; null if it isn't known", "bit/s")
    ]
    people: Annotated[int, about("People it was for")]


class Need(Struct, frozen=True, kw_only=True):
    """What a link must carry for the people behind it, and how that was worked out."""

    bits_per_second: Annotated[float, about("What the line must carry", "bit/s")]
    people: Annotated[int, about("People it is for")]
    working: Annotated[str, about("How it was worked out")]
    earlier: Annotated[
        tuple[EarlierNeed, ...],
        about("What it was on earlier days that were looked at, if people changed; oldest first"),
    ] = ()


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
    method: ThroughputMethod = "ndt7"
    client: TestClient = "agent"
    public_server: bool = False
    is_part: bool = False


class DayVote(Struct, frozen=True, kw_only=True):
    """A day's one vote: its median test. It rests on school hours only where no test in closed
    hours counts that day."""

    day: Annotated[date, about("Local day")]
    vote: Annotated[Vote, about("Whether the day's median test reached the need")]
    daypart: Annotated[
        Daypart, about("Whether it rests on tests in closed hours or in school hours")
    ]
    tests: Annotated[int, about("Tests that count on this day")]
    median_bits_per_second: Annotated[
        float | None, about("Median line rate of those tests", "bit/s")
    ]
    split: Annotated[
        bool, about("Can't say, because some tests reached the need and some missed it")
    ] = False


class Interval(Struct, frozen=True):
    """Lower and upper end; an end that the data do not bound is None."""

    low: Annotated[float | None, about("Lower end; null if the data don't bound it")]
    high: Annotated[float | None, about("Upper end; null if the data don't bound it")]


class Estimate(Struct, frozen=True, kw_only=True):
    """What a line carries, by the days' medians. Order statistics come in steps, and so does the
    confidence of their interval."""

    bits_per_second: Annotated[float, about("Right-censored median of day medians", "bit/s")]
    interval: Annotated[Interval, about("Order-statistic interval of that median, bit/s")]
    at_least: Annotated[bool, about("The median itself is a lower bound")]
    days: Annotated[int, about("Days it rests on")]
    confidence: Annotated[
        float | None,
        about("What the interval really has; null where there are too few days for one"),
    ]


class Pending(Struct, frozen=True, kw_only=True):
    """What the latest evaluation concludes where the verdict that stands says something else."""

    conclusion: Annotated[Conclusion, about("What the latest evaluation concludes")]
    evaluated_on: Annotated[date, about("Last day of the window it looked at")]
    counts_on: Annotated[date, about("When it becomes the verdict, if the next one agrees")]


class Verdict(Struct, frozen=True, kw_only=True):
    """An answer with its evidence. The evidence of a verdict that stands is that of the evaluation
    it rests on; of an undecided one, everything so far, today included."""

    conclusion: Annotated[Conclusion, about("Whether the line is big enough")]
    reason: Annotated[Reason | None, about("Why it is undecided, if it is")]
    explanation: Annotated[str, about("The same in a sentence")]
    direction: Annotated[Direction, about("Direction judged")]
    target: Annotated[str, about("Key of the target")]
    level: Annotated[Level, about("What the target was stated for")]
    need: Annotated[Need | None, about("What the line must carry; null if people aren't counted")]
    reached_days: Annotated[int, about("Days that reached the need")]
    missed_days: Annotated[int, about("Days that missed it")]
    cannot_say_days: Annotated[int, about("Days that can't say")]
    share_reached: Annotated[
        Interval | None,
        about(
            "Exact 95% interval for the share of days that reach the need; days that can't say "
            "count against it at the lower end and for it at the upper"
        ),
    ]
    more_days: Annotated[int | None, about("How many more days like these would decide, if known")]
    counting_tests: Annotated[int, about("Tests that count")]
    tests: Annotated[int, about("Tests in the window")]
    votes: Annotated[tuple[DayVote, ...], about("Each day's vote")]
    capacity: Annotated[Estimate | None, about("What the line carries")]
    window: Annotated[tuple[date, date], about("First and last day judged")]
    method: Annotated[str, about("Version of the method")]
    simulated: Annotated[bool, about("Rests on made-up results")] = False
    evaluated_on: Annotated[
        date | None, about("Last day of the evaluation that it stands on; null if undecided")
    ] = None
    held_since: Annotated[
        date | None,
        about(
            "Day of the first evaluation in a row that concludes the same, among those looked back "
            "on; null if undecided"
        ),
    ] = None
    pending: Annotated[
        Pending | None, about("What the latest evaluation concludes, if something else")
    ] = None
    decided_on: Annotated[
        date | None,
        about("If undecided: when a verdict can be there at the earliest, if that can be said"),
    ] = None
    today: Annotated[
        Conclusion | None,
        about("What the window that ends today reads: shown as such, never as a verdict"),
    ] = None
    week_before: Annotated[
        Conclusion | None,
        about("What stood a week earlier, by the people and the changes known today"),
    ] = None
    changed_on: Annotated[
        date | None,
        about("Day of the window on which the line was changed: later tests alone have a say"),
    ] = None
