"""The tests of a window, weighed against a need."""

from collections.abc import Collection, Iterable
from datetime import date

from msgspec import Struct

from .method import Method
from .model import LinkTest, Need, UnknownNeed
from .votes import WHY_NOT, Exclusion, counts, exclusion, unfit

_NEED_ASIDE: tuple[Exclusion | None, ...] = (
    None,
    "no_need",
    "unknown_ceiling",
    "machine_too_slow",
)


class Evidence(Struct, frozen=True):
    """Tests of a window, each with why it has no say on the need (None: it has).

    `real`: some test that is not simulated is fit to speak, so that no simulated one is.
    """

    tests: tuple[tuple[LinkTest, Exclusion | None], ...]
    need: Need | UnknownNeed
    real: bool

    def with_a_say(self) -> list[LinkTest]:
        """Tests that may speak for or against the need."""
        return [test for test, why in self.tests if why is None]

    def of_capacity(self) -> list[LinkTest]:
        """Closed-hours tests that say something about the line, whatever the need."""
        return [t for t, why in self.tests if why in _NEED_ASIDE and t.daypart == "closed"]

    def excluded(self, *exclusions: Exclusion) -> int:
        """How many tests have no say for one of these reasons."""
        return sum(why in exclusions for _, why in self.tests)


def weigh(
    tests: Iterable[LinkTest],
    need: Need | UnknownNeed,
    window: tuple[date, date],
    method: Method,
) -> Evidence:
    """Sorts out who has a say."""
    inside = [test for test in tests if window[0] <= test.day <= window[1]]
    real = any(not t.simulated and unfit(t, drop_simulated=True) is None for t in inside)
    bits = need.bits_per_second if isinstance(need, Need) else None
    weighed = tuple((t, exclusion(t, bits, method, drop_simulated=real)) for t in inside)
    return Evidence(weighed, need, real)


def why_not(
    test: LinkTest, evidence: Evidence, voting_days: Collection[date], method: Method
) -> str | None:
    """One plain sentence on why a test is not behind the verdict that its evidence led to; None
    if it is. `voting_days` are the days whose votes were judged."""
    need = evidence.need
    if isinstance(need, UnknownNeed):
        return WHY_NOT[unfit(test, drop_simulated=evidence.real) or "no_need"]
    bits = need.bits_per_second
    if excluded := exclusion(test, bits, method, drop_simulated=evidence.real):
        return WHY_NOT[excluded]
    if not counts(test, bits, method):
        return WHY_NOT["school_hours"]
    return None if test.day in voting_days else WHY_NOT["other_days_decide"]
