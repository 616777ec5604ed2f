"""What names, places and counts must be before they are kept. Each refusal says what to write."""

import difflib
import math
import unicodedata
import zoneinfo
from datetime import date, time
from itertools import pairwise

from msgspec.structs import replace

from broadgauge_host.certificates import parse_fingerprint
from broadgauge_wire.spec import EARLIEST_YEAR, MAX_RATE_BITS_PER_SECOND, MAX_TEXT

from ..errors import Invalid
from .model import CalendarDay, People, SchoolHours

MAX_PEOPLE = 1_000_000
"""At one school: more than any school has, and few enough that a slip of the keyboard shows."""

MAX_DAY_HOURS = 28
"""Four a weekday: more than any school's timetable of comings and goings."""

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MAX_DAYS = 366
EARLIEST, LATEST = date(EARLIEST_YEAR, 1, 1), date(2100, 12, 31)
"""No result is older; and a school year that far ahead is a slip of the keyboard."""

MAX_PRICE = 1e9
"""A month, in any currency."""

NO_PLACE = {"localtime", "Factory"}
"""Listed on some systems, and not the time of any place."""

MAX_HOST = 253
"""Characters in a host name, RFC 1035."""


def clean_name(text: str, what: str) -> str:
    """The name without blanks around it. Invalid if nothing is left, or it can't be shown."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise Invalid(f"{what} is empty: give it a name people know.")
    if len(name) > MAX_TEXT:
        raise Invalid(f"{what} has {len(name)} characters: {MAX_TEXT} at most.")
    if not name.isprintable():
        raise Invalid(f"{what} {name!r} has characters that can't be shown: leave them out.")
    return name


def name_key(name: str) -> str:
    """Names that differ in case or in blanks only are the same name."""
    return " ".join(name.casefold().split())


def check_timezone(name: str) -> str:
    """An IANA time zone name. Invalid, with the nearest names, for any other."""
    known = zoneinfo.available_timezones() - NO_PLACE
    if name in known:
        return name
    raise Invalid(f"{name!r} is no time zone{_nearest(name, known)}")


def _nearest(name: str, known: set[str]) -> str:
    by_fold = {zone.casefold(): zone for zone in known}
    by_fold |= {zone.rsplit("/", 1)[-1].casefold(): zone for zone in sorted(known)}
    folded = name.strip().casefold().replace(" ", "_")
    near = difflib.get_close_matches(folded, by_fold, n=3, cutoff=0.6)
    zones = list(dict.fromkeys(by_fold[match] for match in near))
    return f": did you mean {' or '.join(zones)}?" if zones else ", like America/Chicago."


def check_hours(hours: SchoolHours) -> SchoolHours:
    """School hours within one local day, on at least one weekday, none over another."""
    usual = (hours.opens, hours.closes)
    for opens, closes in [usual, *((h.opens, h.closes) for h in hours.by_weekday)]:
        _check_local(opens, closes)
        if opens >= closes:
            raise Invalid(
                f"School closes at {closes:%H:%M}, not after it opens at {opens:%H:%M}. Give hours "
                "within one day; what goes past midnight ends at 23:59."
            )
    days = hours.weekdays
    own = {h.weekday for h in hours.by_weekday}
    if not (days or own) or len(set(days)) != len(days) or not {*days, *own} <= set(range(7)):
        raise Invalid("Weekdays are numbers from 0 (Monday) to 6 (Sunday), each once, one or more.")
    _check_overlaps(hours)
    return hours


def _check_overlaps(hours: SchoolHours) -> None:
    if len(hours.by_weekday) > MAX_DAY_HOURS:
        raise Invalid(f"There are hours for {MAX_DAY_HOURS} parts of weekdays at most.")
    for day, name in enumerate(DAY_NAMES):
        for (_, closes), (opens, later) in pairwise(hours.on(day)):
            if opens < closes:
                raise Invalid(
                    f"On {name}s, hours to {closes:%H:%M} overlap those from {opens:%H:%M} to "
                    f"{later:%H:%M}. Make one of both, or end the first before the second begins."
                )


def check_day(day: CalendarDay) -> CalendarDay:
    """An entry of a calendar, with its name cleaned and without times that its kind hasn't."""
    name = clean_name(day.name, "The day's name")
    _check_local(day.begins, day.closes)
    if day.last < day.first:
        raise Invalid(f"{name} ends on {day.last}, before it begins on {day.first}. Swap them.")
    if (day.last - day.first).days >= MAX_DAYS or not EARLIEST <= day.first <= LATEST:
        raise Invalid(
            f"{name} is from {day.first} to {day.last}: give at most {MAX_DAYS} days, between "
            f"{EARLIEST.year} and {LATEST.year}."
        )
    if day.kind == "half_day" and day.closes is None:
        raise Invalid(f"{name} is a half day: say when school closes on it, like 12:30.")
    if day.kind == "holiday":
        return replace(day, name=name, begins=None, closes=None)
    begins = day.begins if day.kind == "blackout" else None
    if begins and day.closes and day.closes <= begins:
        raise Invalid(f"{name} ends at {day.closes:%H:%M}, not after {begins:%H:%M}.")
    return replace(day, name=name, begins=begins)


def _check_local(*times: time | None) -> None:
    for at in times:
        if at is not None and at.tzinfo is not None:
            raise Invalid(
                f"{at} has a time zone: write times as the school's own clock shows them, like "
                "12:30."
            )


def check_people(people: People) -> People:
    """Counts from 0 to MAX_PEOPLE."""
    counts = {
        "students": people.students,
        "staff": people.staff,
        "concurrent users": people.concurrent_users or 0,
    }
    for what, count in counts.items():
        if not 0 <= count <= MAX_PEOPLE:
            raise Invalid(f"{count} {what}: give a number from 0 to {MAX_PEOPLE}.")
    return people


def check_rate(bits_per_second: float | None, what: str) -> float | None:
    """A rate above zero, or None where it isn't known."""
    if bits_per_second is None or 0 < bits_per_second <= MAX_RATE_BITS_PER_SECOND:
        return bits_per_second
    raise Invalid(f"{what} is {bits_per_second} bit/s: leave it out if it isn't known.")


def check_price(price: float | None) -> float | None:
    """A price a month from zero on, or None where it isn't known."""
    if price is None or (math.isfinite(price) and 0 <= price <= MAX_PRICE):
        return price
    raise Invalid(f"The price is {price}: give what the line costs a month, or leave it out.")


def check_host(host: str) -> str:
    """A host name or address without scheme, port or path."""
    cleaned = host.strip()
    plain = cleaned.isprintable() and cleaned.isascii() and not set(cleaned) & set(" /@?#[]\"'<>\\")
    if cleaned and len(cleaned) <= MAX_HOST and plain:
        return cleaned
    raise Invalid(f"{host!r} is no host: give a name or an address, like 10.1.2.3.")


def check_port(port: int) -> int:
    """A TCP and UDP port."""
    if 1 <= port <= 65535:
        return port
    raise Invalid(f"{port} is no port: give a number from 1 to 65535.")


def check_fingerprint(text: str) -> str:
    """SHA-256 of a certificate, however it was copied: with colons, in capitals, from openssl."""
    try:
        return parse_fingerprint(text)
    except ValueError as error:
        raise Invalid(f"{error} The test server prints it when it starts.") from error
