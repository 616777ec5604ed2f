"""Whether one model is repaired more often than another, at the same age and school."""

from typing import Literal

import numpy as np

from ...errors import Invalid, NotFound
from ..statistics.comparison import Comparison, compare
from .histories import Histories, codes_of, histories
from .model import Codes, FleetData

ComparedBy = Literal["model", "kind"]


def compared(data: FleetData, first: str, second: str, by: ComparedBy) -> Comparison:
    """NotFound for a model or kind of which there is no device, Invalid for one with itself."""
    if first == second:
        raise Invalid("Choose two that differ.")
    codes, names = codes_of(data, by)
    for name in (first, second):
        if name not in names:
            raise NotFound(f"There is no device of the {by} {name[:100]!r}.")
    of = histories(data)
    code = codes[of.places]
    side = np.select([code == names.index(first), code == names.index(second)], [0, 1], -1)
    return compare(
        side.astype(np.int32),
        data.fleet.school[of.places],
        of.entries,
        of.exits,
        of.devices.astype(np.int32),
        of.ages,
        (first, second),
        _days(data, of),
    )


def _days(data: FleetData, of: Histories) -> Codes:
    """Day of each repair."""
    born = data.fleet.bought[of.places].astype(np.int64)
    return np.asarray(born[of.devices] + np.rint(365 * of.ages), np.int32)
