"""Which format a file is of."""

from collections.abc import Callable, Iterable
from typing import BinaryIO

from ..errors import CollectorError
from .headings import heading_of, places, share
from .model import Format
from .sheets import open_sheet


def recognized(file: BinaryIO, formats: Iterable[Format]) -> tuple[Format, ...]:
    """The formats that a file can be of, the likeliest first: the one of whose columns it has the
    greatest share, and of those with the same, the one with more columns."""
    formats = tuple(formats)
    header = _header(file, formats)
    scored = [(_score(format_, header, file), format_) for format_ in formats]
    file.seek(0)
    best_first = sorted(scored, key=lambda each: each[0], reverse=True)
    return tuple(format_ for score, format_ in best_first if score[0] > 0)


def _header(file: BinaryIO, formats: tuple[Format, ...]) -> tuple[str, ...]:
    """Empty for what is no table."""
    try:
        return open_sheet(file, heading_of(formats)).header
    except CollectorError:
        return ()


def _score(format_: Format, header: tuple[str, ...], file: BinaryIO) -> tuple[float, int]:
    if format_.looks_like is not None and _looks(format_.looks_like, file):
        return 1.0, len(format_.columns)
    if not format_.columns:
        return 0.0, 0
    return share(format_, header), len(places(format_, header))


def _looks(looks_like: Callable[[BinaryIO], bool], file: BinaryIO) -> bool:
    file.seek(0)
    try:
        return looks_like(file)
    except CollectorError:
        return False
