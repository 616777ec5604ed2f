"""A warranty, families' fees, or paying for repairs oneself: held against the district's log."""

from typing import Annotated, Final

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from ...errors import Invalid
from ...imports.model import TicketCategory
from ..statistics.fees import Fee, FeeCover, fee_cover
from ..statistics.self_insurance import Costs, Log, costs_like, costs_of
from ..statistics.warranty import (
    Comparison,
    Plan,
    Repaired,
    all_covered,
    compare,
    paid_for,
    repaired,
)
from .histories import codes_of
from .model import CATEGORIES, NOT_KNOWN, FleetData, Mask
from .runs import dispersion_of

FAILURES: Final[tuple[TicketCategory, ...]] = ("failure", "maintenance")
ACCIDENTS_TOO: Final[tuple[TicketCategory, ...]] = (*FAILURES, "accident")


class AskedInsurance(Struct, frozen=True, kw_only=True):
    """What is offered, and for which devices. What is left out is what the log says."""

    model: Annotated[str | None, about("Only devices of this model")] = None
    devices: Annotated[int | None, about("Devices insured; null: those in service")] = None
    premium_cents: Annotated[int, about("For a device and the whole term", "hundredths")] = 0
    term_years: Annotated[float, about("How long the plan lasts", "years")] = 3.0
    deductible_cents: Annotated[int, about("Paid for each repair", "hundredths")] = 0
    covers_accidents: Annotated[bool, about("Whether accidents are covered too")] = True
    fee_cents: Annotated[int, about("Families pay for a device and year", "hundredths")] = 2500
    take_up: Annotated[float, about("Share of families who take part")] = 0.75
    take_up_low: Annotated[float | None, about("The least that may be; null: the same")] = None
    take_up_high: Annotated[float | None, about("The most that may be; null: the same")] = None
    waived: Annotated[float, about("Share of those who needn't pay")] = 0.0
    repairs: Annotated[int | None, about("Repairs seen, instead of the log's")] = None
    device_years: Annotated[float | None, about("Device-years in which they were seen")] = None
    mean_cost_cents: Annotated[float | None, about("Cost of a repair, instead of the log's")] = None
    sd_cost_cents: Annotated[float | None, about("Its standard deviation; null: half of it")] = None


class Insurance(Struct, frozen=True, kw_only=True):
    """Both ways, and what fees would pay."""

    currency: Annotated[str, about("ISO 4217: what all amounts are in")]
    repairs: Annotated[int, about("Repairs that the rate rests on")]
    device_years: Annotated[float, about("Device-years that it rests on")]
    dispersion: Annotated[
        float,
        about(
            "Variance of the number of repairs in the log over that of repairs which each come by "
            "themselves; ranges and the reserve allow for it. 1: they don't come in runs, or the "
            "rate was given",
            "ratio",
        ),
    ]
    costs_known: Annotated[int | None, about("Repairs of which the cost is known; null: said")]
    comparison: Annotated[
        Comparison | None, about("The plan, and paying oneself; null: no cost is known")
    ]
    fees: Annotated[FeeCover | None, about("What families' fees pay; null: no cost is known")]


def insurance(data: FleetData, asked: AskedInsurance) -> Insurance:
    """Invalid where nothing was watched and no rate is given, and for what can't be."""
    chosen = _chosen(data, asked.model)
    seen = _seen(data, asked, chosen)
    devices = _devices(data, asked, chosen)
    plan = Plan(
        premium_cents=asked.premium_cents,
        term_years=asked.term_years,
        deductible_cents=asked.deductible_cents,
        covers=_covers(asked),
    )
    costs = paid_for(seen)
    return Insurance(
        currency=data.currency,
        repairs=seen.log.repairs,
        device_years=seen.log.device_years,
        dispersion=seen.log.dispersion,
        costs_known=costs.known if costs else 0,
        comparison=compare(plan, seen, devices),
        fees=fee_cover(_fee(asked), seen.log, costs, devices, asked.term_years) if costs else None,
    )


def _devices(data: FleetData, asked: AskedInsurance, chosen: Mask) -> int:
    """The district doesn't insure what is somebody's own."""
    fleet = data.fleet
    found = asked.devices
    if found is None:
        found = int((chosen & ~fleet.gone & ~fleet.byod).sum())
    if not found:
        raise Invalid("No such device is in service: say how many are to be insured.")
    return found


def _chosen(data: FleetData, model: str | None) -> Mask:
    if model is None:
        return np.ones(len(data.fleet.ids), np.bool_)
    codes, names = codes_of(data, "model")
    if model not in names:
        raise Invalid(f"There is no device of the model {model[:100]!r}.")
    chosen: Mask = codes == names.index(model)
    return chosen


def _log(data: FleetData, asked: AskedInsurance, chosen: Mask) -> Log:
    if (asked.repairs is None) != (asked.device_years is None):
        raise Invalid("Give both repairs and device-years, or neither.")
    if asked.repairs is not None and asked.device_years is not None:
        return Log(repairs=asked.repairs, device_years=asked.device_years)
    years = float(data.fleet.watched_days[chosen].sum()) / 365
    if not years:
        raise Invalid(
            "No such device was ever watched: bring tickets of repairs, or give repairs and "
            "device-years."
        )
    return Log(
        repairs=int(_theirs(data, chosen).sum()),
        device_years=years,
        dispersion=dispersion_of(data, chosen),
    )


def _theirs(data: FleetData, chosen: Mask) -> Mask:
    """Repairs of these devices while they were watched."""
    found: Mask = data.repairs.in_rates & chosen[data.repairs.device]
    return found


def _covers(asked: AskedInsurance) -> tuple[TicketCategory, ...]:
    return ACCIDENTS_TOO if asked.covers_accidents else FAILURES


def _seen(data: FleetData, asked: AskedInsurance, chosen: Mask) -> Repaired:
    log, theirs = _log(data, asked, chosen), _theirs(data, chosen)
    if asked.mean_cost_cents is not None or asked.repairs is not None:
        return all_covered(log, _all_costs(data, asked, chosen))
    codes = data.repairs.category[theirs]
    if set(np.unique(codes).tolist()) <= {NOT_KNOWN, *map(CATEGORIES.index, _covers(asked))}:
        return all_covered(log, _all_costs(data, asked, chosen))
    categories = [CATEGORIES[code] if code >= 0 else None for code in codes.tolist()]
    return repaired(log, data.repairs.cost_cents[theirs], categories, _covers(asked))


def _all_costs(data: FleetData, asked: AskedInsurance, chosen: Mask) -> Costs | None:
    if asked.mean_cost_cents is None and asked.sd_cost_cents is not None:
        raise Invalid("Give what a repair costs on average beside its standard deviation.")
    if asked.mean_cost_cents is not None:
        sd = asked.mean_cost_cents / 2 if asked.sd_cost_cents is None else asked.sd_cost_cents
        return costs_like(asked.mean_cost_cents, sd)
    return costs_of(data.repairs.cost_cents[_theirs(data, chosen)])


def _fee(asked: AskedInsurance) -> Fee:
    return Fee(
        cents=asked.fee_cents,
        take_up=asked.take_up,
        take_up_low=asked.take_up if asked.take_up_low is None else asked.take_up_low,
        take_up_high=asked.take_up if asked.take_up_high is None else asked.take_up_high,
        waived=asked.waived,
    )
