"""What a table in a file is, whatever kind of file it is."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

HEADING_ROWS = 10
"""Of these first rows, one may be the heading: some exports begin with their name and date."""

IsHeading = Callable[[Sequence[str]], bool]


class Row(Struct, frozen=True, gc=False):
    """A row: the line where it begins (in a workbook, the row's number), and its cells.

    It isn't `whole` if it has more or fewer cells than the heading, or quotes that nobody can
    follow. `inner` has the cells of each further line of it, as if that were a row by itself.
    """

    line: int
    cells: tuple[str, ...]
    whole: bool
    inner: tuple[tuple[str, ...], ...] = ()


class Sheet(Struct, frozen=True):
    """A heading and what is below it. `day_first` if some cell is a date with slashes whose day
    stands before its month."""

    header: tuple[str, ...]
    rows: Iterator[Row]
    day_first: bool = False


def any_heading(cells: Sequence[str]) -> bool:
    """For whoever doesn't know what the heading says."""
    return any(cell.strip() for cell in cells)
