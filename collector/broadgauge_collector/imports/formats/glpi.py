"""Inventories of the GLPI agent (its inventory_format): a JSON file of one machine, a JSON array
or lines of them, or a zip of such files. A machine's name and its users aren't even decoded."""

import re
from collections.abc import Iterator
from typing import BinaryIO
from zipfile import BadZipFile

import msgspec

from ...errors import TooLarge, Unreadable
from ..glpi_machine import Machine, machine_record
from ..model import DeviceRecord, Format, Refused, RowRefused, Taken
from ..zips import names_in, open_zip

MAX_BYTES = 64 * 1024**2
"""Of one JSON file. A machine with all its programs has about 200 kB."""

HEAD_BYTES = 64 * 1024
ZIP = b"PK"
BOM = b"\xef\xbb\xbf"

NOT_ONE = "it is no inventory of one machine: let the GLPI agent write it again"
HOW = "Let the GLPI agent write it again with glpi-agent --json --local=FOLDER."

NO_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
Row = Taken | Refused


def read(file: BinaryIO) -> Iterator[Row]:
    """The machines of a file. In a zip, a line is the number of a file in it; in an array, the
    number of a machine."""
    start = file.read(len(ZIP))
    file.seek(0)
    yield from _zip(file) if start == ZIP else _json(file)


def looks_like(file: BinaryIO) -> bool:
    """Whether a file begins as an inventory does, or is a zip of JSON files."""
    head = file.read(HEAD_BYTES).removeprefix(BOM).lstrip()
    file.seek(0)
    if head.startswith(ZIP):
        return any(name.endswith(".json") for name in names_in(file))
    return head[:1] in (b"{", b"[") and re.search(rb'"(content|deviceid)"\s*:', head) is not None


def _zip(file: BinaryIO) -> Iterator[Row]:
    with open_zip(file) as archive:
        names = sorted(name for name in archive.members if name.endswith(".json"))
        if not names:
            raise Unreadable(f"This zip has no JSON file in it. {HOW}")
        infos = [info for name in names for info in archive.members[name]]
        for number, info in enumerate(infos, 1):
            try:
                with archive.packed.open(info) as packed:
                    data = packed.read(MAX_BYTES + 1)
            except (RuntimeError, ValueError) as error:
                raise BadZipFile from error
            yield _row(number, data) if len(data) <= MAX_BYTES else Refused(number, NOT_ONE)


def _json(file: BinaryIO) -> Iterator[Row]:
    first = file.readline(MAX_BYTES + 1).removeprefix(BOM)
    if first.strip()[:1] == b"{" and _is_json(first):
        yield from _lines(first, file)
        return
    data = first + file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge(
            f"This file has more than {MAX_BYTES // 1024**2} MiB. Zip the machines' files instead."
        )
    for number, machine in enumerate(_machines(data), 1):
        yield _row(number, bytes(machine))


def _machines(data: bytes) -> list[msgspec.Raw]:
    try:
        if data.lstrip()[:1] == b"[":
            return msgspec.json.decode(data, type=list[msgspec.Raw])
        return [msgspec.json.decode(data, type=msgspec.Raw)]
    except NO_JSON as error:
        raise Unreadable(f"This isn't JSON, or only a part of it. {HOW}") from error


def _lines(first: bytes, file: BinaryIO) -> Iterator[Row]:
    line, number = first, 1
    while line:
        if len(line) > MAX_BYTES:
            raise TooLarge(f"Line {number} of this file is too long. {HOW}")
        if line.strip():
            yield _row(number, line)
        line, number = file.readline(MAX_BYTES + 1), number + 1


def _is_json(data: bytes) -> bool:
    try:
        return bool(_machines(data))
    except Unreadable:
        return False


def _row(number: int, data: bytes) -> Row:
    try:
        machine = msgspec.json.decode(data.removeprefix(BOM), type=Machine, strict=False)
        return Taken(number, machine_record(machine))
    except NO_JSON:
        return Refused(number, NOT_ONE)
    except RowRefused as why:
        return Refused(number, str(why))


FORMATS = (
    Format(
        key="glpi",
        title="GLPI agent inventories",
        source="glpi",
        record=DeviceRecord,
        read=read,
        looks_like=looks_like,
        example=(
            "Run glpi-agent --json --local=FOLDER on each machine, and zip the JSON files that it "
            "writes."
        ),
    ),
)
