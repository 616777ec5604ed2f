"""Devices and their repairs as arrays: what rates, survival and costs are worked out from.

Days are `datetime64[D]` (NaT: not known), money is in hundredths of the district's currency (NaN:
not known), codes are places in the tuple beside them (-1: not known). Spans take their first day in
and their last day out.
"""

from datetime import date
from typing import Annotated, Final, get_args
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ...imports.model import TicketCategory

Days = NDArray[np.datetime64]
Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

CATEGORIES: Final[tuple[TicketCategory, ...]] = get_args(TicketCategory)
"""What `Repairs.category` counts by. Loss and theft stand in `FleetData.losses` alone."""

OUTSIDE: Final = (
    "no_device", "device_left_out", "before_feed", "after_feed", "before_service",
    "out_of_service",
)  # fmt: skip
"""What `Repairs.outside` counts by; `reasons.OUTSIDE` has a sentence for each."""

YES, NO, NOT_KNOWN = 1, 0, -1
"""In `Repairs.under_warranty`."""


class Feed(Struct, frozen=True, kw_only=True):
    """Whether a school's repairs are told of, and since when. Without that it has no rate."""

    school_id: Annotated[UUID, about("The school's id")]
    school: Annotated[str, about("School")]
    devices: Annotated[int, about("Devices it has")]
    tickets: Annotated[int, about("Tickets of them, whatever they are about")]
    first_ticket_on: Annotated[date | None, about("Day of the first of them")]
    last_ticket_on: Annotated[date | None, about("Day of the last of them")]
    sources: Annotated[tuple[str, ...], about("Who tells of them")]
    declared: Annotated[bool, about("Whether somebody here said so, or it follows from tickets")]
    has_feed: Annotated[bool, about("Whether its repairs are told of")]
    since: Annotated[date | None, about("First day on which repairs would be known")]
    through: Annotated[
        date | None, about("Last day on which they would be known, such as that of the last import")
    ]


class Fleet(Struct, frozen=True, kw_only=True, eq=False):
    """Every device, in the order of its id; one entry a device in each array."""

    ids: tuple[UUID, ...]
    school: Codes
    """In `FleetData.schools`."""
    model: Codes
    models: tuple[str, ...]
    kind: Codes
    kinds: tuple[str, ...]
    bought: Days
    """When it was bought, else made: its age counts from here. NaT: not known."""
    began: Days
    """When it came into service, by the first of these that is known: enrolled (unless that was
    more than a year after it was bought: then it was enrolled again), bought, made, in service
    since."""
    ended: Days
    """The day after its last in service (today, while it is): the day on which it was retired,
    lost, stolen, put into storage or among the loaners, or vanished from all its sources. NaT: it
    is so, and nobody says since when. Of earlier times in storage nothing is known, nor of
    schools that it was at before: it counts as in service at its school of today."""
    gone: Mask
    """Whether `ended` is such an end, and not just today's."""
    missing: Mask
    """Whether it is lost or stolen now."""
    byod: Mask
    """Whether it is somebody's own."""
    in_rates: Mask
    """Whether its repairs would be known of at all: it is the district's own, its days are known
    and make sense, and its school has a feed of repairs. Otherwise see
    `FleetData.devices_left_out`."""
    watched_from: Days
    """The later of `began` and its feed's first day. NaT unless `in_rates`."""
    watched_until: Days
    """The earlier of `ended` and the day after its feed's last; never before `watched_from`. NaT
    unless `in_rates`."""
    watched_days: NDArray[np.int64]
    """Device-days from `watched_from` to `watched_until`; 0 unless `in_rates`."""


class Repairs(Struct, frozen=True, kw_only=True, eq=False):
    """Repairs, in the order of their days; one entry a repair in each array."""

    source: tuple[str, ...]
    key: tuple[str, ...]
    """With `source`, the ticket that told of it (the first, if several did)."""
    device: Codes
    """In `Fleet`; -1: no device is known."""
    day: Days
    """When it was opened. Always known."""
    closed: Days
    in_rates: Mask
    """Whether it happened while its device was watched: only these go with `Fleet.watched_days`.
    The others still cost money."""
    outside: Codes
    """Why it isn't, in `OUTSIDE`; -1: it is."""
    category: Codes
    """In `CATEGORIES`; -1: nobody said."""
    issue: Codes
    issues: tuple[str, ...]
    cost_cents: Numbers
    """Its whole cost; else parts and labour as far as they are known. NaN also if it is in another
    currency than the district's."""
    parts_cents: Numbers
    labour_cents: Numbers
    other_cents: Numbers
    """Its whole cost where that is in another currency: in hundredths of that, never to be
    added."""
    currency: Codes
    """What its amounts are in; -1: nobody said, so the district's."""
    currencies: tuple[str, ...]
    downtime_days: Numbers
    """Days without the device, as said; else from opened to closed."""
    under_warranty: NDArray[np.int8]
    """`YES`, `NO` or `NOT_KNOWN`."""


class FleetData(Struct, frozen=True, kw_only=True, eq=False):
    """All that repairs are judged by, as of one day.

    Rate per 100 device-years of some devices `m`:
    `repairs.in_rates & m[repairs.device]` counted, over `fleet.watched_days[m].sum() / 365`.
    (A repair without a device is never `in_rates`, so that its -1 does no harm.) Every ticket is
    one repair, one loss, or one of `left_out`.
    """

    today: date
    currency: str
    """ISO 4217, the district's."""
    schools: tuple[Feed, ...]
    """By name."""
    fleet: Fleet
    repairs: Repairs
    """Failures, accidents, and what nobody gave a reason for."""
    losses: Repairs
    """Loss and theft: no repairs."""
    tickets: int
    """Tickets read, of which the following tell."""
    left_out: dict[str, int]
    """Tickets that are no repair and no loss, by reason: see `reasons.LEFT_OUT`."""
    outside_rates: dict[str, int]
    """Repairs that happened where nobody would have known, by reason: see `reasons.OUTSIDE`."""
    incomplete: dict[str, int]
    """Repairs of which a figure couldn't be used, by reason: see `reasons.INCOMPLETE`."""
    devices_left_out: dict[str, int]
    """Devices that are in no rate, by reason: see `reasons.DEVICES`."""
