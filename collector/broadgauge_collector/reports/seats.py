"""What people get in school hours at one school."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire import Segment
from broadgauge_wire.fields import about

from ..capacity.daypart import DAY, day_begins, local_hours, placed, window_of
from ..capacity.models import UseKey
from ..capacity.seats import Seats, Seen, judge_seats, school_time, use_of
from ..schools.assumptions import assumed_by_school
from ..schools.calendar import SchoolCalendar
from ..schools.calendars import calendar_of
from ..schools.repository import get_school
from ..store import Stores
from ..store.questions import Window

FARTHEST: tuple[Segment, ...] = ("internet", "wan", "lan")
"""A seat's work goes all the way: over the Internet line, if that was tested."""

HOUR = DAY // 24


class SchoolSeats(Struct, frozen=True, kw_only=True):
    """What people get in school hours at one school."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    segment: Annotated[
        Segment | None,
        about("Stretch of network tested: the farthest that was; null without a test"),
    ]
    days: Annotated[int, about("Days of tests looked at")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    simulated: Annotated[bool, about("Rests on made-up results")]
    seats: Annotated[Seats, about("What was found")]


def seats(
    stores: Stores, school_id: UUID, use_key: UseKey, days: int, now: datetime
) -> SchoolSeats:
    """By the tests of the last days, today included. NotFound for an unknown school."""
    with stores.control.connect() as connection:
        school = get_school(connection, school_id)
        calendar = calendar_of(connection, school)
        common, own = assumed_by_school(connection)
    use = use_of(use_key, own.get(school_id, common).assumed)
    first, last = window_of(now, days, calendar.timezone)
    window = Window(day_begins(first, calendar.timezone), now)
    with stores.results.questions() as questions:
        ways = questions.ways(window, school_id)
        table = questions.seats(window, "download", [school_id])
    measured = [segment for segment, path in ways if path == "network"]
    segment = next((segment for segment in FARTHEST if segment in measured), None)
    seen, simulated = _seen(table, calendar, segment)
    return SchoolSeats(
        school_id=school_id,
        school=school.name,
        segment=segment,
        days=days,
        as_of=now,
        simulated=simulated or school.simulated,
        seats=judge_seats(seen, school_time(calendar, first, last), use),
    )


def _seen(table: pa.Table, calendar: SchoolCalendar, segment: Segment | None) -> tuple[Seen, bool]:
    """Tests of this segment in school hours, with the loss of their hour; made-up ones only where
    there are no others, and then that they are."""
    facts = _facts(table, calendar)
    # What didn't run, or failed early, may not know which way it would have gone.
    over_it = _is_or_unknown(facts["segment"], segment) & _is_or_unknown(
        facts["path_kind"], "network"
    )
    rows = ~facts["closed"] & over_it
    real = rows & ~facts["simulated"]
    is_real = bool((real & (facts["what"] == "test")).any())
    rows = real if is_real else rows
    losses = rows & (facts["what"] == "loss")
    tests = rows & (facts["what"] != "loss")
    seen = Seen(
        day=facts["day"][tests],
        hour=facts["hour"][tests],
        line=facts["line_bits_per_second"][tests],
        loaded_rtt=facts["loaded_rtt_seconds"][tests],
        lost=_lost(facts["hours"][tests], facts["hours"][losses], facts["lost_ratio"][losses]),
        ran=facts["what"][tests] == "test",
        failed=facts["failed"][tests],
        held_back=facts["held_back"][tests],
    )
    return seen, not is_real and bool(tests.any())


def _facts(table: pa.Table, calendar: SchoolCalendar) -> dict[str, NDArray[Any]]:
    moments = table["moment"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    day, closed = placed(moments, (calendar.placing(),))
    numbers = ("line_bits_per_second", "loaded_rtt_seconds", "lost_ratio")
    flags = ("failed", "held_back", "simulated")
    words = ("what", "segment", "path_kind")
    return {
        "day": day,
        "closed": closed,
        "hour": local_hours(moments, calendar.timezone),
        "hours": moments // HOUR,
        **{name: table[name].to_numpy().astype(np.float64) for name in numbers},
        **{name: table[name].to_numpy().astype(np.bool_) for name in flags},
        **{name: np.array(table[name].to_pylist(), object) for name in words},
    }


def _is_or_unknown(words: NDArray[Any], wanted: str | None) -> NDArray[np.bool_]:
    return np.array([word is None or word == wanted for word in words.tolist()], np.bool_)


def _lost(
    hours: NDArray[np.int64], loss_hours: NDArray[np.int64], lost: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The mean loss of each test's hour; NaN where there was no window in it."""
    known, place = np.unique(loss_hours, return_inverse=True)
    if not len(known):
        return np.full(len(hours), np.nan)
    means = np.bincount(place, lost) / np.bincount(place)
    at = np.minimum(np.searchsorted(known, hours), len(known) - 1)
    return np.where(known[at] == hours, means[at], np.nan)
