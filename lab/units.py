"""Rates, times, shares and sizes as people and tools write them: 100mbit, 20ms, 0.1%, 64kb."""

import re

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z%]*)", re.IGNORECASE)
_RATES = {"bit": 1.0, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
_TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_SHARES = {"": 1.0, "%": 0.01}
_SIZES = {"b": 1.0, "kb": 1e3, "mb": 1e6}


def rate(text: str) -> float:
    """Bits per second, more than none. ValueError for what is no rate."""
    found = _parsed(text, _RATES, "a rate such as 100mbit (bit, kbit, mbit, gbit)")
    if found <= 0:
        raise ValueError(f"{text!r} lets nothing pass")
    return found


def seconds(text: str) -> float:
    """Seconds. ValueError for what is no time."""
    return _parsed(text, _TIMES, "a time such as 20ms (us, ms, s)")


def share(text: str) -> float:
    """A share of one. ValueError for what is none, or is more than one."""
    found = _parsed(text, _SHARES, "a share such as 0.1%")
    if found > 1:
        raise ValueError(f"{text!r} is more than all")
    return found


def size(text: str) -> float:
    """Bytes. ValueError for what is no size."""
    return _parsed(text, _SIZES, "a size such as 64kb (b, kb, mb)")


def rate_words(bits_per_second: float) -> str:
    """96533333.3 as `96.53mbit`."""
    return _words(bits_per_second, _RATES)


def size_words(size_bytes: float) -> str:
    """250000.0 as `250kb`."""
    return _words(size_bytes, _SIZES)


def _words(value: float, units: dict[str, float]) -> str:
    unit = max((u for u in units if units[u] <= max(value, 1.0)), key=units.__getitem__)
    return f"{value / units[unit]:.4g}{unit}"


def _parsed(text: str, units: dict[str, float], wanted: str) -> float:
    found = _NUMBER.fullmatch(text.strip())
    if found is None or found[2].lower() not in units:
        raise ValueError(f"{text!r} is not {wanted}")
    return float(found[1]) * units[found[2].lower()]
