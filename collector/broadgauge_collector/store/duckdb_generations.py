"""Which file is the hot database: the one with the highest number, as it only gets it once whole.

A rewritten database takes the place of an open one, which some systems let nobody rename or delete.
So each rewriting has a name of its own: hot.duckdb, hot-000001.duckdb, hot-000002.duckdb ...
"""

import re
from collections.abc import Iterator
from pathlib import Path

UNDER_WAY = ".new"
"""How the name of a file ends that isn't whole yet."""

SPILL = ".tmp"
"""How the name of the folder ends into which the engine writes what is too much for memory."""


def newest(path: Path) -> Path:
    """The file that holds what the database of this name holds; that name where there is none."""
    found = dict(_generations(path))
    return found[max(found)] if found else path


def next_after(path: Path, current: Path) -> Path:
    """The name of the generation after the current one."""
    return path.with_stem(f"{path.stem}-{_number(path, current) + 1:06d}")


def leftovers(path: Path, current: Path) -> Iterator[Path]:
    """Files of earlier generations, and of rewritings that were broken off."""
    for number, file in _generations(path):
        if number < _number(path, current):
            yield from files_of(file)
    yield from path.parent.glob(f"{path.stem}*{path.suffix}{UNDER_WAY}*")


def spilled(path: Path) -> Iterator[Path]:
    """Folders of what was too much for memory, of any generation: a kill leaves them, with rows."""
    return path.parent.glob(f"{path.stem}*{path.suffix}*{SPILL}")


def files_of(path: Path) -> Iterator[Path]:
    """A database's files, where they exist."""
    files = (path, path.with_name(f"{path.name}.wal"))
    return (file for file in files if file.exists())


def _generations(path: Path) -> list[tuple[int, Path]]:
    return [
        (_number(path, file), file)
        for file in path.parent.glob(f"{path.stem}*{path.suffix}")
        if file == path or _is_numbered(path, file)
    ]


def _is_numbered(path: Path, file: Path) -> bool:
    return re.fullmatch(rf"{re.escape(path.stem)}-\d{{6,}}", file.stem) is not None


def _number(path: Path, file: Path) -> int:
    return 0 if file == path else int(file.stem.rpartition("-")[2])
