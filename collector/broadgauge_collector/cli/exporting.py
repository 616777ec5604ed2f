"""`export`: verdicts and results as files that a planner can take away."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

import click

from ..errors import CannotStart
from .client import ServerClient
from .common import counted, say, talks_to_server
from .downloads import format_of, format_option
from .judging import days_option, target_option

ROWS_A_PAGE = 20_000

FORMATS = ("csv", "parquet")
output_option = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, instead of standard output.",
)


def _moment(text: str) -> str:
    """A day, from its beginning in UTC, or a moment with its time zone, as the API takes it."""
    with suppress(ValueError):
        return f"{date.fromisoformat(text)}T00:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        words = f"{text!r} is no day like 2026-01-31 and no moment like 2026-01-31T08:00:00Z."
        raise click.BadParameter(words) from None
    if moment.tzinfo is None:
        raise click.BadParameter(f"{text!r} needs a time zone: write {text}Z for UTC.")
    return moment.isoformat()


@click.group()
def export() -> None:
    """Verdicts and results as CSV or Parquet.

    \b
    Example: broadgauge export verdicts --output verdicts.csv
    """


@export.command("verdicts")
@target_option
@days_option
@format_option(*FORMATS)
@output_option
@talks_to_server
def export_verdicts(
    client: ServerClient, target: str, days: int, format_: str | None, output: Path | None
) -> None:
    """Write where each school and each of its lines stands.

    \b
    Example: broadgauge export verdicts --target fcc-1mbps --output verdicts.csv
    """
    written = format_of(format_, output, *FORMATS)
    asked = {"target": target, "days": days, "format": written}
    _refuse_a_screen(output, written)
    body = client.raw("GET", "/verdicts", parameters=asked).content
    with _target(output) as out:
        out.write(body)


@export.command("results")
@click.option(
    "--kind",
    type=click.Choice(["throughput", "latency", "inventory", "skipped"]),
    default="throughput",
    show_default=True,
    help="Which results.",
)
@click.option("--school", help="Only this school, by name or id.")
@click.option(
    "--since",
    type=_moment,
    metavar="TIME",
    help="From this day on, in UTC, such as 2026-01-31; or from a moment, 2026-01-31T08:00:00Z.",
)
@click.option("--until", type=_moment, metavar="TIME", help="Before this day or moment.")
@format_option(*FORMATS)
@output_option
@talks_to_server
def export_results(
    client: ServerClient, format_: str | None, output: Path | None, **asked: Any
) -> None:
    """Write results of one kind, newest first, all of them.

    \b
    Example: broadgauge export results --kind throughput --output tests.parquet
    """
    written = format_of(format_, output, *FORMATS)
    _refuse_a_screen(output, written)
    with _target(output) as out:
        rows = _write_pages(_pages(client, asked), out, written)
    say(counted(rows, "result"))


def _pages(client: ServerClient, asked: dict[str, Any]) -> Iterator[bytes]:
    """Every page as Parquet, which keeps the columns' types."""
    before: str | None = None
    while True:
        page = {"format": "parquet", "limit": ROWS_A_PAGE, "before": before}
        response = client.raw("GET", "/results", parameters=asked | page)
        yield response.content
        following = response.links.get("next", {}).get("url")
        if following is None:
            return
        before = parse_qs(urlsplit(following).query)["before"][0]


def _write_pages(pages: Iterator[bytes], out: IO[bytes], format_: str) -> int:
    from pyarrow import csv, parquet

    from ..exports.formats import harmless

    writer: Any = None
    rows = 0
    for page in pages:
        table = _read(page)
        table = harmless(table) if format_ == "csv" else table
        if writer is None:
            kinds: dict[str, Any] = {"csv": csv.CSVWriter, "parquet": parquet.ParquetWriter}
            writer = kinds[format_](out, table.schema)
        writer.write_table(table)
        rows += table.num_rows
    writer.close()
    return rows


def _read(page: bytes) -> Any:
    """In this thread alone: Arrow's own now and then abort the process as it ends."""
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetFile(pa.BufferReader(page), pre_buffer=False) as file:
        return file.read(use_threads=False)


def _refuse_a_screen(output: Path | None, format_: str) -> None:
    if output is None and format_ == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is no text for a screen; name a file with --output.")


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """Where to write. What is there is replaced at the end, once everything has been fetched."""
    with TemporaryFile() as whole:
        yield whole
        whole.seek(0)
        if output is None:
            copyfileobj(whole, sys.stdout.buffer)
            return
        try:
            with output.open("wb") as file:
                copyfileobj(whole, file)
        except OSError as error:
            raise CannotStart(f"{output} can't be written: {error.strerror}.") from error
