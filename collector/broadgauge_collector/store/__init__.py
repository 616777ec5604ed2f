"""What the collector keeps: control data, and results."""

from dataclasses import dataclass

from .clickhouse_results import ClickHouseResults
from .control import ControlStore
from .duckdb_results import DuckDBResults
from .results import ResultStore

__all__ = ["ClickHouseResults", "ControlStore", "DuckDBResults", "ResultStore", "Stores"]


@dataclass(frozen=True)
class Stores:
    """Both stores of one collector."""

    control: ControlStore
    results: ResultStore
