"""Files that commands write, as the server makes them."""

from collections.abc import Callable
from pathlib import Path

import click

from ..errors import CannotStart
from .client import ServerClient
from .common import Command, say

TABLE_FORMATS = ("csv", "xlsx", "parquet")

output_option = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True,
    help="File to write.",
)  # fmt: skip


def format_option(*formats: str) -> Callable[[Command], Command]:
    """Which of these a file is written as; `format_of` says what holds where nobody says."""
    words = "File format.  [default: by the ending of --output, else csv]"
    return click.option("--format", "format_", type=click.Choice(formats), help=words)


table_format_option = format_option(*TABLE_FORMATS)


def format_of(asked: str | None, output: Path | None, *formats: str) -> str:
    """The format that was asked for, else that of the file's ending, else CSV.

    UsageError for the ending of a table that isn't written as that.
    """
    ending = output.suffix.casefold().removeprefix(".") if output else ""
    if asked is None and ending in TABLE_FORMATS and ending not in formats:
        raise click.UsageError(f"{output}: this is written as {' or '.join(formats)}.")
    return asked or (ending if ending in formats else "csv")


def download_table(
    client: ServerClient, path: str, output: Path, format_: str | None, **asked: str | None
) -> None:
    """Write a table that the server answers to a file, in the format asked for or the file's."""
    download(client, path, output, format=format_of(format_, output, *TABLE_FORMATS), **asked)


def download(client: ServerClient, path: str, output: Path, **asked: str | bool | None) -> None:
    """Write what the server answers to a file. CannotStart if it can't be written."""
    body = client.raw("GET", path, parameters=asked).content
    try:
        output.write_bytes(body)
    except OSError as error:
        raise CannotStart(f"{output} can't be written: {error.strerror}.") from error
    say(f"Written: {output}")
