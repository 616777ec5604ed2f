"""What each line will need for the models wanted, today and three years ahead, and until when it is
enough."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Segment
from broadgauge_wire.fields import about

from ..capacity.carry import Fits, fits_in
from ..capacity.columns import Columns
from ..capacity.demand import working
from ..capacity.forecast import HORIZON_YEARS, Forecast, Stops, YearNeed, forecast
from ..capacity.model import Estimate
from ..capacity.models import model_of
from ..capacity.targets import find_target
from ..capacity.trend import Trend, trend_of
from ..capacity.words import number
from ..store import Stores
from .asked import Asked
from .link_tests import tests_by_link
from .model import LinkVerdict
from .planning import CAPACITIES_BY, Planning, read_planning

TREND_DAYS = 365
DAYS_A_YEAR = 365.25

RANGES = (
    "Ranges hold nine in ten of 1,000 simulated futures (fixed seed), with every assumption drawn "
    "between its low and high, and the measured capacity from its interval. Schools on a line are "
    "drawn together, so its range is that of the sum. All are taken to be at their busiest at once."
)


class Until(Struct, frozen=True, kw_only=True):
    """The days on which a line stops being enough; null: not within ten years."""

    soonest: Annotated[date | None, about("One in twenty simulated futures stop before this day")]
    likely: Annotated[date | None, about("Half of them stop before this day")]
    latest: Annotated[date | None, about("Nineteen in twenty stop before this day")]


class LineNeed(Struct, frozen=True, kw_only=True):
    """What one line must carry for the models wanted by everybody behind it."""

    link_id: Annotated[UUID, about("The line")]
    link: Annotated[str, about("Its name")]
    segment: Annotated[Segment, about("Kind of line")]
    schools: Annotated[tuple[str, ...], about("Names of the schools behind it")]
    models: Annotated[tuple[str, ...], about("Models they want")]
    contracted_bits_per_second: Annotated[float | None, about("Rate that was bought", "bit/s")]
    capacity: Annotated[Estimate | None, about("What it carries, as measured")]
    fits: Annotated[Fits | None, about("Whether today's need fits, surely; null if unknown")]
    years: Annotated[tuple[YearNeed, ...], about("Its need today and in one, two, three years")]
    stops: Annotated[Stops | None, about("In how many years it stops being enough")]
    until: Annotated[Until | None, about("The same as days")]
    trend: Annotated[Trend, about("How its use in school hours grew, as measured")]
    use_reaches_capacity: Annotated[
        date | None, about("When the measured use reaches the capacity; null if it can't be told")
    ]
    explanation: Annotated[str, about("Until when it is enough, in a sentence")]
    working: Annotated[str, about("How the need comes about; for a shared line, of what")]
    unknown: Annotated[str | None, about("Why the need isn't known, if so")]
    simulated: Annotated[bool, about("Rests on made-up results")]


class NeedsReport(Struct, frozen=True, kw_only=True):
    """Every line's need, today and ahead."""

    days: Annotated[int, about("Days of tests that capacities rest on")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    ranges: Annotated[str, about("How ranges were made")]
    lines: Annotated[tuple[LineNeed, ...], about("By name")]


def needs(stores: Stores, days: int, now: datetime) -> NeedsReport:
    """Of every line in the district."""
    planning = read_planning(stores, days, now)
    tests = _year_of_tests(stores, planning)
    lines = tuple(_line(planning, line, tests) for line in planning.lines)
    return NeedsReport(days=days, as_of=now, ranges=RANGES, lines=lines)


def _year_of_tests(stores: Stores, planning: Planning) -> Mapping[UUID, Columns]:
    asked = Asked(find_target(CAPACITIES_BY), TREND_DAYS, planning.now)
    return tests_by_link(stores, planning.district, asked, planning.clocks)


def _line(planning: Planning, line: LinkVerdict, tests: Mapping[UUID, Columns]) -> LineNeed:
    link, capacity = line.link, line.verdict.capacity
    demands, unknown = planning.demands(link)
    ahead = Forecast(years=(), stops=None) if unknown else forecast(demands, capacity)
    trend = trend_of(_of_one_kind(tests[link.id]))
    return LineNeed(
        link_id=link.id,
        link=link.name,
        segment=link.segment,
        schools=line.schools,
        models=tuple(dict.fromkeys(model_of(demand.model).title for demand in demands)),
        contracted_bits_per_second=link.contracted_bits_per_second,
        capacity=capacity,
        fits=fits_in(capacity, ahead.years[0].bits_per_second)
        if capacity and ahead.years
        else None,
        years=ahead.years,
        stops=ahead.stops,
        until=_until(ahead.stops, planning.now.date()),
        trend=trend,
        use_reaches_capacity=_reaches(trend, capacity, planning.now.date()),
        explanation=_explained(ahead, capacity, unknown, planning.now.date()),
        working="" if unknown else _worked(working(demand) for demand in demands),
        unknown=unknown,
        simulated=line.verdict.simulated or link.simulated,
    )


def _of_one_kind(tests: Columns) -> Columns:
    """Made-up tests never mix with real ones."""
    real = ~tests.simulated
    return tests.where(real) if real.any() else tests


def _worked(each: Iterable[str]) -> str:
    found = list(each)
    return found[0] if len(found) == 1 else f"The sum of {number(len(found), 'school')}"


def _until(stops: Stops | None, today: date) -> Until | None:
    if stops is None:
        return None
    return Until(
        soonest=_day(stops.soonest_years, today),
        likely=_day(stops.likely_years, today),
        latest=_day(stops.latest_years, today),
    )


def _day(years: float | None, today: date) -> date | None:
    return None if years is None else today + timedelta(days=round(years * DAYS_A_YEAR))


def _reaches(trend: Trend, capacity: Estimate | None, today: date) -> date | None:
    use, slope, ends = (
        trend.use_bits_per_second,
        trend.growth_bits_per_second_per_year,
        trend.growth_interval,
    )
    if capacity is None or use is None or not slope or ends is None or (ends.low or 0) <= 0:
        return None
    years = max(capacity.bits_per_second - use, 0.0) / slope
    return _day(years, today) if years <= HORIZON_YEARS else None


def _explained(ahead: Forecast, capacity: Estimate | None, unknown: str | None, today: date) -> str:
    if unknown:
        return unknown
    if capacity is None or ahead.stops is None:
        return "Not measured yet, so it can't be said until when it is enough."
    said = _when(ahead.stops, today)
    if ahead.stops.at_least:
        said += " No test computer could see its full rate, so it may last longer."
    if not ahead.stops.capacity_range_known:
        said += " Too few days of tests for a range of its capacity: the true range is wider."
    return said


def _when(stops: Stops, today: date) -> str:
    if stops.latest_years is not None and stops.latest_years <= 0:
        return "Not enough today."
    if stops.soonest_years is None:
        return "Enough for the next ten years."
    soonest, latest = _month(stops.soonest_years, today), _month(stops.latest_years, today)
    likely = _month(stops.likely_years, today)
    if stops.soonest_years <= 0:
        return f"It may not be enough today already; most likely it stops {likely}" + _or(latest)
    return f"Enough until {likely}; at the soonest {soonest}" + _or(latest)


def _or(latest: str) -> str:
    return f", at the latest {latest}."


def _month(years: float | None, today: date) -> str:
    day = _day(years, today)
    if day is None:
        return "after ten years"
    return "now" if day <= today else f"{day:%B %Y}"
