"""Exception trees."""

from collections.abc import Iterator
from typing import TypeVar

Kind = TypeVar("Kind", bound=BaseException)


def tree(root: type[Kind]) -> Iterator[type[Kind]]:
    """A kind of error and all beneath it."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)
