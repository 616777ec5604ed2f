"""Tables of pages. On a narrow screen each row stands alone, and its cells say their headings."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html

from .parts import folded

FILES = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet"}


def table_of(
    caption: str, heads: Sequence[str], rows: Iterable[html.Tr], *, look: str = ""
) -> html.Table:
    """A table with a name for those who hear it; `look` is a further class of its style."""
    named = html.Caption(caption, className="only-read")
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in heads]))
    return html.Table([named, head, html.Tbody(list(rows))], className=f"table {look}".strip())


def row_of(first: Any, cells: Iterable[tuple[str, Any]]) -> html.Tr:
    """What a row is about, and its other cells, each by its heading."""
    data = [html.Td(html.Div(shown), **{"data-label": label}) for label, shown in cells]
    return html.Tr([html.Th(first, scope="row"), *data])


def row_under(heads: Sequence[str], cells: Iterable[Any]) -> html.Tr:
    """A row whose cells stand in the order of the headings."""
    first, *others = cells
    return row_of(first, zip(heads[1:], others, strict=True))


def cell_note(text: str) -> html.Span | None:
    """A quiet line below what a cell says."""
    return html.Span(text, className="cell-note") if text else None


def folded_table(
    caption: str, heads: Sequence[str], rows: Sequence[html.Tr], thing: str, *, look: str = ""
) -> list[Any]:
    """The first rows, and the others under a line that opens them."""
    return folded(rows, lambda some: table_of(caption, heads, some, look=look), thing)


def file_links(path: str, asked: Mapping[str, str] | None = None) -> list[Any]:
    """Links to the same as files, and commas between them."""
    links: list[Any] = []
    for format_, name in FILES.items():
        href = f"{path}?{urlencode({'format': format_, **(asked or {})})}"
        links += [", ", html.A(name, href=href, download=True)]
    return links[1:]
