"""Who was erased: digests of ids, noted where they outlive a restore of an older backup."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from ..errors import CannotStart
from ..store.erased import Kind
from ..store.tables import erasure
from .files import write_durably
from .places import ERASURES


class Erased(Struct, frozen=True, kw_only=True):
    """A school or an agent that was asked to be erased."""

    kind: Kind
    digest: str
    asked_at: datetime


def read_erased(file: Path) -> tuple[Erased, ...]:
    """The list in a file; none where there is no file. CannotStart if it can't be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[Erased, ...])
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CannotStart(
            f"{file} can't be read ({error}). It says what was erased: restore it from a backup."
        ) from error


def noted_erasures(c: Connection) -> tuple[Erased, ...]:
    """The list in the control database, oldest first."""
    rows = c.execute(select(erasure).order_by(erasure.c.asked_at, erasure.c.digest))
    return tuple(
        Erased(kind=row.kind, digest=row.digest.hex(), asked_at=row.asked_at) for row in rows
    )


def merged(*lists: Iterable[Erased]) -> tuple[Erased, ...]:
    """Each once, oldest first."""
    known = {each.digest: each for one in lists for each in one}
    return tuple(sorted(known.values(), key=lambda each: (each.asked_at, each.digest)))


def write_erased(folder: Path, erased: Iterable[Erased]) -> None:
    """Add to the list in a folder, durably."""
    file = folder / ERASURES
    known = read_erased(file)
    all_of_them = merged(known, erased)
    if all_of_them != known:
        write_durably(file, msgspec.json.format(msgspec.json.encode(all_of_them)))
