"""How long this machine runs a day, kept for two weeks: while it is on, awake, and on a school
network. Elsewhere nothing is counted, and who uses the machine isn't looked at.
"""

import time
from collections.abc import Callable
from datetime import date, timedelta

import msgspec
from msgspec import Struct

from broadgauge_wire import HoursOn

from .at_work import LONGEST_LOOK_SECONDS
from .errors import SpoolError
from .hours import local
from .presence import Facts

FACT = "hours_on"
KEPT_DAYS = 14
KEEP_SECONDS = 600.0
"""How often what was counted is kept. A disk isn't woken for less, and whoever pulls the plug takes
no more."""

HOUR = 3600.0
MOST_HOURS = 25.0


class Counted(Struct, frozen=True):
    """Seconds by local day. The first day was under way when the counting began."""

    since: date
    seconds: dict[date, float] = {}


class RunningTime:
    """Counts for as long as somebody looks again and again."""

    def __init__(
        self,
        facts: Facts,
        is_at_school: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
        unix_now: Callable[[], float] = time.time,
    ) -> None:
        """`is_at_school` says what is known now of the network, and takes no time."""
        self._facts = facts
        self._is_at_school = is_at_school
        self._monotonic = monotonic
        self._unix_now = unix_now
        self._counted: Counted | None = None
        self._since_kept: dict[date, float] = {}
        self._looked_at = self._kept_at = monotonic()

    def look(self) -> None:
        """Count the time since the last look. A machine that slept in between didn't run."""
        now = self._monotonic()
        passed, self._looked_at = min(now - self._looked_at, LONGEST_LOOK_SECONDS), now
        if not self._is_at_school():
            # It may have left, and been found out only now.
            self._since_kept.clear()
            return
        today = self._today()
        self._since_kept[today] = self._since_kept.get(today, 0.0) + passed
        if now - self._kept_at >= KEEP_SECONDS:
            self.keep()

    def keep(self) -> None:
        """Write down what was counted since the last time."""
        self._kept_at = self._monotonic()
        if not self._since_kept:
            return
        today = self._today()
        try:
            known = self._counted or counted(self._facts.fact(FACT)) or Counted(since=today)
            self._counted = _with(known, self._since_kept, today - timedelta(days=KEPT_DAYS))
            self._since_kept = {}
            self._facts.note(FACT, self._counted)
        except SpoolError:
            return  # the runner says so when it keeps results; the next time it may be kept

    def _today(self) -> date:
        return local(self._unix_now()).date()


def counted(fact: object) -> Counted | None:
    """What a spool has noted; None if that is nothing, or nonsense."""
    try:
        return msgspec.convert(fact, Counted)
    except msgspec.ValidationError:
        return None


def complete_days(fact: object, unix_now: float) -> tuple[HoursOn, ...]:
    """The days before today of a spool's note, but for the one on which the counting began. Days on
    which the machine didn't run, or was elsewhere, aren't among them."""
    known, today = counted(fact), local(unix_now).date()
    if known is None:
        return ()
    first = max(known.since, today - timedelta(days=KEPT_DAYS + 1))
    return tuple(
        HoursOn(day=day, hours=round(min(seconds / HOUR, MOST_HOURS), 2))
        for day, seconds in sorted(known.seconds.items())
        if first < day < today
    )


def lately(facts: Facts, unix_now: float) -> tuple[HoursOn, ...]:
    """The complete days that a spool has noted; none where it can't be read."""
    try:
        return complete_days(facts.fact(FACT), unix_now)
    except SpoolError:
        return ()


def _with(known: Counted, more: dict[date, float], first: date) -> Counted:
    days = known.seconds | {day: known.seconds.get(day, 0.0) + more[day] for day in more}
    kept = {day: round(seconds, 1) for day, seconds in days.items() if day >= first}
    # A clock that was once ahead would have it that counting hasn't begun.
    return Counted(since=min(known.since, *more), seconds=kept)
