"""Files that spreadsheets and notebooks read."""

import csv
import io

import pyarrow as pa
import pytest

from broadgauge_collector.exports.formats import as_csv

FULL_WIDTH = ["\uff1d", "\uff0b", "\uff0d", "\uff20"]
STARTS = ["=", "+", "-", "@", "\t", "\r", *FULL_WIDTH]


def _cells(*texts: str | None) -> list[str]:
    written = as_csv(pa.table({"name": pa.array(texts, pa.string())})).decode()
    return [row["name"] for row in csv.DictReader(io.StringIO(written))]


@pytest.mark.parametrize("first", STARTS)
def test_text_that_a_spreadsheet_would_compute_is_quoted(first: str) -> None:
    assert _cells(first + "1+1") == ["'" + first + "1+1"]


def test_other_text_is_left_alone() -> None:
    assert _cells("a=1", "O'Brien", "1-2", 'say "hi"', "line\nbreak") == [
        "a=1",
        "O'Brien",
        "1-2",
        'say "hi"',
        "line\nbreak",
    ]


def test_negative_numbers_stay_numbers() -> None:
    table = pa.table({"clock_offset_seconds": pa.array([-1.5, None], pa.float64())})

    assert as_csv(table).decode().splitlines()[1:] == ["-1.5", ""]
