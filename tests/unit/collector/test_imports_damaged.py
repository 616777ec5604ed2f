"""Damaged exports: each row is taken as it was meant, or refused; nothing is taken otherwise.

BROADGAUGE_FUZZ_FILES says how many files of each format are tried.
"""

import io
import os
from random import Random
from typing import Any

import msgspec
import pytest

from broadgauge_collector.errors import TooLarge, Unreadable
from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.model import Refused, Taken
from broadgauge_collector.imports.reading import read
from tests.unit.collector.damage import LOST, Damaged, damaged
from tests.unit.collector.example_exports import PEOPLE, as_csv, outcomes
from tests.unit.collector.example_lists import TABLES
from tests.unit.collector.test_imports_formats_glpi import MANY, as_json, zipped

FILES = int(os.environ.get("BROADGAUGE_FUZZ_FILES", "40"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("key", TABLES)
def test_a_damaged_files_rows_are_taken_as_meant_or_refused(key: str) -> None:
    taken = 0
    for seed in range(FILES):
        file = damaged(key, seed)
        found = outcome(key, file.data())
        if found is None:
            continue
        check_every_row_is_there(file, found, seed)
        assert not _people_in(found), seed
        taken += sum(isinstance(row, Taken) for row in found)
        for row in found:
            if isinstance(row, Taken):
                check_meant(file, row, seed)
    assert taken > FILES * 2, "too few were taken for this to say anything"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("whole", [as_json(MANY), zipped(("a.json", as_json(MANY[0])))])
def test_a_damaged_inventory_is_unreadable_or_its_machines_are_taken_or_refused(
    whole: bytes,
) -> None:
    for seed in range(FILES * 5):
        random = Random(seed)
        data = bytearray(whole[: random.randrange(len(whole))] if seed % 3 == 0 else whole)
        for _ in range(seed % 4):
            begin, end = (random.randrange(len(data) + 1) for _ in range(2))
            data[begin:end] = random.randbytes(3)
        found = outcome("glpi", bytes(data)) or []
        assert all(isinstance(row, Taken | Refused) for row in found)


def test_a_bottomless_inventory_is_unreadable() -> None:
    assert outcome("glpi", b"[" * 100_000) is None
    assert outcome("glpi", b'{"content":' * 100_000) is None


def outcome(key: str, data: bytes) -> list[Taken | Refused] | None:
    """What becomes of the rows; None if the file can't be read at all. Anything else is a fault."""
    try:
        return list(read(all_formats()[key], io.BytesIO(data)))
    except (Unreadable, TooLarge):
        return None


def check_every_row_is_there(file: Damaged, found: list[Taken | Refused], seed: int) -> None:
    """Each once, in their order. Of one whose quotes are broken every line may be refused."""
    lines = [row.line for row in found]
    assert lines == sorted(set(lines)), seed
    assert file.lines().keys() <= set(lines), seed
    more = [row for row in found if row.line not in file.lines()]
    assert all(isinstance(row, Refused) and row.line in file.inner_lines() for row in more), seed


def check_meant(file: Damaged, row: Taken, seed: int) -> None:
    """What was taken of a row is what it says undamaged, or nothing."""
    n = file.lines()[row.line]
    assert n not in file.broken, f"{seed}: a row with more or fewer cells was taken"
    meant = _as_meant(file, n)
    for field, value in msgspec.structs.asdict(row.record).items():
        if field != "key" and value not in (None, ()):
            assert _is_of(value, meant[field]), f"seed {seed}, line {row.line}: {field}"
    if not file.renamed and "/" not in row.record.key:  # which one without a number is made of
        assert row.record.key == meant["key"], seed


def _as_meant(file: Damaged, n: int) -> dict[str, Any]:
    """A row read by itself under the undamaged headings. What makes it refused then may stand only
    where the damaged file's heading asks for nothing."""
    row = [cell.replace("\n", " ") for cell in file.rows[n]]
    said = dict(zip(file.meant, row, strict=True))
    unasked = [name for name, now in zip(file.meant, file.header, strict=True) if _is_lost(now)]
    for cells in (said, {**said, **dict.fromkeys(unasked, "")}):
        for found in outcomes(file.key, as_csv(tuple(cells), [tuple(cells.values())])):
            if isinstance(found, Taken):
                return msgspec.structs.asdict(found.record)
    raise AssertionError("what is refused undamaged was taken")


def _is_lost(heading: str) -> bool:
    return heading.strip().lower().startswith(LOST.lower())


def _is_of(value: Any, meant: Any) -> bool:
    return set(value) <= set(meant) if isinstance(value, tuple) else bool(value == meant)


def _people_in(found: list[Taken | Refused]) -> list[str]:
    text = msgspec.json.encode(found).decode()
    return [person for person in PEOPLE if person in text]
