"""An SQLite file page by page, without SQLite: it gives up on a damaged file, and pages don't.

The format is https://www.sqlite.org/fileformat2.html. Pages are of 4096 bytes, as spools' are.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PAGE_BYTES = 4096
WAL_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES
MAX_PAGES = 2**22
"""16 GiB: beyond any spool. A page of a higher number has a damaged number."""

TABLE_LEAF, INDEX_LEAF, INDEX_INTERIOR = 13, 10, 2

Record = tuple[object, ...]


class BrokenPageError(Exception):
    """There is no such record here."""


class Frame(NamedTuple):
    """One page as the write-ahead log has it."""

    page: int
    offset: int
    is_good: bool
    commits: bool


class Cell(NamedTuple):
    """A row of a table, or an entry of an index (which has no row's number)."""

    row: int | None
    record: Record
    is_doubtful: bool
    """Whether it stood on a page of the log that isn't as it was written."""


def header_is_sound(file: Path) -> bool:
    """Whether the parts of the header that never change are as SQLite writes them."""
    with file.open("rb") as opened:
        head = opened.read(100)
    if len(head) < 100:
        return not head
    fixed = (
        head[:16] == b"SQLite format 3\0",
        head[16:18] == PAGE_BYTES.to_bytes(2, "big"),
        head[18:20] in (b"\1\1", b"\2\2"),
        head[20:24] == bytes((0, 64, 32, 32)),
        # Schema format and text encoding, which a database without tables has none of.
        (head[44:48], head[56:60]) in ((b"\0\0\0\4", b"\0\0\0\1"), (bytes(4), bytes(4))),
        not any(head[52:56] + head[64:68]),
        not any(head[72:92]),
    )
    return all(fixed)


def log_of(file: Path) -> Path:
    """A database's write-ahead log."""
    return file.with_name(file.name + "-wal")


def log_is_sound(file: Path) -> bool:
    """Whether SQLite will take all of a database's log. It stops at what is wrong, silently."""
    frames = log_frames(file)
    if not frames:
        return True
    with log_of(file).open("rb") as opened:
        header = opened.read(WAL_HEADER_BYTES)
    return _log_header_is_sound(header) and all(frame.is_good for frame in frames)


def log_frames(file: Path) -> list[Frame]:
    """The frames of a database's log up to its last commit, good ones and bad ones."""
    try:
        body = log_of(file).read_bytes()
    except FileNotFoundError:
        return []
    if len(body) < WAL_HEADER_BYTES + FRAME_BYTES:
        return []
    frames = list(_frames(body))
    while frames and not frames[-1].commits:
        frames.pop()
    return frames


def _frames(body: bytes) -> Iterator[Frame]:
    """Those of the log's present round: a finished one's salt is another.

    Each is held against the checksum that the one before says it has, so that one bad frame
    doesn't put those after it in doubt, as it does for SQLite.
    """
    big, first = _is_big(body), WAL_HEADER_BYTES
    salt = body[16:24] if _log_header_is_sound(body) else body[first + 8 : first + 16]
    before = struct.unpack(">II", body[24:32])
    for offset in range(first, len(body) - FRAME_BYTES + 1, FRAME_BYTES):
        head = body[offset : offset + FRAME_HEADER_BYTES]
        if head[8:16] != salt:
            # A damaged salt has frames of this round behind it; the next round's end has none.
            following = body[offset + FRAME_BYTES + 8 : offset + FRAME_BYTES + 16]
            if following != salt:
                return
        page, size = struct.unpack(">II", head[:8])
        said = struct.unpack(">II", head[16:])
        page_body = body[offset + FRAME_HEADER_BYTES : offset + FRAME_BYTES]
        is_good = head[8:16] == salt and said == _checksum(head[:8] + page_body, before, big=big)
        yield Frame(page, offset, is_good=is_good, commits=size != 0)
        before = said


def _log_header_is_sound(body: bytes) -> bool:
    is_ours = body[8:12] == PAGE_BYTES.to_bytes(4, "big")
    said = struct.unpack(">II", body[24:32])
    return is_ours and said == _checksum(body[:24], (0, 0), big=body[3] & 1 == 1)


def _is_big(body: bytes) -> bool:
    """The byte order of the checksums: that of the machine that writes them."""
    return body[3] & 1 == 1 if _log_header_is_sound(body) else sys.byteorder == "big"


def _checksum(body: bytes, start: tuple[int, ...], *, big: bool) -> tuple[int, int]:
    words = array("I", body)
    if big != (sys.byteorder == "big"):
        words.byteswap()
    first, second = start
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & 0xFFFFFFFF
        second = (second + words[index + 1] + first) & 0xFFFFFFFF
    return first, second


class Pages:
    """A database as its file and its log have it together."""

    def __init__(self, file: Path) -> None:
        """OSError if it can't be read."""
        self._file = file.open("rb")
        self._log = log_of(file).open("rb") if log_of(file).exists() else None
        frames = log_frames(file)
        self._newest = {frame.page: frame.offset for frame in frames if frame.is_good}
        self._doubtful = [frame.offset for frame in frames if not frame.is_good]
        in_file = -(-file.stat().st_size // PAGE_BYTES)
        self._count = max([in_file, *(page for page in self._newest if page < MAX_PAGES)])

    def close(self) -> None:
        self._file.close()
        if self._log:
            self._log.close()

    def application_id(self) -> int:
        """What whoever made the file wrote into its header."""
        return int.from_bytes(self._page(1)[68:72], "big")

    def cells(self) -> Iterator[Cell]:
        """Whatever can be read of all tables and indexes, on pages that are in use."""
        free = self._free_pages()
        for number in range(2, self._count + 1):
            if number not in free:
                for row, record in self._cells_of(self._page(number)):
                    yield Cell(row, record, is_doubtful=False)
        for offset in self._doubtful:
            for row, record in self._cells_of(self._logged(offset)):
                yield Cell(row, record, is_doubtful=True)

    def _page(self, number: int) -> bytes:
        offset = self._newest.get(number)
        if offset is not None:
            return self._logged(offset)
        self._file.seek((number - 1) * PAGE_BYTES)
        return self._file.read(PAGE_BYTES).ljust(PAGE_BYTES, b"\0")  # where the file is cut off

    def _logged(self, offset: int) -> bytes:
        if self._log is None:
            raise BrokenPageError
        self._log.seek(offset + FRAME_HEADER_BYTES)
        return self._log.read(PAGE_BYTES)

    def _free_pages(self) -> set[int]:
        """Those on the free list: what stands on them was deleted. None if the list is damaged:
        then deleted pages are read, which are empty, but for those of an earlier agent."""
        free: set[int] = set()
        trunk, count = struct.unpack(">II", self._page(1)[32:40])
        while 1 < trunk <= self._count and trunk not in free:
            free.add(trunk)
            page = self._page(trunk)
            following, leaves = struct.unpack(">II", page[:8])
            ends = range(12, 12 + 4 * min(leaves, PAGE_BYTES // 4 - 2), 4)
            free.update(int.from_bytes(page[end - 4 : end], "big") for end in ends)
            trunk = following
        return free if len(free) == count else set()

    def _cells_of(self, page: bytes) -> Iterator[tuple[int | None, Record]]:
        kind, count = page[0], int.from_bytes(page[3:5], "big")
        # A table's page whose kind is damaged is read as one: its rows have checksums.
        is_index = kind in (INDEX_LEAF, INDEX_INTERIOR)
        first = 12 if kind == INDEX_INTERIOR else 8
        for index in range(min(count, (PAGE_BYTES - first) // 2)):
            start = first + 2 * index
            at = int.from_bytes(page[start : start + 2], "big")
            try:
                if is_index:
                    child_bytes = 4 if kind == INDEX_INTERIOR else 0
                    yield None, self._index_record(page, at + child_bytes)
                else:
                    yield self._table_row(page, at)
            except (BrokenPageError, IndexError, struct.error):
                continue

    def _table_row(self, page: bytes, at: int) -> tuple[int, Record]:
        size, at = _varint(page, at)
        row, at = _varint(page, at)
        return row, _record(self._payload(page, at, size, PAGE_BYTES - 35))

    def _index_record(self, page: bytes, at: int) -> Record:
        size, at = _varint(page, at)
        return _record(self._payload(page, at, size, (PAGE_BYTES - 12) * 64 // 255 - 23))

    def _payload(self, page: bytes, at: int, size: int, most: int) -> bytes:
        """A cell's content, the part of it included that lies on pages of its own."""
        if size > self._count * PAGE_BYTES:
            raise BrokenPageError
        if size <= most:
            return page[at : at + size]
        least = (PAGE_BYTES - 12) * 32 // 255 - 23
        local = least + (size - least) % (PAGE_BYTES - 4)
        local = local if local <= most else least
        parts, following = [page[at : at + local]], page[at + local : at + local + 4]
        left = size - local
        while left > 0:
            number = int.from_bytes(following, "big")
            if not 1 < number <= self._count:
                raise BrokenPageError
            overflow = self._page(number)
            parts.append(overflow[4 : 4 + left])
            left -= PAGE_BYTES - 4
            following = overflow[:4]
        return b"".join(parts)


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for index in range(8):
        byte = page[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | page[at + 8], at + 9


def _record(payload: bytes) -> Record:
    """The values of a row. BrokenPageError if it isn't one."""
    head, at = _varint(payload, 0)
    kinds = []
    while at < head:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[object] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise BrokenPageError
    return tuple(values)


INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _value(payload: bytes, at: int, kind: int) -> tuple[object, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind in INTEGER_BYTES:
        end = at + INTEGER_BYTES[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if kind == 7:
        return struct.unpack(">d", payload[at : at + 8])[0], at + 8
    if kind < 12:
        raise BrokenPageError
    end = at + (kind - 12) // 2
    body = payload[at:end]
    return (body if kind % 2 == 0 else body.decode(errors="replace")), end
