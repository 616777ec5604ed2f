"""Numbers and names as a tech director reads them: Mbps and Gbps, commas, plurals."""

from collections.abc import Sequence
from datetime import date

GIGABIT = 1e9
MEGABIT = 1e6


def rate(bits_per_second: float) -> str:
    """Three significant digits, without an exponent: `8.4 Mbps`, `1,250 Mbps` as `1.25 Gbps`."""
    if bits_per_second >= GIGABIT:
        return f"{_three_digits(bits_per_second / GIGABIT)} Gbps"
    return f"{_three_digits(bits_per_second / MEGABIT)} Mbps"


def number(count: int, noun: str) -> str:
    """`1 day`, `1,200 students`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def some(names: Sequence[str], most: int) -> str:
    """The first of the names, and how many more there are: `Adams, Baker and 1,200 more`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def day(on: date) -> str:
    """`March 9`."""
    return f"{on:%B} {on.day}"


def percent(share: float) -> str:
    """A share as `54%`."""
    return f"{share:.0%}"


def _three_digits(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1e-3 else f"{value:.6f}".rstrip("0").rstrip(".")
