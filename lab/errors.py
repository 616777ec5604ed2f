"""What can go wrong with the lab itself."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


class LabError(Exception):
    """The lab can't do here what was asked. Its words say what is missing and what to do."""


@contextmanager
def lacking(what: str) -> Iterator[None]:
    """A program that fails in the block does so because the machine lacks this. LabError says it,
    with the program's own words where they were not printed already."""
    try:
        yield
    except subprocess.CalledProcessError as error:
        words = " ".join((error.stderr or "").split())
        raise LabError(f"{what} ({words})" if words else what) from error
