"""Zip files from elsewhere: their members are read where they are, never unpacked to a disk."""

import lzma
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from msgspec import Struct

from ..errors import TooLarge, Unreadable

MAX_BYTES = 2 * 1024**3
"""Of everything in the file, unpacked: a state's rosters are a tenth of that."""

MAX_RATIO = 200
"""How much smaller packing may have made it. Rosters come to 10 to 40."""

ENCRYPTED = 0x1
"""APPNOTE.TXT 4.4.4, bit 0."""

DAMAGED = (
    BadZipFile, EOFError, NotImplementedError, OSError, lzma.LZMAError, struct.error, zlib.error,
)  # fmt: skip


class Archive(Struct, frozen=True):
    """A zip's members by their file name in lower case, those at its top and in its folders."""

    packed: ZipFile
    members: dict[str, tuple[ZipInfo, ...]]

    def open(self, name: str) -> BinaryIO:
        """A member to read. Unreadable if it isn't there, twice there, or has a password."""
        found = self.members.get(name, ())
        if len(found) != 1:
            raise Unreadable(_missing(name) if not found else _twice(name))
        if found[0].flag_bits & ENCRYPTED:
            raise Unreadable("This zip has a password. Export or zip it without one.")
        return cast("BinaryIO", _opened(self.packed, found[0]))


@contextmanager
def open_zip(file: BinaryIO) -> Iterator[Archive]:
    """A zip, its declared sizes checked. What damage reading it finds is Unreadable, too."""
    try:
        with _zip(file) as packed:
            _check_sizes(packed.infolist())
            yield Archive(packed, _members(packed))
    except DAMAGED as error:
        raise Unreadable(_damaged()) from error


def names_in(file: BinaryIO) -> frozenset[str]:
    """The members' file names in lower case; none if it is no zip. The file stands at its start
    again afterwards."""
    try:
        if not is_zipfile(file):
            return frozenset()
        with _zip(file) as packed:
            return frozenset(_members(packed))
    except (*DAMAGED, Unreadable):
        return frozenset()
    finally:
        file.seek(0)


def _zip(file: BinaryIO) -> ZipFile:
    try:
        return ZipFile(file)
    except (ValueError, OverflowError) as error:  # such as names that are no UTF-8
        raise Unreadable(_damaged()) from error


def _opened(packed: ZipFile, member: ZipInfo) -> IO[bytes]:
    try:
        return packed.open(member)
    except (ValueError, OverflowError, RuntimeError) as error:
        raise Unreadable(_damaged()) from error


def _members(packed: ZipFile) -> dict[str, tuple[ZipInfo, ...]]:
    found: dict[str, tuple[ZipInfo, ...]] = {}
    for member in packed.infolist():
        *folders, name = member.filename.replace("\\", "/").lower().split("/")
        if len(folders) <= 1 and name and folders != ["__macosx"]:
            found[name] = (*found.get(name, ()), member)
    return found


def _check_sizes(members: list[ZipInfo]) -> None:
    """Declared sizes suffice: zipfile reads no more of a member than it declares."""
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise TooLarge(
            f"Unpacked, this zip would have more than {MAX_BYTES // 1024**3} GiB. Export fewer "
            "files or years."
        )
    if any(member.file_size > MAX_RATIO * max(member.compress_size, 1024) for member in members):
        raise TooLarge(
            f"Something in this zip is packed to less than 1/{MAX_RATIO} of its size, as no export "
            "is. Export it again from the system itself."
        )


def _missing(name: str) -> str:
    return (
        f"This zip has no {name} at its top or in its one folder. Export it again with "
        "manifest.csv, orgs.csv and users.csv."
    )


def _twice(name: str) -> str:
    return f"This zip has more than one {name}. Zip the files of one export alone."


def _damaged() -> str:
    return "This zip is damaged, or isn't one. Export or copy it again."
