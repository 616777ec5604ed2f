"""Fiscal years: which day is in which, and how long each is."""

from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...errors import Invalid

JULY: Final = 7
"""Most states' school districts begin their fiscal year then."""

NEVER: Final = 9999
"""The fiscal year of a day that isn't known (NaT)."""

Days = NDArray[np.datetime64]
Years = NDArray[np.int64]


def fiscal_years(days: Days, begins_in: int = JULY) -> Years:
    """The year each day is in, called by the year it ends in; `NEVER` for NaT."""
    checked_month(begins_in)
    known = np.where(np.isnat(days), np.datetime64(0, "D"), days)
    months = known.astype("datetime64[M]").astype(np.int64)
    years = 1970 + (months - (begins_in - 1)) // 12 + (begins_in > 1)
    return np.where(np.isnat(days), NEVER, years)


def fiscal_year(day: date, begins_in: int = JULY) -> int:
    """The year it is in: with July, 2026 goes from July 2025 to June 2026."""
    return int(fiscal_years(np.array([day], "datetime64[D]"), begins_in)[0])


def begins_on(year: int, begins_in: int = JULY) -> date:
    """First day of a fiscal year."""
    return date(year - (checked_month(begins_in) > 1), begins_in, 1)


def middles(years: Years, begins_in: int = JULY) -> Days:
    """The day in the middle of each."""
    months = (years - 1970 - (begins_in > 1)) * 12 + begins_in - 1
    days: Days = (months + 6).astype("datetime64[M]").astype("datetime64[D]")
    return days


def checked_month(month: int) -> int:
    """The month, if there is such a one."""
    if not 1 <= month <= 12:
        raise Invalid("A fiscal year begins in a month from 1 to 12.")
    return month
