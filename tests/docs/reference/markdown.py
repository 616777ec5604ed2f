"""What the written pages are made of."""

import inspect
import re
from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell would end it. Columns in which nothing is said are left out."""
    lines = [tuple(map(_cell, row)) for row in rows]
    kept = [n for n in range(len(headings)) if any(line[n] for line in lines)]
    shown = [headings, ["---"] * len(headings), *lines]
    return "\n".join("| " + " | ".join(line[n] for n in kept) + " |" for line in shown)


def paragraphs(*parts: str) -> str:
    """Parts with a blank line between them; what is empty is left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip())


def prose(docstring: str | None) -> str:
    """A docstring as running text."""
    text = inspect.cleandoc(docstring or "")
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


def sentence(meaning: str) -> str:
    """With its full stop."""
    return meaning if not meaning or meaning.endswith((".", "?", "!")) else meaning + "."


def first_sentence(docstring: str | None) -> str:
    """The first sentence of a docstring."""
    return re.split(r"(?<=[.?!]) ", prose(docstring).partition("\n")[0])[0]


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
