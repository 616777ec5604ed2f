"""When devices came into service and left it, from what their sources say."""

from collections.abc import Iterable
from datetime import date

import numpy as np
from msgspec import Struct

from ...imports.model import DeviceRecord
from .columns import DeviceColumns, days
from .model import Days, Mask

ENROLLED_AGAIN_DAYS = 365
"""A device that was enrolled so long after it was bought was in service before, as far as anybody
can tell: wiped and enrolled again."""

OUT: frozenset[str | None] = frozenset(("retired", "lost", "stolen", "storage", "loaner"))
"""States in which a device isn't in service. One in repair is."""

STILL_HEARD: frozenset[str | None] = frozenset(("loaner",))
"""States in which the last day on which a device was heard of tells nothing of their beginning."""

ONE_DAY = np.timedelta64(1, "D")
NAT = np.datetime64("NaT", "D")


class Periods(Struct, frozen=True, kw_only=True, eq=False):
    """By device; see `Fleet` for what isn't said here."""

    bought: Days
    earliest: Days
    """Before this day nobody here had it: bought or enrolled; else made."""
    began: Days
    ended: Days
    gone: Mask
    ended_first: Mask
    """Ended before it was bought or came into service: one of the days is wrong."""


def periods(columns: DeviceColumns, today: date) -> Periods:
    """Of every device."""
    said, tomorrow = columns.said, np.datetime64(today, "D") + ONE_DAY
    purchased = days([d.purchased_on for d in said])
    made = days([d.manufactured_on for d in said])
    enrolled = days([d.enrolled_on for d in said])
    since = days([d.state_since if d.state == "in_service" else None for d in said])
    bought = first_known(purchased, made)
    again = enrolled > bought + np.timedelta64(ENROLLED_AGAIN_DAYS, "D")
    began = first_known(np.where(again, NAT, enrolled), bought, since)
    last, is_out = _last_days(columns)
    gone = is_out & ~(last + ONE_DAY > tomorrow)
    earliest = first_known(np.fmin(purchased, enrolled), made)
    return Periods(
        bought=bought,
        earliest=earliest,
        began=began,
        ended=np.where(gone, last + ONE_DAY, tomorrow),
        gone=gone,
        ended_first=gone & (last < np.fmax(earliest, began)),
    )


def first_had(said: DeviceRecord) -> date | None:
    """`Periods.earliest` of one device."""
    known = [day for day in (said.purchased_on, said.enrolled_on) if day is not None]
    return min(known, default=said.manufactured_on)


def first_known(*days_: Days) -> Days:
    """The first of them that is known."""
    found, *rest = days_
    for each in rest:
        found = np.where(np.isnat(found), each, found)
    return found


def _last_days(columns: DeviceColumns) -> tuple[Days, Mask]:
    """Of devices that aren't in service any more, the last day on which they were: the day of the
    state, else the day on which a source last heard of them."""
    said = columns.said
    out = np.fromiter((d.state in OUT for d in said), np.bool_, len(said))
    since = days([d.state_since if d.state in OUT else None for d in said])
    vanished = days(list(_in_places(columns.vanished_on, len(said))))
    heard = days([_heard(d.state, d.last_seen_at and d.last_seen_at.date()) for d in said])
    known = np.fmin(since, vanished)
    return first_known(known, np.where(out, heard, NAT)), out | ~np.isnat(vanished)


def _heard(state: str | None, day: date | None) -> date | None:
    return None if state in STILL_HEARD else day


def _in_places(found: dict[int, date], many: int) -> Iterable[date | None]:
    return (found.get(place) for place in range(many))
