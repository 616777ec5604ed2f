"""Throughput tests of a line as columns, one row a test: millions of them are judged at once."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .exclusions import place_of
from .model import LinkTest

EXACT, AT_LEAST = 1, 2
"""What a bound is in a column; 0 where it is unknown."""


class Columns(NamedTuple):
    """`day` is a date's ordinal; rates are in bit/s, NaN where unknown; `unfit` is the place among
    the exclusions of why a test says nothing about a line, whatever the need."""

    day: NDArray[np.int64]
    closed: NDArray[np.bool_]
    line: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    bound: NDArray[np.int8]
    unfit: NDArray[np.int8]
    simulated: NDArray[np.bool_]

    def where(self, rows: Any) -> "Columns":
        """These rows: a slice, a mask or places."""
        return Columns(*(column[rows] for column in self))


def columns(table: pa.Table, day: NDArray[np.int64], closed: NDArray[np.bool_]) -> Columns:
    """A table of LinkTest's fields but for its day and daypart, which come beside it."""
    line = _rates(table, "line_bits_per_second")
    exact, at_least = _is(table, "bound", "exact"), _is(table, "bound", "at_least")
    return Columns(
        day=day,
        closed=closed,
        line=line,
        ceiling=_rates(table, "ceiling_bits_per_second"),
        bound=np.select([exact, at_least], [EXACT, AT_LEAST], 0).astype(np.int8),
        unfit=_unfit(table, line),
        simulated=_flags(table, "simulated"),
    )


def columns_of(tests: Sequence[LinkTest]) -> Columns:
    """The same from tests one by one."""
    rows = [msgspec.structs.asdict(test) for test in tests]
    table = pa.Table.from_pylist(rows, SCHEMA)
    day = np.array([test.day.toordinal() for test in tests], np.int64)
    closed = np.array([test.daypart == "closed" for test in tests], np.bool_)
    return columns(table, day, closed)


def since_change(tests: Columns, changed: date | None) -> Columns:
    """The same, with nothing said by those of a day on which the line became another one, and by
    those before it. That day has tests of both lines."""
    if changed is None:
        return tests
    before = (tests.unfit == 0) & (tests.day <= changed.toordinal())
    unfit = np.where(before, place_of("before_change"), tests.unfit).astype(np.int8)
    return tests._replace(unfit=unfit)


def day_of(ordinal: int) -> date:
    """The day that a column's number stands for."""
    return date.fromordinal(ordinal)


SCHEMA = pa.schema(
    [
        ("line_bits_per_second", pa.float64()),
        ("ceiling_bits_per_second", pa.float64()),
        ("bound", pa.string()),
        ("path_kind", pa.string()),
        ("trigger", pa.string()),
        ("failed", pa.bool_()),
        ("simulated", pa.bool_()),
        ("method", pa.string()),
        ("client", pa.string()),
        ("public_server", pa.bool_()),
        ("is_part", pa.bool_()),
    ]
)


def _unfit(table: pa.Table, line: NDArray[np.float64]) -> NDArray[np.int8]:
    """The first that holds. Only agents' own tests to the district's test servers are judged."""
    planned = _is(table, "trigger", "planned") | _is(table, "trigger", "swarm")
    rules = {
        "failed": _flags(table, "failed"),
        "no_rate": np.isnan(line),
        "web_page": ~_is(table, "client", "agent"),
        "other_protocol": ~_is(table, "method", "ndt7"),
        "public_server": _flags(table, "public_server"),
        "loopback": _is(table, "path_kind", "loopback"),
        "vpn": _is(table, "path_kind", "vpn"),
        "failover": _is(table, "path_kind", "failover"),
        "unknown_path": ~_is(table, "path_kind", "network"),
        "not_planned": ~planned,
        "group_part": _flags(table, "is_part"),
    }
    places = [place_of(why) for why in rules]
    return np.select(list(rules.values()), places, 0).astype(np.int8)


def _rates(table: pa.Table, name: str) -> NDArray[np.float64]:
    rates: NDArray[np.float64] = table[name].to_numpy().astype(np.float64, copy=False)
    return rates


def _flags(table: pa.Table, name: str) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = table[name].to_numpy().astype(np.bool_, copy=False)
    return flags


def _is(table: pa.Table, name: str, value: str) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = pc.equal(table[name], value).fill_null(False).to_numpy()
    return equal
