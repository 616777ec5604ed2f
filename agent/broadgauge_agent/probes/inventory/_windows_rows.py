"""Rows of Windows' management classes, as PowerShell writes them as JSON."""

from collections.abc import Iterable
from typing import Any

from .facts import real_text

Rows = list[dict[str, Any]]
Answers = dict[str, Any]


def rows_of(answers: Answers, name: str) -> Rows:
    """The rows of one class. Windows PowerShell may wrap a list in an object, as its `value`."""
    said = answers.get(name)
    listed = said.get("value", [said]) if isinstance(said, dict) else said
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []


def text_of(rows: Rows, field: str) -> str | None:
    """What the first row says."""
    said = rows[0].get(field) if rows else None
    return real_text(said) if isinstance(said, str) else None


def number(said: object) -> int | None:
    """64-bit numbers come as text from some versions."""
    if isinstance(said, str) and said.isascii() and said.isdigit():
        said = int(said)
    return said if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else None


def sum_of(rows: Rows, field: str) -> int | None:
    """The sum over all rows, None where none says anything."""
    numbers: Iterable[int] = filter(None, (number(row.get(field)) for row in rows))
    return sum(numbers) or None


def word(row: dict[str, Any], field: str) -> int | str:
    """A value that Windows says as a number or, where a module of its own is loaded, as a word."""
    said = row.get(field)
    return said if isinstance(said, int | str) and not isinstance(said, bool) else ""
