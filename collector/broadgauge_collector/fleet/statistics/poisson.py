"""How surely a count of repairs tells a rate: exact Poisson limits (Garwood, Biometrika 28, 1936).

Repairs are counted per 100 device-years, of 365 days each in which a device was in service and its
repairs would have been known. Exact limits hold at least 95% of the time where each repair comes by
itself, whatever the others did; `rates` says what is done where they don't.
"""

from typing import Annotated, Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

CONFIDENCE: Final = 0.95
DAYS_PER_YEAR: Final = 365
PER: Final = 100
"""Device-years that rates are given for."""

Limits = Literal["poisson", "devices", "days"]


class Rate(Struct, frozen=True, kw_only=True):
    """Repairs per 100 device-years with their limits."""

    repairs: Annotated[int, about("Repairs")]
    device_years: Annotated[float, about("Time in which they would have been known", "years")]
    per_100: Annotated[
        float | None, about("Repairs per 100 device-years; null if no device was watched")
    ]
    low: Annotated[float | None, about("Lower 95% limit of it")]
    high: Annotated[float | None, about("Upper 95% limit of it")]
    poisson_low: Annotated[
        float | None, about("Lower 95% limit were each repair by itself (Garwood)")
    ]
    poisson_high: Annotated[
        float | None, about("Upper 95% limit were each repair by itself (Garwood)")
    ]
    limits: Annotated[
        Limits | None,
        about(
            "What the limits go by: each repair by itself (poisson), or wider since repairs come "
            "in runs on the same devices (devices) or days (days)"
        ),
    ]


def garwood(repairs: Numbers | Counts, confidence: float = CONFIDENCE) -> tuple[Numbers, Numbers]:
    """Limits of the mean of a Poisson count: chi2(a/2; 2k)/2 and chi2(1-a/2; 2k+2)/2.

    The count may be a fraction. Quantiles of chi-square with 2k degrees of freedom over 2 are those
    of the gamma distribution with shape k.
    """
    from scipy.special import gammainccinv, gammaincinv  # slow to import

    tail = (1 - confidence) / 2
    counts = np.asarray(repairs, np.float64)
    low = np.where(counts > 0, gammaincinv(np.where(counts > 0, counts, 1.0), tail), 0.0)
    return low, np.asarray(gammainccinv(counts + 1, tail), np.float64)


def poisson_rates(repairs: Counts, device_years: Numbers) -> list[Rate]:
    """Of counts and device-years beside each other, each repair by itself."""
    low, high = garwood(repairs)
    return listed(repairs, device_years, low, high, np.full(len(repairs), "poisson"))


def poisson_rate(repairs: int, device_years: float) -> Rate:
    """Of one count, each repair by itself."""
    return poisson_rates(np.array([repairs], np.int64), np.array([float(device_years)]))[0]


def listed(
    repairs: Counts, device_years: Numbers, low: Numbers, high: Numbers, limits: NDArray[np.str_]
) -> list[Rate]:
    """Rates from limits of counts. Without device-years nothing is known, not even 0."""
    columns = (repairs, device_years, low, high, *garwood(repairs), limits)
    return [_rate(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _rate(
    repairs: int, years: float, low: float, high: float, exact_low: float, exact_high: float,
    limits: Limits,
) -> Rate:  # fmt: skip
    if years <= 0:
        return unknown_rate(repairs, years)
    scale = PER / years
    return Rate(
        repairs=repairs,
        device_years=years,
        per_100=PER * repairs / years,
        low=scale * low,
        high=scale * high,
        poisson_low=scale * exact_low,
        poisson_high=scale * exact_high,
        limits=limits,
    )


def unknown_rate(repairs: int = 0, device_years: float = 0.0) -> Rate:
    """Where no device was watched."""
    return Rate(
        repairs=repairs, device_years=device_years, per_100=None, low=None, high=None,
        poisson_low=None, poisson_high=None, limits=None,
    )  # fmt: skip
