"""What people get in school hours: how much of the time a seat gets what its use needs.

Not a verdict on a line: the better it is used, the less a test finds.
"""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ..schools.calendar import SchoolCalendar
from .method import METHOD, Method
from .model import Interval
from .models import ASSUMPTIONS, SEAT, USE_TITLES, Assumption, UseKey
from .shares import Weighted, weighted, weights
from .words import number, percent, rate

BAND_HOURS = 2
BANDS = 24 // BAND_HOURS
WEEKDAYS = 7
LEAST_TESTS = 3
"""Of a band of hours, before it is named among the worst."""


class SeatUse(Struct, frozen=True, kw_only=True):
    """What one use needs at one seat."""

    key: Annotated[UseKey, about("What `use` parameters call it")]
    title: Annotated[str, about("What people call it")]
    bits_per_second: Annotated[float, about("Least download", "bit/s")]
    rtt_seconds: Annotated[float, about("Longest round trip while the line is busy", "s")]
    lost_ratio: Annotated[float, about("Most packets lost, as a share")]
    source: Annotated[str, about("Who says so")]


DEFAULT_USE: UseKey = "web"


class Seen(NamedTuple):
    """Tests in school hours as columns; rates in bit/s, times in s, NaN where unknown. `ran` is
    false for a test that was due and did not run, which has neither."""

    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    line: NDArray[np.float64]
    loaded_rtt: NDArray[np.float64]
    lost: NDArray[np.float64]
    ran: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    held_back: NDArray[np.bool_]


class HourBand(Struct, frozen=True, kw_only=True):
    """Some hours of the school day."""

    begins: Annotated[int, about("First hour of the day, local time")]
    ends: Annotated[int, about("Hour it ends at")]
    tests: Annotated[int, about("Tests that ran, failed ones too")]
    short: Annotated[int, about("Those that fell short of what the use needs")]
    room_bits_per_second: Annotated[float | None, about("Median of what a test found", "bit/s")]
    loaded_rtt_seconds: Annotated[
        float | None, about("Median round trip while a test filled the line", "s")
    ]

    @property
    def share_short(self) -> float:
        """Of its tests."""
        return self.short / self.tests if self.tests else 0.0


class Seats(Struct, frozen=True, kw_only=True):
    """What people get in school hours."""

    use: Annotated[SeatUse, about("What a seat is held against")]
    share: Annotated[
        float | None,
        about("Share of school time in which a seat gets what the use needs; null without a test"),
    ]
    interval: Annotated[
        Interval | None,
        about(
            "95% interval of that share: at its lower end, tests that did not run count as short, "
            "at its upper end as fine"
        ),
    ]
    tests: Annotated[int, about("Tests that ran, failed ones too")]
    failed: Annotated[int, about("Those that failed: they count as short")]
    skipped: Annotated[int, about("Tests that were due and did not run, or can't say")]
    days: Annotated[int, about("School days with a test that ran")]
    days_short: Annotated[int, about("Days of which at least half of the tests fell short")]
    covered: Annotated[float, about("Share of school time whose hours of the day have a test")]
    room_bits_per_second: Annotated[float | None, about("Median of what a test found", "bit/s")]
    room_low_bits_per_second: Annotated[
        float | None, about("What nine of ten tests found at least", "bit/s")
    ]
    loaded_rtt_seconds: Annotated[
        float | None, about("Median round trip while a test filled the line", "s")
    ]
    loaded_rtt_high_seconds: Annotated[
        float | None, about("Round trip that nine of ten tests stayed under", "s")
    ]
    hours: Annotated[tuple[HourBand, ...], about("Hours of the school day with a test")]
    worst: Annotated[HourBand | None, about("Hours with the greatest share of short tests")]
    explanation: Annotated[str, about("The same in a sentence or two")]
    method: Annotated[str, about("How it was worked out")]


def use_of(key: UseKey, assumed: Mapping[str, Assumption] = ASSUMPTIONS) -> SeatUse:
    """One use with its limits as they are assumed."""
    mbps, rtt, loss = (assumed[f"{SEAT}{key}.{part}"] for part in ("rate", "rtt", "loss"))
    return SeatUse(
        key=key,
        title=USE_TITLES[key],
        bits_per_second=mbps.value * 1e6,
        rtt_seconds=rtt.value / 1e3,
        lost_ratio=loss.value,
        source="; ".join(dict.fromkeys(limit.source for limit in (mbps, rtt, loss))),
    )


def school_time(calendar: SchoolCalendar, first: date, last: date) -> NDArray[np.float64]:
    """Hours of school from a day to another, by band of the day (row) and weekday."""
    found = np.zeros((BANDS, WEEKDAYS))
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        for opens, closes in calendar.wall_hours(day):
            found[:, day.weekday()] += _overlap(_hours(opens), _hours(closes))
    return found


def judge_seats(
    seen: Seen, time_of: NDArray[np.float64], use: SeatUse, method: Method = METHOD
) -> Seats:
    """What tests in school hours say of a seat. `time_of` is what `school_time` gives."""
    says = seen.ran & ~_cant_say(seen, use)
    good = says & ~_short(seen, use)
    share, interval, covered = _shares(seen, good, says, time_of, method)
    bands = _bands(seen, says, good)
    found = Seats(
        use=use,
        share=share,
        interval=interval,
        tests=int(says.sum()),
        failed=int((says & seen.failed).sum()),
        skipped=int((~says).sum()),
        days=len(np.unique(seen.day[says])),
        days_short=_days_short(seen.day[says], good[says]),
        covered=covered,
        room_bits_per_second=_quantile(seen.line[says], 0.5),
        room_low_bits_per_second=_quantile(seen.line[says], 0.1),
        loaded_rtt_seconds=_quantile(seen.loaded_rtt[says], 0.5),
        loaded_rtt_high_seconds=_quantile(seen.loaded_rtt[says], 0.9),
        hours=bands,
        worst=_worst(bands),
        explanation="",
        method=(
            f"seat shares {method.version}: cells of weekday and {BAND_HOURS} hours, weighted by "
            f"the school time they stand for; days as clusters; exact {method.confidence:.0%} "
            "interval at the effective sample size (Korn-Graubard)"
        ),
    )
    return _explained(found)


def _cant_say(seen: Seen, use: SeatUse) -> NDArray[np.bool_]:
    """Tests that kept their own rate under what the use needs."""
    return seen.held_back & ~seen.failed & (seen.line < use.bits_per_second)


def _short(seen: Seen, use: SeatUse) -> NDArray[np.bool_]:
    """What isn't known of a test isn't held against it; a test without a rate failed."""
    slow = ~(seen.line >= use.bits_per_second)
    late, lossy = seen.loaded_rtt > use.rtt_seconds, seen.lost > use.lost_ratio
    short: NDArray[np.bool_] = seen.failed | slow | late | lossy
    return short


def _shares(
    seen: Seen,
    good: NDArray[np.bool_],
    says: NDArray[np.bool_],
    time_of: NDArray[np.float64],
    method: Method,
) -> tuple[float | None, Interval | None, float]:
    """The share by what ran; its interval by the bounds of what didn't."""
    # Tests just outside of the calendar's hours, such as in the second a clock is off, have none.
    stands = time_of[seen.hour // BAND_HOURS, _weekday(seen.day)] > 0
    ran = says & stands
    if not ran.any():
        return None, None, 0.0
    bands = np.unique(seen.hour[ran] // BAND_HOURS)
    covered = float(time_of[bands].sum() / time_of.sum())
    middle = _of(seen, ran, good, time_of, method)
    if not (~says & stands).any():
        return middle.share, middle.interval, covered
    low = _of(seen, stands, good, time_of, method).interval.low
    high = _of(seen, stands, good | ~says, time_of, method).interval.high
    return middle.share, Interval(low, high), covered


def _of(
    seen: Seen,
    rows: NDArray[np.bool_],
    good: NDArray[np.bool_],
    time_of: NDArray[np.float64],
    method: Method,
) -> Weighted:
    day = seen.day[rows]
    weight = weights(seen.hour[rows] // BAND_HOURS, _weekday(day), time_of)
    return weighted(good[rows], weight, day, method.confidence)


def _bands(seen: Seen, says: NDArray[np.bool_], good: NDArray[np.bool_]) -> tuple[HourBand, ...]:
    bands = seen.hour // BAND_HOURS
    return tuple(
        HourBand(
            begins=int(band) * BAND_HOURS,
            ends=(int(band) + 1) * BAND_HOURS,
            tests=int((here := says & (bands == band)).sum()),
            short=int((here & ~good).sum()),
            room_bits_per_second=_quantile(seen.line[here], 0.5),
            loaded_rtt_seconds=_quantile(seen.loaded_rtt[here], 0.5),
        )
        for band in np.unique(bands[says])
    )


def _worst(bands: Sequence[HourBand]) -> HourBand | None:
    """None where no band fell short, or none has tests enough."""
    enough = [band for band in bands if band.tests >= LEAST_TESTS and band.short]
    return max(enough, key=lambda band: (band.share_short, band.tests), default=None)


def _days_short(day: NDArray[np.int64], good: NDArray[np.bool_]) -> int:
    _, place = np.unique(day, return_inverse=True)
    tests, fine = np.bincount(place), np.bincount(place, good)
    return int((fine * 2 <= tests).sum())


def _explained(seats: Seats) -> Seats:
    if seats.share is None or seats.interval is None:
        words = "No test in school hours yet."
        return replace(seats, explanation=words)
    low, high = seats.interval.low or 0.0, seats.interval.high or 0.0
    use = seats.use
    words = (
        f"In {percent(seats.share)} of school time ({percent(low)} to {percent(high)}) a seat got "
        f"what {use.title.lower()} need: {rate(use.bits_per_second)}, round trips up to "
        f"{use.rtt_seconds * 1000:.0f} ms under load, {use.lost_ratio:.1%} loss. "
        f"{number(seats.days_short, 'day')} of {seats.days} fell short."
    )
    if seats.skipped:
        words += f" {number(seats.skipped, 'test')} did not run or can't say, and may be either."
    if seats.covered < 0.995:
        words += f" The tests stand for {percent(seats.covered)} of school time."
    return replace(seats, explanation=words)


def _quantile(values: NDArray[np.float64], share: float) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.quantile(known, share)) if len(known) else None


def _weekday(ordinal: NDArray[np.int64]) -> NDArray[np.int64]:
    """Monday as 0; the first of January of the year 1 was one."""
    return (ordinal - 1) % WEEKDAYS


def _overlap(opens: float, closes: float) -> NDArray[np.float64]:
    """Hours of each band between two hours of a day."""
    begins = np.arange(BANDS) * BAND_HOURS
    ends = np.minimum(closes, begins + BAND_HOURS)
    hours: NDArray[np.float64] = np.clip(ends - np.maximum(opens, begins), 0, None)
    return hours


def _hours(at: time) -> float:
    """In h; the last moment of a day is its end."""
    return 24.0 if at == time.max else at.hour + at.minute / 60 + at.second / 3600
