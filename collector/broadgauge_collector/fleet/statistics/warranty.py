"""A warranty plan against paying for repairs: break-even, costs with their spread, and chances.

Over its term of T years a plan costs n premium + n l T deductible. It is worth its price above a
rate of l* = premium / (T (E[C] - deductible)). Where it covers only a share of the repairs, only
they cost the deductible and count in l*; the others cost what they cost either way. Loss and theft
aren't repairs: they are in neither side.
"""

from collections.abc import Collection, Sequence
from math import sqrt
from typing import Annotated, Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ...errors import Invalid
from .self_insurance import (
    FEW_COSTS,
    JEFFREYS,
    Costs,
    Log,
    Reserve,
    Spread,
    check_ahead,
    check_log,
    costs_of,
    drawn_cents,
    drawn_repairs,
    expected_cents,
    repairs_reserve,
    spread_of,
    variance_of,
)
from .sums import Draws, generator

CHANCE: Final = 0.95
"""That a reserve suffices."""

TOLD_FROM: Final = 1.1
"""A range so many times as wide, since repairs come in runs, is told."""

RUNS: Final = "Repairs come in runs, on the same devices or days"

LIKE_OTHERS: Final = "have no category: they are taken to divide like the others"

COVERED: Final = ("failure", "maintenance")
"""Ticket categories a plan covers unless somebody says otherwise: accidents take a dearer one."""


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A warranty or insurance that is offered."""

    premium_cents: Annotated[int, about("For a device and the whole term", "hundredths")]
    term_years: Annotated[float, about("How long it lasts", "years")]
    deductible_cents: Annotated[int, about("Paid for each repair it covers", "hundredths")] = 0
    covers: Annotated[
        tuple[str, ...], about("Categories of repairs it covers; loss and theft never are repairs")
    ] = COVERED


class Repaired(Struct, frozen=True, kw_only=True):
    """What a log says of repairs, divided by whether a plan covers them."""

    log: Annotated[Log, about("Repairs and device-years")]
    covered_share: Annotated[float, about("Share of the repairs that the plan covers")]
    told: Annotated[int | None, about("Repairs the share is known from; null: somebody said so")]
    covered: Annotated[Costs | None, about("Costs of those; null: none is known")]
    others: Annotated[Costs | None, about("Costs of the others; null: none is known")]
    untold_share: Annotated[
        float, about("Share of the repairs without a category; taken to divide like the others")
    ] = 0.0
    untold: Annotated[Costs | None, about("Costs of those; null: none is known")] = None


class _Kinds(NamedTuple):
    """What repairs cost, by what is known of whether the plan covers them."""

    covered: Costs
    others: Costs
    untold: Costs
    share: float
    untold_share: float

    @property
    def weighed(self) -> tuple[tuple[Costs, float], ...]:
        """Each with its share of all repairs."""
        told = 1 - self.untold_share
        return (
            (self.covered, told * self.share),
            (self.others, told * (1 - self.share)),
            (self.untold, self.untold_share),
        )

    @property
    def theirs(self) -> Costs:
        """Of repairs that the plan covers."""
        return _mixed(self.covered, self.untold, self.untold_share)

    @property
    def ours(self) -> Costs:
        """Of those that it doesn't."""
        return _mixed(self.others, self.untold, self.untold_share)


class Comparison(Struct, frozen=True, kw_only=True):
    """Both ways, over the plan's term."""

    devices: Annotated[int, about("Devices insured")]
    years: Annotated[float, about("The plan's term", "years")]
    rate_per_100: Annotated[float, about("Repairs in 100 device-years, by the log")]
    expected_repairs: Annotated[float, about("Repairs in the term at that rate")]
    covered_share: Annotated[float, about("Share of repairs that the plan covers")]
    plan: Annotated[Spread, about("Premiums, deductibles, and repairs it doesn't cover")]
    self_insured: Annotated[Spread, about("All repairs")]
    chance_self_insuring_is_cheaper: Annotated[float, about("Share of the drawn futures")]
    break_even_per_100: Annotated[
        float | None,
        about("Repairs in 100 device-years above which the plan is cheaper; null: at no rate"),
    ]
    reserve: Annotated[Reserve, about("To set aside if self-insured")]
    notes: Annotated[tuple[str, ...], about("What to know of these figures")]


def repaired(
    log: Log,
    cents: Sequence[float] | NDArray[np.float64],
    categories: Sequence[str | None],
    covers: Collection[str] = COVERED,
) -> Repaired:
    """Divide a log's repairs. NaN: a cost isn't known. None: nobody gave a category; such repairs
    are taken to divide like the others at what they cost, and if none has one, all are taken to be
    covered."""
    if len(cents) != len(categories):
        raise Invalid("There must be a category, or none, for each cost.")
    amounts = np.asarray(cents, np.float64)
    told = np.array([category is not None for category in categories], bool)
    is_covered = np.array([category in covers for category in categories], bool)
    known = int(told.sum())
    if not known:
        return all_covered(log, costs_of(amounts))
    return Repaired(
        log=log,
        covered_share=float(is_covered.sum() / known),
        told=known,
        covered=costs_of(amounts[is_covered]),
        others=costs_of(amounts[told & ~is_covered]),
        untold_share=float(1 - known / len(told)),
        untold=costs_of(amounts[~told]),
    )


def all_covered(log: Log, costs: Costs | None, share: float = 1.0) -> Repaired:
    """The same costs whether covered or not, and a share somebody says."""
    if not 0 <= share <= 1:
        raise Invalid("The share of repairs that a plan covers is from 0 to 1.")
    return Repaired(log=log, covered_share=share, told=None, covered=costs, others=costs)


def break_even_rate(
    premium_cents: float,
    years: float,
    mean_cents: float,
    deductible_cents: float = 0,
    covered_share: float = 1.0,
) -> float | None:
    """Repairs a device-year at which both cost the same. None: the deductible is as much as an
    average repair, or nothing is covered, so the plan never pays."""
    check_ahead(0, years)
    saved = covered_share * (mean_cents - deductible_cents)
    return premium_cents / (years * saved) if saved > 0 else None


def compare(plan: Plan, seen: Repaired, devices: int) -> Comparison | None:
    """Of so many devices over the plan's term. None: what repairs cost isn't known; say a mean."""
    check_plan(plan)
    check_log(seen.log)
    check_ahead(devices, plan.term_years)
    kinds = _kinds(seen)
    if kinds is None:
        return None
    log, years, share = seen.log, plan.term_years, seen.covered_share
    both = _mixed(kinds.ours, kinds.theirs, share)
    mine, theirs = _drawn(plan, seen, kinds, devices)
    break_even = break_even_rate(
        plan.premium_cents, years, kinds.theirs.mean_cents, plan.deductible_cents, share
    )
    return Comparison(
        devices=devices,
        years=years,
        rate_per_100=100 * log.rate,
        expected_repairs=devices * log.rate * years,
        covered_share=share,
        plan=_plan_spread(plan, seen, kinds.ours, devices, theirs),
        self_insured=spread_of(
            mine,
            expected_cents(devices, log.rate, years, both),
            sqrt(variance_of(devices, log.rate, years, both, log.dispersion)),
        ),
        chance_self_insuring_is_cheaper=float(np.mean(mine < theirs)),
        break_even_per_100=None if break_even is None else 100 * break_even,
        reserve=Reserve(
            chance=CHANCE,
            repairs=repairs_reserve(log, devices, years, CHANCE),
            cents=round(float(np.quantile(mine, CHANCE))),
        ),
        notes=_notes(plan, seen, kinds.theirs),
    )


def paid_for(seen: Repaired) -> Costs | None:
    """What a repair of the log costs, whether a plan covers it or not, in the same proportions as
    in `compare`. None: no cost is known."""
    kinds = _kinds(seen)
    if kinds is None:
        return None
    parts = [(costs, weight) for costs, weight in kinds.weighed if weight]
    if any(costs.known is None for costs, _ in parts) or len(parts) == 1:
        return parts[0][0]
    known = sum(costs.known or 0 for costs in (seen.covered, seen.others, seen.untold) if costs)
    both = _mixed(kinds.ours, kinds.theirs, kinds.share)
    return Costs(
        mean_cents=both.mean_cents,
        sd_cents=both.sd_cents,
        known=known,
        values_cents=tuple(value for costs, _ in parts for value in costs.values_cents),
        times=tuple(
            times * known * weight / (costs.known or 1)
            for costs, weight in parts
            for times in costs.times
        ),
    )


def _kinds(seen: Repaired) -> _Kinds | None:
    covered = seen.covered or seen.others or seen.untold
    others = seen.others or covered
    if covered is None or others is None:
        return None
    untold_share = seen.untold_share if seen.untold else 0.0
    return _Kinds(covered, others, seen.untold or others, seen.covered_share, untold_share)


def _drawn(plan: Plan, seen: Repaired, kinds: _Kinds, devices: int) -> tuple[Draws, Draws]:
    """Costs of paying oneself and of the plan, in the same futures."""
    rng = generator("warranty")
    repairs = drawn_repairs(seen.log, devices, plan.term_years, rng)
    theirs = rng.binomial(repairs.astype(np.int64), _shares(seen, rng, len(repairs))).astype(float)
    rest = _drawn_costs(repairs - theirs, kinds.others, kinds, rng)
    mine = _drawn_costs(theirs, kinds.covered, kinds, rng) + rest
    return mine, devices * plan.premium_cents + theirs * plan.deductible_cents + rest


def _drawn_costs(repairs: Draws, told: Costs, kinds: _Kinds, rng: np.random.Generator) -> Draws:
    """Some have no category: what they cost is drawn from such ones."""
    if not kinds.untold_share:
        return drawn_cents(repairs, told, rng)
    untold = rng.binomial(repairs.astype(np.int64), kinds.untold_share).astype(float)
    return drawn_cents(repairs - untold, told, rng) + drawn_cents(untold, kinds.untold, rng)


def _shares(seen: Repaired, rng: np.random.Generator, draws: int) -> Draws:
    """A share that follows from a log isn't sure either; but all or none is by what is covered."""
    share, told = seen.covered_share, seen.told
    if told is None or share in (0, 1):
        return np.full(draws, share)
    return rng.beta(share * told + JEFFREYS, (1 - share) * told + JEFFREYS, draws)


def _plan_spread(plan: Plan, seen: Repaired, others: Costs, devices: int, drawn: Draws) -> Spread:
    repairs, share = devices * seen.log.rate * plan.term_years, seen.covered_share
    rest = repairs * (1 - share)
    fixed = devices * plan.premium_cents + repairs * share * plan.deductible_cents
    variance = repairs * share * plan.deductible_cents**2 + rest * others.mean_square
    each = share * plan.deductible_cents + (1 - share) * others.mean_cents
    variance += (seen.log.dispersion - 1) * repairs * each**2
    return spread_of(drawn, fixed + rest * others.mean_cents, sqrt(variance))


def _mixed(first: Costs, second: Costs, share: float) -> Costs:
    """Of which such a share is of the second kind."""
    if not share:
        return first
    mean = share * second.mean_cents + (1 - share) * first.mean_cents
    square = share * second.mean_square + (1 - share) * first.mean_square
    known = None if first.known is None or second.known is None else first.known + second.known
    return Costs(mean_cents=mean, sd_cents=sqrt(max(square - mean**2, 0)), known=known)


def _notes(plan: Plan, seen: Repaired, covered: Costs) -> tuple[str, ...]:
    few = covered.known is not None and covered.known < FEW_COSTS
    wider = sqrt(seen.log.dispersion)
    said = (
        (
            plan.deductible_cents >= covered.mean_cents,
            "The deductible is as much as an average repair or more: the plan pays at no rate.",
        ),
        (seen.covered_share == 0, "The plan covers none of the repairs: it pays at no rate."),
        (
            0 < seen.covered_share < 1,
            f"The plan covers {seen.covered_share:.0%} of the repairs; others cost the same.",
        ),
        (seen.untold_share > 0, f"{seen.untold_share:.0%} of the repairs {LIKE_OTHERS}."),
        (few, f"Few costs are known ({covered.known}): the ranges may be too narrow."),
        (seen.log.repairs == 0, "No repair was seen: the ranges rest on how long none was."),
        (wider >= TOLD_FROM, f"{RUNS}: ranges are about {wider:.1f} times as wide."),
        (True, "Lost and stolen devices are in neither sum."),
    )
    return tuple(sentence for holds, sentence in said if holds)


def check_plan(plan: Plan) -> None:
    """Invalid for what no plan is."""
    if plan.premium_cents < 0 or plan.deductible_cents < 0:
        raise Invalid("A plan's premium and deductible are 0 or more.")
    if not 0 < plan.term_years <= 100:
        raise Invalid("A plan's term is more than 0 years and at most 100.")
