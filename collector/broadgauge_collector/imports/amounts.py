"""Numbers, money and sizes as other systems write them. What can be read in two ways is refused."""

import re
from decimal import Decimal

SEPARATED = re.compile(r"\d+(?:[., ]\d+)*|\.\d+", re.ASCII)
MONEY = re.compile(
    r"(?P<sign>[-(\u2212])?\s*(?:[A-Z]{2,3}\s?\$|[$€£¥]|[A-Z]{3})?\s*(?P<second>[-\u2212])?"
    r"(?P<number>[\d., ]+?)\s*(?:[A-Z]{3}|[$€£¥])?\s*\)?",
    re.ASCII | re.IGNORECASE,
)
SIZE = re.compile(
    r"(?P<number>[\d., ]+?)\s*(?:(?P<unit>[KMGTP])(?:i?B)?|(?P<bytes>B|bytes?))?", re.IGNORECASE
)
UNITS = "KMGTP"
MOST_DIGITS = 18
MOST_CENTS = 10**12
SMALLEST_BARE_BYTES = 1 << 20
SYMBOLS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "C$": "CAD", "CA$": "CAD",
           "CAN$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD"}  # fmt: skip
CODES = frozenset((
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP",
    "HKD", "HUF", "ILS", "INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PEN", "PHP", "PLN",
    "QAR", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "USD", "VND", "ZAR",
))  # fmt: skip
YES = frozenset(("true", "yes", "y", "1", "x", "t"))
NO = frozenset(("false", "no", "n", "0", "f"))


def cents(cell: str) -> int:
    """An amount of money in hundredths of its currency."""
    found = MONEY.fullmatch(cell)
    if found is None:
        raise ValueError("it should be an amount of money, such as 1234.56")
    if found["sign"] or found["second"]:
        raise ValueError("it should not be negative")
    amount = _decimal(found["number"], "1234.56") * 100
    if amount != int(amount):
        raise ValueError("it should have two decimals at most, such as 1234.56")
    if amount > MOST_CENTS:
        raise ValueError("it is more than ten thousand million: is it another column's?")
    return int(amount)


def currency(cell: str) -> str:
    """The ISO 4217 code of a symbol or a code, alone or beside an amount."""
    said = re.sub(r"[\d.,\s()-]", "", cell).upper()
    code = SYMBOLS.get(said, said.removesuffix("$").removeprefix("$"))
    if code not in CODES:
        raise ValueError("it should be a currency's code, such as USD or EUR")
    return code


def whole(cell: str) -> int:
    """A count."""
    value = _decimal(_not_negative(cell), "1234")
    if value != int(value):
        raise ValueError("it should be a whole number, such as 12")
    return int(value)


def number(cell: str) -> float:
    """A finite number, 0 or more."""
    return float(_decimal(_not_negative(cell), "12.5"))


def ratio(cell: str) -> float:
    """A share from 0 to 1, of a percentage or a share. 1 alone could be either."""
    percent = cell.endswith("%")
    value = _decimal(_not_negative(cell.removesuffix("%").rstrip()), "83%")
    if value == 1 and not percent:
        raise ValueError("it can be read as 1% or as 100%; write it with its %")
    if value > 1 or percent:
        value /= 100
    if value > 1:
        raise ValueError("it should be from 0% to 100%")
    return float(value)


def yes(cell: str) -> bool:
    """Yes or no."""
    said = cell.casefold()
    if said in YES:
        return True
    if said in NO:
        return False
    raise ValueError("it should be yes or no")


def size_bytes(cell: str) -> int:
    """Bytes. A unit is a power of 1024, as systems report memory: 16 GB is 17179869184."""
    found = SIZE.fullmatch(cell)
    if found is None:
        raise ValueError("it should be a size, such as 16 GB")
    unit = found["unit"]
    value = _decimal(found["number"], "16 GB")
    if not unit and not found["bytes"] and 0 < value < SMALLEST_BARE_BYTES:
        raise ValueError("it should have a unit, such as 16 GB")
    return int(value * 1024 ** (UNITS.index(unit.upper()) + 1 if unit else 0))


def _not_negative(cell: str) -> str:
    if cell[:1] in ("-", "\u2212"):
        raise ValueError("it should not be negative")
    return cell.removeprefix("+")


def _decimal(text: str, example: str) -> Decimal:
    """The number that a text says, whichever sign its decimals stand after.

    A sign before three digits may group thousands or begin decimals. A comma groups, as where most
    districts are; a point there is refused.
    """
    text = text.strip()
    if not SEPARATED.fullmatch(text) or sum(c.isdigit() for c in text) > MOST_DIGITS:
        raise ValueError(f"it should be a number, such as {example}")
    signs = re.findall(r"[., ]", text)
    if not signs:
        return Decimal(text)
    if len(set(signs)) == 1 and (len(signs) > 1 or signs[0] == " "):
        return _grouped(text, signs[0], example)
    last, groups = signs[-1], set(signs[:-1])
    if last == " " or last in groups or len(groups) > 1:
        raise ValueError(f"it should be a number, such as {example}")
    before, after = text.rsplit(last, 1)
    if groups:
        return _grouped(before, groups.pop(), example) + Decimal(f"0.{after}")
    return _one_sign(before, last, after, example)


def _one_sign(before: str, sign: str, after: str, example: str) -> Decimal:
    if len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0"):
        if sign == ",":
            return Decimal(before + after)
        raise ValueError(
            f"it can be read in two ways, with thousands or with decimals; write it as {example}"
        )
    return Decimal(f"{before or 0}.{after}")


def _grouped(text: str, sign: str, example: str) -> Decimal:
    first, *rest = text.split(sign)
    if not 1 <= len(first) <= 3 or any(len(each) != 3 for each in rest):
        raise ValueError(f"it should be a number, such as {example}")
    return Decimal(first + "".join(rest))
