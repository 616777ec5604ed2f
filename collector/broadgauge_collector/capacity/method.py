"""The constants of judging, with the version that every verdict carries."""

from msgspec import Struct


class Method(Struct, frozen=True, kw_only=True):
    """How verdicts are reached. Changing any value makes another version."""

    version: str
    tolerance: float
    """A test reaches the need at this share of it: below the noise of measuring, above a gap that
    a person would notice."""
    ceiling_margin: float
    """A machine must have been able to see this much of the need for its test to count."""
    confidence: float
    """Of every interval, two-sided."""
    share_of_days: float
    """A line meets a need if it reaches it on more than this share of days. Other traffic keeps a
    big enough line from it on some days; a line that is too small reaches it on none."""
    minimum_tests: int
    minimum_days: int
    """Of tests, ten is the Blended Learning Implementation Guide's number for a site."""
    horizon_days: int
    """A split that this many days would not decide is about at the target."""
    mostly: float
    """From this share on, machines too slow for the need are the reason nothing is decided."""
    weeks: int
    """Evaluations looked back on: where no two in a row of these agree, nothing is decided."""

    def __str__(self) -> str:
        return (
            f"day votes {self.version}: evaluated at the end of each week on a fixed window, and "
            f"stands once two weeks in a row agree; a test reaches the need at "
            f"{self.tolerance:.0%} of it; its computer must be able to see "
            f"{self.ceiling_margin:.0%} of it; a line meets it on over {self.share_of_days:.0%} of "
            f"days and falls short on under that; at least {self.minimum_tests} tests on "
            f"{self.minimum_days} days; exact {self.confidence:.0%} intervals; "
            f"undecided after {self.horizon_days} days is about at target"
        )


METHOD = Method(
    version="3",
    tolerance=0.95,
    ceiling_margin=1.1,
    confidence=0.95,
    share_of_days=0.34,
    minimum_tests=10,
    minimum_days=6,
    horizon_days=40,
    mostly=0.9,
    weeks=8,
)
