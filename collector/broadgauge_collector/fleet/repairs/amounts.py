"""What repairs cost and how long they took, of tickets and of the parts used for them."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ...imports.amounts import MOST_CENTS
from .columns import PartSaid, TicketColumns, TicketSaid, coded, days
from .model import NOT_KNOWN, Codes, Days, Mask, Numbers


class Amounts(Struct, frozen=True, kw_only=True, eq=False):
    """By ticket; see `Repairs`. The masks say of which a figure couldn't be used."""

    cost: Numbers
    parts: Numbers
    labour: Numbers
    other: Numbers
    currency: Codes
    currencies: tuple[str, ...]
    closed: Days
    downtime: Numbers
    under_warranty: NDArray[np.int8]
    incomplete: dict[str, Mask]


class PartsUsed(Struct, frozen=True, kw_only=True):
    """What the parts of one ticket say together."""

    cents: float
    """NaN if the cost of one of them isn't known."""
    warranty: bool | None
    student_damage: bool
    several: bool


def parts_by_ticket(
    tickets: TicketColumns, parts: Sequence[tuple[str, PartSaid]]
) -> dict[int, PartsUsed]:
    """What was used, by the ticket's place."""
    if not parts:
        return {}
    sources = [tickets.sources[code] for code in tickets.source.tolist()]
    named = zip(sources, tickets.key.tolist(), strict=True)
    places = {name: place for place, name in enumerate(named)}
    found: dict[int, list[PartSaid]] = {}
    for source, part in parts:
        place = places.get((source, part.ticket_key))
        if place is not None:
            found.setdefault(place, []).append(part)
    return {place: _together(some) for place, some in found.items()}


def amounts(
    said: Sequence[TicketSaid], parts: dict[int, PartsUsed], opened: Days, own: str
) -> Amounts:
    """Of every ticket. `own` is the district's currency."""
    cost, used, labour = (
        _cents(said, name) for name in ("cost_cents", "parts_cents", "labour_cents")
    )
    wrong = [(each < 0) | (each > MOST_CENTS) for each in (cost, used, labour)]
    cost, used, labour = (
        np.where(mask, np.nan, each) for each, mask in zip((cost, used, labour), wrong, strict=True)
    )
    used = _or_parts(used, parts)
    cost = np.where(np.isnan(cost), _sum_of_known(used, labour), cost)
    currency, currencies = coded(each.currency for each in said)
    foreign = (currency >= 0) & (currency != _place(currencies, own))
    closed = days([each.closed_on for each in said])
    cost, used, labour, other = (
        *(np.where(foreign, np.nan, each) for each in (cost, used, labour)),
        np.where(foreign, cost, np.nan),
    )
    return Amounts(
        cost=cost, parts=used, labour=labour, other=other, currency=currency,
        currencies=currencies, closed=closed, downtime=_downtime(said, opened, closed),
        under_warranty=_warranty(said, parts),
        incomplete={
            "closed_before_opened": closed < opened, "negative_cost": np.logical_or.reduce(wrong),
            "other_currency": foreign & ~np.isnan(other), **_of_parts(parts, len(said)),
        },
    )  # fmt: skip


def _together(parts: Sequence[PartSaid]) -> PartsUsed:
    claims = {part.warranty_claim for part in parts}
    known = [part.cost_cents for part in parts if part.cost_cents is not None]
    return PartsUsed(
        cents=float(sum(known)) if len(known) == len(parts) else np.nan,
        warranty=True if True in claims else None if None in claims else False,
        student_damage=any(part.student_damage for part in parts),
        several=any((part.quantity or 1) > 1 for part in parts),
    )


def _cents(said: Sequence[TicketSaid], name: str) -> Numbers:
    return _numbers([getattr(each, name) for each in said])


def _numbers(values: Sequence[float | None]) -> Numbers:
    """NaN where there is none."""
    return np.array(values, np.float64)


def _or_parts(used: Numbers, parts: dict[int, PartsUsed]) -> Numbers:
    found = used.copy()
    for place, of_ticket in parts.items():
        if np.isnan(found[place]):
            found[place] = of_ticket.cents
    return found


def _sum_of_known(parts: Numbers, labour: Numbers) -> Numbers:
    neither = np.isnan(parts) & np.isnan(labour)
    return np.where(neither, np.nan, np.nan_to_num(parts) + np.nan_to_num(labour))


def _place(currencies: tuple[str, ...], own: str) -> int:
    return currencies.index(own) if own in currencies else len(currencies)


def _downtime(said: Sequence[TicketSaid], opened: Days, closed: Days) -> Numbers:
    """As said; else from opened to closed, unless that is less than nothing."""
    stated = _numbers([each.downtime_days for each in said])
    between = np.where(closed >= opened, (closed - opened) / np.timedelta64(1, "D"), np.nan)
    return np.where(np.isnan(stated), between, stated)


def _warranty(said: Sequence[TicketSaid], parts: dict[int, PartsUsed]) -> NDArray[np.int8]:
    stated = (each.under_warranty for each in said)
    found = np.fromiter((NOT_KNOWN if v is None else v for v in stated), np.int8, len(said))
    for place, of_ticket in parts.items():
        if found[place] == NOT_KNOWN and of_ticket.warranty is not None:
            found[place] = of_ticket.warranty
    return found


def _of_parts(parts: dict[int, PartsUsed], many: int) -> dict[str, Mask]:
    without, several = np.zeros(many, np.bool_), np.zeros(many, np.bool_)
    for place, of_ticket in parts.items():
        without[place], several[place] = np.isnan(of_ticket.cents), of_ticket.several
    return {"parts_without_cost": without, "several_of_a_part": several}


def opened_days(said: Sequence[TicketSaid]) -> Days:
    """When each was opened; NaT if nobody says."""
    opened: list[date | None] = [each.opened_on for each in said]
    return days(opened)
