"""The tests of a window, weighed against a need."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns import AT_LEAST, EXACT, Columns, columns_of, since_change
from .exclusions import EXCLUSIONS, WHY_NOT, Exclusion, place_of
from .method import Method
from .model import LinkTest, Need, UnknownNeed
from .need import bits_on, since
from .votes import counts, exclusions, votes

_TOO_SLOW: tuple[Exclusion, ...] = ("unknown_ceiling", "machine_too_slow")
"""Of tests by machines that, as far as is known, could not have seen the need."""


class Evidence(NamedTuple):
    """Tests of a window, and why each has no say on the need, as its place among the exclusions
    (0: it has one). `real`: some test that is not simulated is fit to speak, so that no simulated
    one is."""

    tests: Columns
    why: NDArray[np.int8]
    need: Need | UnknownNeed
    real: bool

    @property
    def size(self) -> int:
        """How many tests there are."""
        return len(self.why)

    def with_a_say(self) -> Columns:
        """Tests that may speak for or against the need."""
        return self.tests.where(self.why == 0)

    def of_capacity(self, enough_days: int) -> Columns:
        """Closed-hours tests that say something about the line: those by machines that could have
        seen the need, if they were made on enough days.

        Otherwise the others too, as lower bounds: something nearer to a slower machine, such as its
        school's own line before one that many share, may have set what it read.
        """
        able = np.isin(self.why, [0, place_of("no_need")]) & self.tests.closed
        if len(np.unique(self.tests.day[able & (self.tests.bound != 0)])) >= enough_days:
            return self.tests.where(able)
        too_slow = np.isin(self.why, [place_of(why) for why in _TOO_SLOW]) & self.tests.closed
        bound = np.where(too_slow & (self.tests.bound == EXACT), AT_LEAST, self.tests.bound)
        return self.tests._replace(bound=bound).where(able | too_slow)

    def excluded(self, *exclusions: Exclusion) -> int:
        """How many tests have no say for one of these reasons."""
        return int(np.isin(self.why, [place_of(why) for why in exclusions]).sum())


def weigh(
    tests: Columns, need: Need | UnknownNeed, window: tuple[date, date], method: Method
) -> Evidence:
    """Sorts out who has a say, among the tests from the window's first day to its last."""
    first, last = (day.toordinal() for day in window)
    inside = tests.where((tests.day >= first) & (tests.day <= last))
    real = bool(((inside.unfit == 0) & ~inside.simulated).any())
    need = since(need, window[0]) if isinstance(need, Need) else need
    why = exclusions(inside, bits_on(need, inside.day), method, drop_simulated=real)
    return Evidence(inside, why, need, real)


def reasons(
    tests: Sequence[LinkTest],
    need: Need | UnknownNeed,
    voting_days: Collection[date],
    method: Method,
    *,
    last: date,
    drop_simulated: bool,
    changed: date | None = None,
) -> tuple[str | None, ...]:
    """Of each test one plain sentence on why it is not behind the verdict on a need; None if it is.

    `voting_days` are the days whose votes were judged, `last` the last that was looked at,
    `changed` that on which the line last became another one.
    """
    columns = since_change(columns_of(tests), changed)
    bits = bits_on(need, columns.day)
    why = exclusions(columns, bits, method, drop_simulated=drop_simulated)
    # of an unknown need none has a say
    counted = columns.closed if bits is None else counts(columns, votes(columns, bits, method))
    voting = np.isin(columns.day, [day.toordinal() for day in voting_days])
    later = {
        "school_hours": ~counted,
        "since_evaluation": columns.day > last.toordinal(),
        "other_days_decide": ~voting,
    }
    numbers = np.select(list(later.values()), [place_of(name) for name in later], 0)
    found = [EXCLUSIONS[place] for place in np.where(why > 0, why, numbers)]
    return tuple(WHY_NOT[excluded] if excluded else None for excluded in found)
