"""Public lists of schools as NCES writes them, with a person beside each school, and every table
that can be imported."""

from broadgauge_collector.imports import elsi
from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.model import Column
from tests.unit.collector.example_exports import EXAMPLES, NAME, Cells, Example


def _nces(n: int) -> Cells:
    return (
        f"01000050{n:04}", f"Elm {n} Elementary School", "Elementary", "Albertville", "AL",
        str(300 + n), f"{20 + n}.5", f"34.{n:03}", f"-86.{n:03}", NAME,
    )  # fmt: skip


def _elsi(n: int) -> Cells:
    return (
        f"Elm {n} School", f"01000050{n:04}", "Albertville", "AL", str(300 + n), f"{20 + n}.50",
        NAME,
    )  # fmt: skip


LISTS = {
    "nces": Example(
        ("NCESSCH", "SCH_NAME", "LEVEL", "LCITY", "LSTATE", "MEMBER", "FTE", "LAT", "LON",
         "PRINCIPAL"),
        _nces,
        ("NCESSCH",),
    ),
    "nces-elsi": Example(
        (
            "School Name", "School ID (12-digit) - NCES Assigned", "Location City",
            "Location State Abbr", "Total Students All Grades (Excludes AE)",
            "Full-Time Equivalent (FTE) Teachers", "Principal",
        ),
        _elsi,
        ("School ID (12-digit) - NCES Assigned",),
    ),
}  # fmt: skip
TABLES = EXAMPLES | LISTS


def columns_of(key: str) -> tuple[Column, ...]:
    """The columns that a format asks for."""
    return elsi.TABLE.columns if key == "nces-elsi" else all_formats()[key].columns
