"""When and where a line was tested: local day x hour x location."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ..capacity.model import Daypart

NOWHERE = -1
"""The place of a test that says no location."""

HOURS = 24


class Place(Struct, frozen=True):
    """A room, wing or wiring closet of one school."""

    school_id: UUID
    school: str
    location: str


class PlacedTests(NamedTuple):
    """Throughput tests of one line, one row a test, placed on the line's clocks.

    `day` is a date's ordinal, `place` a place among the line's, or NOWHERE. `counts`: it has a say
    by the rule of judging; `shows`: it shows what its room gets, by whatever machine, walks too.
    """

    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    closed: NDArray[np.bool_]
    place: NDArray[np.int64]
    counts: NDArray[np.bool_]
    shows: NDArray[np.bool_]

    def where(self, rows: NDArray[np.bool_]) -> "PlacedTests":
        """These rows."""
        return PlacedTests(
            self.day[rows],
            self.hour[rows],
            self.closed[rows],
            self.place[rows],
            self.counts[rows],
            self.shows[rows],
        )


class Cell(Struct, frozen=True, kw_only=True):
    """Tests of one local day, hour and location."""

    day: Annotated[date, about("Local day")]
    hour: Annotated[int, about("Hour of the local day, 0 to 23")]
    daypart: Annotated[Daypart, about("Whether students were on the line")]
    school: Annotated[str | None, about("School of the location; null if none was said")]
    location: Annotated[str | None, about("Room, wing or wiring closet; null if none was said")]
    counting: Annotated[int, about("Tests that count")]
    tests: Annotated[int, about("Tests that show what the location gets, counting or not")]


def cells(tests: PlacedTests, places: Sequence[Place]) -> tuple[Cell, ...]:
    """Every cell with a test, by day, hour and place."""
    shown = tests.where(tests.counts | tests.shows)
    if not len(shown.day):
        return ()
    keys = np.stack([shown.day, shown.hour, shown.closed, shown.place])
    distinct, rows = np.unique(keys, axis=1, return_inverse=True)
    counting = np.bincount(rows, weights=shown.counts, minlength=distinct.shape[1])
    size = np.bincount(rows, minlength=distinct.shape[1])
    return tuple(
        _cell(key, places, int(n), int(of))
        for key, n, of in zip(distinct.T.tolist(), counting, size, strict=True)
    )


def _cell(key: list[int], places: Sequence[Place], counting: int, size: int) -> Cell:
    day, hour, closed, place = key
    where = None if place == NOWHERE else places[place]
    return Cell(
        day=date.fromordinal(day),
        hour=hour,
        daypart="closed" if closed else "school",
        school=where.school if where else None,
        location=where.location if where else None,
        counting=counting,
        tests=size,
    )
