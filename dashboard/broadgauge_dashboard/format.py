"""Numbers and times as people read them: US spelling, Mbps, the school's own clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broadgauge_collector.capacity.model import Interval

UNKNOWN = "\u2014"
TO = "\u2013"
"""An en dash, as ranges are printed."""

_UNITS = ((1e9, "Gbps"), (1e6, "Mbps"), (1e3, "kbps"), (1.0, "bps"))
_STEPS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)

_LONG = ((365.25 * 86400, "year"), (86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


def rate(bits_per_second: float | None) -> str:
    """A rate with three significant digits: `8.4 Mbps`, `1.25 Gbps`."""
    if bits_per_second is None:
        return UNKNOWN
    size, unit = _unit(bits_per_second)
    return f"{_digits(bits_per_second / size)} {unit}"


def rate_range(interval: Interval | None) -> str:
    """Both ends in one unit, `210-260 Mbps`; an end the data do not bound is said in words."""
    if interval is None or (interval.low is None and interval.high is None):
        return ""
    if interval.low is None:
        return f"up to {rate(interval.high)}"
    if interval.high is None:
        return f"at least {rate(interval.low)}"
    size, unit = _unit(interval.high)
    low, high = _digits(interval.low / size), _digits(interval.high / size)
    return f"{high} {unit}" if low == high else f"{low}{TO}{high} {unit}"


def divided(interval: Interval, by: int) -> Interval:
    """An interval per person. `by` is above zero."""
    return Interval(
        None if interval.low is None else interval.low / by,
        None if interval.high is None else interval.high / by,
    )


def percent_of(ratio: float) -> str:
    """A small share with two significant digits: `1.2%`, `0.05%`."""
    return f"{_digits(float(f'{ratio * 100:.2g}'))}%"


def seconds(number: float) -> str:
    """A time within a test: `0.35 s`, `10 s`."""
    return f"{_digits(number)} s"


def sentence(text: str) -> str:
    """Words with a full stop, where they have none."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def count(number: int | None) -> str:
    """Thousands with a comma; unknown as a dash."""
    return UNKNOWN if number is None else f"{number:,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 day`, `2 days`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def milliseconds(seconds: float | None) -> str:
    """A round-trip time: `0.4 ms`, `12 ms`."""
    return UNKNOWN if seconds is None else f"{_digits(seconds * 1000)} ms"


def percent(ratio: float | None) -> str:
    """A share: `0.4%`, `95%`."""
    if ratio is None:
        return UNKNOWN
    return f"{ratio:.1%}" if 0 < ratio < 0.1 else f"{ratio:.0%}"


def size(count_bytes: int | None) -> str:
    """Bytes in decimal units: `12 MB`."""
    if count_bytes is None:
        return UNKNOWN
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count_bytes >= unit:
            return f"{_digits(count_bytes / unit)} {name}"
    return f"{count_bytes} bytes"


def memory(count_bytes: int) -> str:
    """Memory as it is sold, in powers of two: `8 GB`."""
    return f"{round(count_bytes / 2**30):,} GB" if count_bytes >= 2**30 else size(count_bytes)


def how_long(seconds: float) -> str:
    """A time in its largest unit: `56 years`, `2 days`, `90 seconds`."""
    for size, name in _LONG:
        if abs(seconds) >= 2 * size:
            return plural(round(abs(seconds) / size), name)
    return plural(round(abs(seconds)), "second")


def ago(then: datetime | None, now: datetime) -> str:
    """How long since: `just now`, `3 hours ago`, `never`."""
    if then is None:
        return "never"
    gone = now - then
    for step, name in _STEPS:
        if gone >= step:
            return f"{plural(gone // step, name)} ago"
    return "just now"


def zone(name: str) -> ZoneInfo:
    """A school's time zone; UTC where this machine does not know the name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def local(instant: datetime, timezone: str) -> datetime:
    """An instant on a school's clock; without an offset it is UTC, as stored."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return aware.astimezone(zone(timezone))


def moment(instant: datetime, timezone: str) -> str:
    """A school's local time: `Tue Nov 17, 8:05 AM`."""
    here = local(instant, timezone)
    return f"{here:%a %b} {here.day}, {clock(here)}"


def clock(here: datetime) -> str:
    """A time of day: `8:05 AM`."""
    return f"{here:%I:%M %p}".lstrip("0")


def day(when: date) -> str:
    """A day: `Tue, Nov 17`."""
    return f"{when:%a, %b} {when.day}"


def period(first: date, last: date) -> str:
    """From a day to another, with years where they differ: `Tue, Nov 17 to Fri, Nov 20`."""
    if first.year == last.year:
        return f"{day(first)} to {day(last)}"
    return f"{day(first)}, {first.year} to {day(last)}, {last.year}"


def hour(group: str) -> str:
    """An hour of the day, `08`, as `8 AM`."""
    number = int(group)
    return f"{number % 12 or 12} {'AM' if number < 12 else 'PM'}"


def _unit(bits_per_second: float) -> tuple[float, str]:
    return next((u for u in _UNITS if bits_per_second >= u[0] * 0.9995), _UNITS[-1])


def _digits(number: float) -> str:
    if number >= 99.95:
        return f"{number:,.0f}"
    text = f"{number:.2f}" if number < 9.995 else f"{number:.1f}"
    return text.rstrip("0").rstrip(".")
