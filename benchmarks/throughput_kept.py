"""Runs in files, a line of JSON each, so that a benchmark that was interrupted goes on."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from .throughput_run import Run

UNIT = ".jsonl"
PARTIAL = ".partial"


def is_done(folder: Path, name: str, plan: str) -> bool:
    """Whether a unit has been run, by this plan."""
    file = _file(folder, name)
    if not file.exists():
        return False
    with file.open() as lines:
        return lines.readline().strip() == plan


def keep_unit(folder: Path, name: str, plan: str, runs: Iterable[Run]) -> None:
    """Write each run as it comes. The file has its name when the unit is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = _file(folder, name).with_suffix(PARTIAL)
    with partial.open("w") as lines:
        lines.write(plan + "\n")
        for run in runs:
            lines.write(msgspec.json.encode(run).decode() + "\n")
            lines.flush()
    partial.rename(_file(folder, name))


def kept_runs(folder: Path) -> list[Run]:
    """Of all whole units."""
    return [
        msgspec.json.decode(line, type=Run)
        for file in sorted(folder.glob(f"*{UNIT}"))
        for line in file.read_text().splitlines()[1:]
    ]


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}{UNIT}"
