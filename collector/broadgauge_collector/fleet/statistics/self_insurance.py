"""What repairs will cost a district that pays for them itself, and what to set aside for that.

Repairs come as a Poisson process and each costs by chance: a compound Poisson sum S over n devices
and T years at a rate l has E[S] = n l T E[C] and Var[S] = n l T E[C^2] (e.g. Klugman, Panjer and
Willmot, Loss Models). But the rate is known from a log only: k repairs in t device-years. With
Jeffreys' prior it is gamma with shape k + 1/2 and rate t, so the count to come is negative
binomial, and wider than Poisson. Costs that are known from a log are drawn by the Bayesian
bootstrap (Rubin, Annals of Statistics 9, 1981), so that an average of few bills is no certainty;
costs given as a mean and a spread are gamma.

Where repairs come in runs, on a few devices or days, their number varies more than that: by the
dispersion phi that `rates.dispersion` finds in the log, its variance over a Poisson one's. Then
runs of phi repairs each are what comes by itself (quasi-Poisson; McCullagh and Nelder, Generalized
Linear Models, 1989): k / phi of them were seen, so both the rate and the future are that much less
sure, and Var[S] = n l T (Var[C] + phi E[C]^2). With phi = 1 nothing of this changes anything.
"""

from collections.abc import Sequence
from math import ceil, isfinite, sqrt
from typing import Annotated, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ...errors import Invalid
from .sums import Draws, generator

JEFFREYS: Final = 0.5
"""What the prior adds to the repairs counted."""

DRAWS: Final = 10_000
EXACTLY: Final = 2e-5
"""A chance is reached if two thousandths of a percent are wanting: 94.999% is 95%. So a reserve is
now and then one repair less than the exact quantile."""

MOST_A_YEAR: Final = 1000
"""Repairs a device-year: more can't be."""

MOST_SPREAD: Final = 100
"""Standard deviations for a mean: an assumption; of real repairs it is about 1."""

FEW_COSTS: Final = 10
"""Known costs below which their spread is hardly known: an assumption."""

LARGE_COSTS, GROUPS = 50, 100
"""Of a long log the dearest stay as they are; the rest are put in groups of their like."""


class Costs(Struct, frozen=True, kw_only=True):
    """What one repair costs."""

    mean_cents: Annotated[float, about("Average", "hundredths")]
    sd_cents: Annotated[float, about("Standard deviation", "hundredths")]
    known: Annotated[int | None, about("Repairs it is known from; null: somebody said so")]
    values_cents: Annotated[tuple[float, ...], about("Costs that occurred", "hundredths")] = ()
    times: Annotated[tuple[float, ...], about("How often each did")] = ()

    @property
    def mean_square(self) -> float:
        """E[C^2], squared hundredths."""
        return self.mean_cents**2 + self.sd_cents**2


class Log(Struct, frozen=True, kw_only=True):
    """How many repairs were seen among devices that were watched."""

    repairs: Annotated[int, about("Repairs")]
    device_years: Annotated[float, about("Years in service, of all devices together")]
    dispersion: Annotated[
        float, about("Variance of their number over that were each by itself; at least 1", "ratio")
    ] = 1.0

    @property
    def rate(self) -> float:
        """Repairs a device-year."""
        return self.repairs / self.device_years

    @property
    def shape(self) -> float:
        """Of the gamma law of how often runs come: those seen, and the prior's half."""
        return self.repairs / self.dispersion + JEFFREYS


class Spread(Struct, frozen=True, kw_only=True):
    """A sum of money to come. The ranges hold what isn't known of the rate and the costs too."""

    expected_cents: Annotated[int, about("Expected, at the rate of the log", "hundredths")]
    chance_sd_cents: Annotated[
        int, about("Standard deviation by chance alone, were rate and costs known", "hundredths")
    ]
    sd_cents: Annotated[int, about("Standard deviation with what isn't known", "hundredths")]
    low_80_cents: Annotated[int, about("Nine in ten futures cost more", "hundredths")]
    high_80_cents: Annotated[int, about("Nine in ten cost less", "hundredths")]
    low_95_cents: Annotated[int, about("39 in 40 cost more", "hundredths")]
    high_95_cents: Annotated[int, about("39 in 40 cost less", "hundredths")]


class Reserve(Struct, frozen=True, kw_only=True):
    """What suffices with a certain chance."""

    chance: Annotated[float, about("The chance that it suffices")]
    repairs: Annotated[int, about("Repairs")]
    cents: Annotated[int, about("Money", "hundredths")]


def costs_of(sample_cents: Sequence[float] | NDArray[np.float64]) -> Costs | None:
    """Costs as they occurred; NaN is not known and left out. None: none is known."""
    sample = np.asarray(sample_cents, np.float64)
    sample = np.sort(sample[~np.isnan(sample)])
    if not len(sample):
        return None
    if sample[0] < 0 or not isfinite(sample[-1]):
        raise Invalid("What a repair costs is 0 or more. Leave credits out.")
    values, times = _grouped(sample)
    return Costs(
        mean_cents=float(sample.mean()),
        sd_cents=float(sample.std()),
        known=len(sample),
        values_cents=tuple(values),
        times=tuple(times),
    )


def costs_like(mean_cents: float, sd_cents: float) -> Costs:
    """Costs somebody says: gamma, with this mean and standard deviation."""
    if not (0 <= mean_cents < 1e12 and 0 <= sd_cents < 1e12):
        raise Invalid("What a repair costs, and its standard deviation, are 0 or more.")
    if not mean_cents and sd_cents:
        raise Invalid("Repairs that cost nothing on average have no standard deviation.")
    if sd_cents > MOST_SPREAD * mean_cents:
        raise Invalid(
            f"A standard deviation of more than {MOST_SPREAD} times what a repair costs can't be: "
            "check both."
        )
    return Costs(mean_cents=mean_cents, sd_cents=sd_cents, known=None)


def expected_cents(devices: int, rate: float, years: float, costs: Costs) -> float:
    """n l T E[C]; the rate is repairs a device-year."""
    return devices * rate * years * costs.mean_cents


def variance_of(
    devices: int, rate: float, years: float, costs: Costs, dispersion: float = 1.0
) -> float:
    """n l T E[C^2] where repairs come by themselves, in squared hundredths."""
    runs = (dispersion - 1) * costs.mean_cents**2
    return devices * rate * years * (costs.mean_square + runs)


def repairs_reserve(log: Log, devices: int, years: float, chance: float = 0.95) -> int:
    """The fewest repairs to be ready for: as many or fewer come with this chance.

    With 12 repairs in 100 device-years, 500 devices need 285 in three years; a Poisson count of the
    same rate, which takes the rate for known, would say 202.
    """
    check_log(log)
    check_ahead(devices, years)
    if not 0 < chance < 1:
        raise Invalid("The chance that a reserve suffices is between 0 and 1.")
    return ceil(log.dispersion * _runs_reserve(log, devices, years, chance))


def _runs_reserve(log: Log, devices: int, years: float, chance: float) -> int:
    enough = 1
    while chance_of_at_most(enough, log, devices, years) < chance - EXACTLY:
        enough *= 2
    short = -1
    while enough - short > 1:
        middle = (short + enough) // 2
        reached = chance_of_at_most(middle, log, devices, years) >= chance - EXACTLY
        short, enough = (short, middle) if reached else (middle, enough)
    return enough


def chance_of_at_most(runs: int, log: Log, devices: int, years: float) -> float:
    """Of the negative binomial count to come, of runs; of repairs where each comes by itself."""
    # Half a second of import, and a server must start without it.
    from scipy.special import betainc

    seen = log.device_years
    return float(betainc(log.shape, runs + 1, seen / (seen + devices * years)))


def drawn_repairs(log: Log, devices: float, years: float, rng: np.random.Generator) -> Draws:
    """Counts to come."""
    rates = rng.gamma(log.shape, 1 / log.device_years, DRAWS)
    runs = rng.poisson(devices * years * rates)
    return np.asarray(np.rint(log.dispersion * runs), np.float64)


def drawn_cents(repairs: Draws, costs: Costs, rng: np.random.Generator) -> Draws:
    """What so many repairs cost, for each draw."""
    if costs.values_cents:
        shares = rng.gamma(np.array(costs.times, np.float64), size=(len(repairs), len(costs.times)))
        shares /= shares.sum(axis=1, keepdims=True)
        occurred = rng.multinomial(repairs.astype(np.int64), shares)
        from_log: Draws = occurred @ np.array(costs.values_cents)
        return from_log
    if not costs.sd_cents:
        return repairs * costs.mean_cents
    scale = costs.sd_cents**2 / costs.mean_cents
    return rng.gamma(repairs * costs.mean_cents / scale, scale)


def self_insured(
    log: Log, costs: Costs, devices: int, years: float, chance: float = 0.95
) -> tuple[Spread, Reserve]:
    """What repairs will cost, and the reserve that suffices with this chance."""
    reserve = repairs_reserve(log, devices, years, chance)
    rng = generator("self-insurance")
    cents = drawn_cents(drawn_repairs(log, devices, years, rng), costs, rng)
    expected = expected_cents(devices, log.rate, years, costs)
    variance = variance_of(devices, log.rate, years, costs, log.dispersion)
    spread = spread_of(cents, expected, sqrt(variance))
    enough = round(float(np.quantile(cents, chance)))
    return spread, Reserve(chance=chance, repairs=reserve, cents=enough)


def spread_of(cents: Draws, expected: float, chance_sd: float) -> Spread:
    """Of draws, beside what formulas say."""
    low_95, low_80, high_80, high_95 = np.quantile(cents, (0.025, 0.1, 0.9, 0.975))
    return Spread(
        expected_cents=round(expected),
        chance_sd_cents=round(chance_sd),
        sd_cents=round(float(cents.std())),
        low_80_cents=round(float(low_80)),
        high_80_cents=round(float(high_80)),
        low_95_cents=round(float(low_95)),
        high_95_cents=round(float(high_95)),
    )


def check_log(log: Log) -> None:
    """Invalid for what can't have been."""
    if log.repairs < 0:
        raise Invalid("Repairs are 0 or more.")
    if not 1 / 366 <= log.device_years < 1e12:
        raise Invalid("No rate follows from 0 device-years: take a longer period or more devices.")
    if not 1 <= log.dispersion < 1e12:
        raise Invalid("The dispersion of repairs is 1 (each comes by itself) or more.")
    if log.rate > MOST_A_YEAR:
        raise Invalid(f"More than {MOST_A_YEAR:,} repairs a device-year can't be: check the log.")


def check_ahead(devices: int, years: float) -> None:
    """Invalid for what can't be insured."""
    if not 0 <= devices <= 10**8:
        raise Invalid("Devices to be insured are a number from 0 to 100,000,000.")
    if not 0 < years <= 100:
        raise Invalid("Years to be insured are more than 0 and at most 100.")


def _grouped(ordered: NDArray[np.float64]) -> tuple[list[float], list[int]]:
    values, times = np.unique(ordered, return_counts=True)
    if len(values) <= GROUPS + LARGE_COSTS:
        return values.tolist(), times.tolist()
    parts = np.array_split(ordered[:-LARGE_COSTS], GROUPS)
    averages = [float(part.mean()) for part in parts] + ordered[-LARGE_COSTS:].tolist()
    return averages, [len(part) for part in parts] + [1] * LARGE_COSTS
