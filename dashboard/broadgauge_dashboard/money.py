"""Amounts as people read them."""

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.statistics.sums import Money

MOST = 10**10
SIGNS = {"USD": "$", "EUR": "\u20ac", "GBP": "\u00a3"}


def cents_of(amount: object) -> int | None:
    """An amount that was typed, in hundredths; None: nothing was. Invalid for what is none."""
    if not isinstance(amount, int | float):
        return None
    if not 0 <= amount <= MOST:
        raise Invalid(f"An amount is from 0 to {MOST:,}: correct it.")
    return round(100 * amount)


def dollars(cents: float | None, currency: str, *, exactly: bool = False) -> str:
    """An amount in hundredths; whole units, since a forecast knows no cents."""
    if cents is None:
        return "\u2013"
    digits = f"{abs(cents) / 100:,.{2 if exactly else 0}f}"
    sign = "\u2212" if cents < 0 and digits.strip("0.,") else ""
    if currency in SIGNS:
        return f"{sign}{SIGNS[currency]}{digits}"
    return f"{sign}{digits} {currency}"


def dollar_range(money: Money, currency: str) -> str:
    """The expected amount with its range."""
    low, high = (dollars(cents, currency) for cents in (money.low_cents, money.high_cents))
    return f"{dollars(money.expected_cents, currency)} ({low} to {high})"
