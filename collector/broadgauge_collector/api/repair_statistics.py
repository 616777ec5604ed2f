"""How often devices break, how long they go without, and what that costs."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..errors import Invalid, NotFound
from ..exports.repair_rates import table
from ..fleet.repairs.compared import ComparedBy, compared
from ..fleet.repairs.insurance import AskedInsurance, Insurance, insurance
from ..fleet.repairs.lifetimes import POINTS, Drawn, Lifetimes, LifetimesBy, lifetimes
from ..fleet.repairs.model import FleetData
from ..fleet.repairs.rated import RatesBy, RepairRates, repair_rates
from ..fleet.statistics.comparison import Comparison
from ..fleet.statistics.survival import MIN_AT_RISK
from ..reports.repairs import fleet_data
from .routing import Route, TheServices, answer
from .table_files import MEDIA_TYPES, TableFormat, table_file

MOST_CURVES = 50
MOST_POINTS = 10_000


async def get_rates(
    services: TheServices,
    by: Annotated[RatesBy, Query(description="What groups have in common")] = "model",
    format: Annotated[  # noqa: A002 - the parameter's public name
        TableFormat, Query(description="JSON, or a table as a file")
    ] = "json",
) -> Response:
    """Repairs per 100 device-years with their limits. A school without a feed has none."""
    data: FleetData = await services.report(fleet_data)
    report = await services.run(repair_rates, data, by)
    if format == "json":
        return answer(report)
    return await table_file(services, table(report), f"repairs-by-{by}", format)


async def get_comparison(
    services: TheServices,
    first: Annotated[str, Query(max_length=200, description="A model, or a kind")],
    second: Annotated[str, Query(max_length=200, description="Another one")],
    by: Annotated[ComparedBy, Query(description="What the two are")] = "model",
) -> Response:
    """Whether one model is repaired more often than another, at the same age and school."""
    data: FleetData = await services.report(fleet_data)
    return answer(await services.run(compared, data, first, second, by))


async def get_lifetimes(
    services: TheServices,
    by: Annotated[LifetimesBy, Query(description="What groups have in common")] = "model",
    most: Annotated[
        int, Query(ge=0, le=MOST_CURVES, description="Groups at most, those most watched")
    ] = 8,
    points: Annotated[
        int, Query(ge=2, le=MOST_POINTS, description="Steps of a curve at most, evenly chosen")
    ] = POINTS,
    least_at_risk: Annotated[
        int, Query(ge=1, le=1000, description="Devices watched at once for a curve to begin")
    ] = MIN_AT_RISK,
) -> Response:
    """How long devices go without a repair, and how many they have had by an age."""
    data: FleetData = await services.report(fleet_data)
    drawn = Drawn(points=points, least_at_risk=least_at_risk)
    return await services.run(lambda: answer(lifetimes(data, by, most, drawn)))


async def asked(
    model: Annotated[str | None, Query(description="Only devices of this model")] = None,
    devices: Annotated[
        int | None, Query(ge=0, le=10_000_000, description="Devices; otherwise those in service")
    ] = None,
    premium_cents: Annotated[
        int, Query(ge=0, le=10**9, description="For a device and the whole term, in hundredths")
    ] = 0,
    term_years: Annotated[
        float, Query(ge=0.01, le=30, description="How long the plan lasts, in years")
    ] = 3.0,
    deductible_cents: Annotated[
        int, Query(ge=0, le=10**9, description="Paid for each repair, in hundredths")
    ] = 0,
    covers_accidents: Annotated[bool, Query(description="Whether accidents are covered")] = True,
    fee_cents: Annotated[
        int, Query(ge=0, le=10**7, description="Families pay for a device and year, in hundredths")
    ] = 2500,
    take_up: Annotated[
        float, Query(ge=0, le=1, description="Share of families who take part")
    ] = 0.75,
    waived: Annotated[float, Query(ge=0, le=1, description="Share of those who needn't pay")] = 0.0,
    repairs: Annotated[
        int | None, Query(ge=0, le=10**7, description="Repairs seen, instead of the log's")
    ] = None,
    device_years: Annotated[
        float | None, Query(gt=0, le=10**8, description="Device-years in which they were")
    ] = None,
    mean_cost_cents: Annotated[
        float | None,
        Query(ge=0, le=10**9, description="Cost of a repair in hundredths, instead of the log's"),
    ] = None,
    sd_cost_cents: Annotated[
        float | None, Query(ge=0, le=10**9, description="Its standard deviation, in hundredths")
    ] = None,
) -> AskedInsurance:
    """What is offered, and for which devices."""
    return AskedInsurance(
        model=model, devices=devices, premium_cents=premium_cents, term_years=term_years,
        deductible_cents=deductible_cents, covers_accidents=covers_accidents, fee_cents=fee_cents,
        take_up=take_up, waived=waived, repairs=repairs, device_years=device_years,
        mean_cost_cents=mean_cost_cents, sd_cost_cents=sd_cost_cents,
    )  # fmt: skip


async def get_insurance(
    services: TheServices, offer: Annotated[AskedInsurance, Depends(asked)]
) -> Response:
    """A warranty, or paying for repairs oneself; and what families' fees would pay."""
    data: FleetData = await services.report(fleet_data)
    return await services.run(lambda: answer(insurance(data, offer)))


ROUTES = (
    Route(
        method="GET",
        path="/repairs/rates",
        endpoint=get_rates,
        permission=Permission.READ,
        answer=RepairRates,
        files=MEDIA_TYPES,
    ),
    Route(
        method="GET",
        path="/repairs/comparison",
        endpoint=get_comparison,
        permission=Permission.READ,
        answer=Comparison,
        refusals=(Invalid, NotFound),
    ),
    Route(
        method="GET",
        path="/repairs/lifetimes",
        endpoint=get_lifetimes,
        permission=Permission.READ,
        answer=Lifetimes,
    ),
    Route(
        method="GET",
        path="/insurance",
        endpoint=get_insurance,
        permission=Permission.READ,
        answer=Insurance,
        refusals=(Invalid,),
    ),
)
