"""Of which devices repairs would be known, and on which days."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import numpy as np

from .columns import DeviceColumns, RawId, TicketColumns, coded
from .feeds import Told, days_of
from .judging import Judged
from .model import Codes, Days, Feed, Fleet, Mask
from .periods import NAT, ONE_DAY, Periods
from .reasons import DEVICES

REASONS: Final = tuple(DEVICES)
MISSING: Final[frozenset[str | None]] = frozenset(("lost", "stolen"))


def schools_of(devices: DeviceColumns, schools: Sequence[tuple[RawId, UUID, str]]) -> Codes:
    """By device, its school's place; -1: not known."""
    places = {raw: place for place, (raw, _, _) in enumerate(schools)}
    codes = (places.get(raw, -1) for raw in devices.schools)
    return np.fromiter(codes, np.int32, len(devices.schools))


def told(tickets: TicketColumns, all_: Judged, school: Codes) -> Told:
    """Tickets that attest that the repairs of a school are told of, whatever they are about."""
    attest = np.flatnonzero((all_.device >= 0) & ~all_.bad)
    attest = attest[school[all_.device[attest]] >= 0] if len(school) else attest
    of_school = school[all_.device[attest]] if len(school) else np.empty(0, np.int32)
    return Told(
        school=of_school,
        day=all_.day[attest],
        source=tickets.source[attest],
        sources=tickets.sources,
    )


def fleet_of(
    columns: DeviceColumns, spans: Periods, school: Codes, feeds: tuple[Feed, ...], today: date
) -> tuple[Fleet, Codes]:
    """The devices, and by device why it is in no rate, in `REASONS`; -1: it is in them."""
    has_feed, since, through = feed_days(school, feeds, today)
    why = _why_not(columns, spans, school, has_feed, today)
    watched = why < 0
    begin = np.where(watched, np.maximum(spans.began, since), NAT)
    end = np.where(watched, np.maximum(np.minimum(spans.ended, through), begin), NAT)
    model, models = coded(said.model for said in columns.said)
    kind, kinds = coded(said.kind for said in columns.said)
    fleet = Fleet(
        ids=columns.ids, school=school, model=model, models=models, kind=kind, kinds=kinds,
        bought=spans.bought, began=spans.began, ended=spans.ended, gone=spans.gone,
        missing=_flags(said.state in MISSING for said in columns.said),
        byod=_flags(bool(said.byod) for said in columns.said),
        in_rates=watched, watched_from=begin, watched_until=end,
        watched_days=np.where(watched, (end - begin) / ONE_DAY, 0).astype(np.int64),
    )  # fmt: skip
    return fleet, why


def feed_days(school: Codes, feeds: tuple[Feed, ...], today: date) -> tuple[Mask, Days, Days]:
    """By device: whether its school has a feed, the feed's first day, and the day after its
    last."""
    has, since, through = days_of(feeds, today)
    has, since, through = np.append(has, False), np.append(since, NAT), np.append(through, NAT)
    return has[school], since[school], through[school]  # -1, no school, is what was put at the end


def _flags(values: Iterable[bool]) -> Mask:
    return np.fromiter(values, np.bool_)


def _why_not(
    columns: DeviceColumns, spans: Periods, school: Codes, has_feed: Mask, today: date
) -> Codes:
    reasons = {
        "byod": _flags(bool(said.byod) for said in columns.said),
        "ended_before_bought": spans.ended_first,
        "no_beginning": np.isnat(spans.began),
        "begins_in_future": spans.began > np.datetime64(today, "D"),
        "no_end": np.isnat(spans.ended),
        "no_school": school < 0,
        "no_feed": ~has_feed,
    }
    codes = [REASONS.index(name) for name in reasons]
    return np.select(list(reasons.values()), codes, -1).astype(np.int32)
