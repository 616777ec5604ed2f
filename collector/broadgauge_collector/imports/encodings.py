"""How a text file's bytes are characters: found from the whole file, a piece at a time."""

import codecs
import io
import re
from typing import Any, BinaryIO

from msgspec import Struct

from ..errors import Unreadable

PIECE_BYTES = 1 << 20
OVERLAP = 16
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
DAY_FIRST = re.compile(
    r"/(?<=[,;\t|\"'\r\n](?:1[3-9]|2\d|3[01])/)(?:0?[1-9]|1[0-2])/\d\d(?:\d\d)?(?!\d)", re.ASCII
)
"""A cell that begins with a day that can't be a month, such as 15/08/2026."""


class Text(Struct, frozen=True):
    """A file's encoding, and whether a date in it stands with its day first."""

    encoding: str
    day_first: bool = False


class _Cannot(Exception):  # noqa: N818 - tried, and another is next
    """Bytes that are no characters in an encoding; `mixed` if others were, beyond ASCII."""

    def __init__(self, line: int, *, mixed: bool, cut_off: bool) -> None:
        self.line, self.mixed, self.cut_off = line, mixed, cut_off


def text_of(file: BinaryIO) -> Text:
    """UTF-8 or UTF-16 by its mark, else UTF-8 if all of it is; else Windows-1252, and Latin-1 if
    that has no such character. Unreadable if it is no text, or of two encodings."""
    file.seek(0)
    begins = file.read(3)
    for bom, encoding in BOMS.items():
        if begins.startswith(bom):
            return _marked(file, encoding)
    try:
        return _scanned(file, "utf-8")
    except _Cannot as why:
        if why.cut_off or why.mixed:
            raise Unreadable(_damaged(why)) from None
    try:
        return _scanned(file, "cp1252")
    except _Cannot:
        return _scanned(file, "latin-1")


def characters(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The file's text, lines ending as they do. Closing it leaves the file open."""
    kept = io.BufferedReader(_Kept(file), PIECE_BYTES // 4)
    return io.TextIOWrapper(kept, encoding, newline="")


class _Kept(io.RawIOBase):
    """Reads a file that others keep open and may move about in."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._at)
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _marked(file: BinaryIO, encoding: str) -> Text:
    try:
        return _scanned(file, encoding)
    except _Cannot as why:
        raise Unreadable(_damaged(why)) from None


def _damaged(why: _Cannot) -> str:
    if why.cut_off:
        return "This file is cut off in the middle of a character. Export it again."
    return (
        f"Line {why.line} of this file has bytes that are no text in the encoding of the lines "
        "above it. Export it again as CSV UTF-8."
    )


def _scanned(file: BinaryIO, encoding: str) -> Text:
    """Reads all of it. _Cannot if it isn't in this encoding; Unreadable if it is no text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    line, beyond_ascii, day_first, tail = 1, False, False, "\n"
    while True:
        piece = file.read(PIECE_BYTES)
        try:
            said = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(encoding, errors="replace")
            mixed = beyond_ascii or not good.isascii()
            raise _Cannot(line + _ends(good), mixed=mixed, cut_off=not piece) from None
        if "\0" in said:
            raise Unreadable(_no_text(line + _ends(said[: said.index("\0")])))
        day_first = day_first or DAY_FIRST.search(tail + said) is not None
        beyond_ascii = beyond_ascii or not said.isascii()
        line, tail = line + _ends(said), said[-OVERLAP:]
        if not piece:
            return Text(encoding, day_first)


def _ends(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _no_text(line: int) -> str:
    return (
        f"This file has a NUL byte in line {line}: it is no text, or is damaged. Export it again "
        "as CSV UTF-8 or XLSX."
    )
