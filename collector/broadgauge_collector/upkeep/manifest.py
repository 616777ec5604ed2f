"""What a backup says of itself, and whether it is still what it says."""

from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec
from msgspec import Struct

from ..errors import CannotStart
from ..store.durable import sha256_of
from .files import files_below
from .places import ResultsKeeper

MANIFEST = "manifest.json"
FORMAT = 1
BESIDE = frozenset({MANIFEST, "erasures.json"})
"""Files of a backup that its manifest doesn't name: itself, and what was erased since."""


class FileFacts(Struct, frozen=True):
    """Size and SHA-256 of one file."""

    size_bytes: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """Which version made a backup, when, how much is in it, and each of its files.

    `control` says whether the schools, agents and settings are in it; where PostgreSQL keeps them,
    they are not. `results` says the same of the results.
    """

    format: int = FORMAT
    version: str
    made_at: datetime
    control: Literal["sqlite", "postgresql"]
    results: ResultsKeeper = "duckdb"
    counts: dict[str, int]
    files: dict[str, FileFacts]


def facts_of(folder: Path) -> dict[str, FileFacts]:
    """The files of a folder, by their names from there."""
    return {
        file.relative_to(folder).as_posix(): FileFacts(file.stat().st_size, sha256_of(file))
        for file in files_below(folder)
        if file.relative_to(folder).as_posix() not in BESIDE
    }


def read_manifest(backup: Path) -> Manifest:
    """CannotStart, and why, if this is no backup that this version can read."""
    try:
        made = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise CannotStart(
            f"{backup} is no backup: {MANIFEST} can't be read ({error.strerror})."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CannotStart(
            f"{backup} can't be used: its {MANIFEST} is damaged ({error})."
        ) from error
    if made.format != FORMAT:
        raise CannotStart(
            f"{backup} was made by a newer broadgauge ({made.version}): use that one."
        )
    return made


def verify(backup: Path, made: Manifest) -> None:
    """CannotStart, naming the file, unless every file is there and as it was written."""
    for name, said in made.files.items():
        _check_name(backup, name)
        file = backup / name
        if file.is_symlink() or not file.is_file():
            raise CannotStart(f"{backup} isn't whole: {name} is missing. Use another backup.")
        if FileFacts(file.stat().st_size, sha256_of(file)) != said:
            raise CannotStart(f"{backup} is damaged: {name} was changed. Use another backup.")


def _check_name(backup: Path, name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise CannotStart(f"{backup} is no backup of ours: it names the file {name!r}.")
