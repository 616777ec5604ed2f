"""What the collector keeps: control data, and results."""

from dataclasses import dataclass

from .control import ControlStore
from .duckdb_results import DuckDBResults
from .results import ResultStore

__all__ = ["ControlStore", "DuckDBResults", "Stores"]


@dataclass(frozen=True)
class Stores:
    """Both stores of one collector."""

    control: ControlStore
    results: ResultStore
