"""Each ticket by the rule: a repair, a loss, or left out for one reason."""

from collections.abc import Mapping
from datetime import date
from typing import Final, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from .amounts import Amounts, PartsUsed, amounts, opened_days, parts_by_ticket
from .columns import PartSaid, TicketColumns
from .model import CATEGORIES, NOT_KNOWN, Codes, Days, Mask
from .once import told_first
from .periods import Periods
from .rule import LOSSES, RepairRule, Verdict, judged

VERDICTS: Final[tuple[Verdict, ...]] = (
    "repair", "loss", "cancelled", "other_kind", "other_category", "no_category",
)  # fmt: skip
REPAIR, LOSS = 0, 1
ACCIDENT = "accident"

Numbers = TypeVar("Numbers", bound=NDArray[np.generic])


class Judged(Struct, frozen=True, kw_only=True, eq=False):
    """By ticket. Of those that tell of one repair, the first has what any of them says."""

    verdict: Codes
    """In `VERDICTS`."""
    device: Codes
    day: Days
    category: Codes
    amounts: Amounts
    bad: Mask
    """Its day isn't known or can't be."""
    spoiled: dict[str, Mask]
    """Why a repair or loss isn't counted after all: one reason each."""

    @property
    def counts(self) -> Mask:
        """Which are one repair, or one loss, each."""
        return (self.verdict <= LOSS) & ~_any(self.spoiled, len(self.verdict))


def judge_all(
    rule: RepairRule, tickets: TicketColumns, parts: list[tuple[str, PartSaid]], spans: Periods,
    today: date,
) -> Judged:  # fmt: skip
    """Every ticket."""
    used = parts_by_ticket(tickets, parts)
    day, device = opened_days(tickets.said), tickets.device
    category = _categories(tickets, used)
    verdict = _verdicts(rule, tickets, category)
    spoiled = _bad_days(day, device, spans, today)
    bad = _any(spoiled, len(day))
    first = _firsts(rule, verdict, bad, device, day, category)
    found = amounts(tickets.said, used, day, rule.currency.code)
    return Judged(
        verdict=verdict, device=device, day=day, category=_filled(category, first, category < 0),
        amounts=_filled_amounts(found, first), bad=bad,
        spoiled={**spoiled, "told_twice": first != np.arange(len(first))},
    )  # fmt: skip


def left_out(all_: Judged) -> dict[str, int]:
    """Tickets that are no repair and no loss, by reason; reasons that there are."""
    masks: dict[str, Mask] = {
        VERDICTS[n]: all_.verdict == n for n in range(LOSS + 1, len(VERDICTS))
    }
    for name, mask in all_.spoiled.items():
        masks[name] = mask & (all_.verdict <= LOSS)
    counts = {name: int(mask.sum()) for name, mask in masks.items()}
    return {name: many for name, many in counts.items() if many}


def incomplete(all_: Judged) -> dict[str, int]:
    """Repairs of which a figure couldn't be used, by reason."""
    repairs = all_.counts & (all_.verdict == REPAIR)
    counts = {name: int((mask & repairs).sum()) for name, mask in all_.amounts.incomplete.items()}
    return {name: many for name, many in counts.items() if many}


def _categories(tickets: TicketColumns, used: Mapping[int, PartsUsed]) -> Codes:
    """As said; a part that a student's damage took makes of it an accident."""
    codes: dict[str, int] = {name: code for code, name in enumerate(CATEGORIES)}
    losses = {codes[name] for name in LOSSES}
    said = (codes.get(each.category or "", NOT_KNOWN) for each in tickets.said)
    found = np.fromiter(said, np.int32, len(tickets.said))
    for place, of_ticket in used.items():
        if of_ticket.student_damage and found[place] not in losses:
            found[place] = codes[ACCIDENT]
    return found


def _verdicts(rule: RepairRule, tickets: TicketColumns, category: Codes) -> Codes:
    """Few tickets differ in what the rule goes by, so each such combination is judged once."""
    known: dict[tuple[int, str | None, int, str | None], int] = {}
    found = np.empty(len(tickets.said), np.int32)
    rows = zip(tickets.source.tolist(), tickets.said, category.tolist(), strict=True)
    for place, (source, said, code) in enumerate(rows):
        asked = (source, said.kind, code, said.status)
        verdict = known.get(asked)
        if verdict is None:
            name = tickets.sources[source]
            verdict = known[asked] = _verdict(rule, name, said.kind, code, said.status)
        found[place] = verdict
    return found


def _verdict(
    rule: RepairRule, source: str, kind: str | None, code: int, status: str | None
) -> int:  # fmt: skip
    category = CATEGORIES[code] if code >= 0 else None
    said = judged(rule, source=source, kind=kind, category=category, status=status)
    return VERDICTS.index(said)


def _bad_days(day: Days, device: Codes, spans: Periods, today: date) -> dict[str, Mask]:
    no_day = np.isnat(day)
    in_future = day > np.datetime64(today, "D")
    if len(spans.earliest):
        before = (device >= 0) & (day < spans.earliest[device]) & ~in_future
    else:
        before = np.zeros(len(day), np.bool_)
    return {"no_day": no_day, "in_future": in_future, "before_bought": before}


def _firsts(
    rule: RepairRule, verdict: Codes, bad: Mask, device: Codes, day: Days, category: Codes
) -> NDArray[np.int64]:
    """By ticket, the first that tells of the same; repairs and losses each for themselves."""
    first, within_days = np.arange(len(day)), rule.same_within.days
    if within_days is None:
        return first
    for which in (REPAIR, LOSS):
        places = np.flatnonzero((verdict == which) & ~bad)
        same = told_first(device[places], day[places], category[places], within_days)
        first[places] = places[same]
    return first


def _filled_amounts(found: Amounts, first: NDArray[np.int64]) -> Amounts:
    """What the first ticket of a repair doesn't say, from the next that does."""
    if bool((first == np.arange(len(first))).all()):
        return found
    named = ("cost", "parts", "labour", "other", "downtime")
    figures = {name: getattr(found, name) for name in named}
    filled = {name: _filled(each, first, np.isnan(each)) for name, each in figures.items()}
    foreign = np.where(np.isnan(found.other), NOT_KNOWN, found.currency)
    theirs = _filled(foreign, first, foreign < 0)
    return replace(
        found,
        # An amount's currency comes from the ticket that it comes from.
        currency=np.where(np.isnan(filled["cost"]), theirs, NOT_KNOWN).astype(np.int32),
        under_warranty=_filled(found.under_warranty, first, found.under_warranty == NOT_KNOWN),
        **filled,
    )


def _filled(values: Numbers, first: NDArray[np.int64], unknown: Mask) -> Numbers:
    later = np.flatnonzero((first != np.arange(len(first))) & ~unknown)[::-1]
    wanting = later[unknown[first[later]]]
    filled = values.copy()
    filled[first[wanting]] = values[wanting]  # of several, the last to be assigned is the earliest
    return filled


def _any(masks: Mapping[str, Mask], many: int) -> Mask:
    found = np.zeros(many, np.bool_)
    for mask in masks.values():
        found |= mask
    return found
