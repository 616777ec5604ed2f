"""Files that commands about devices write, as the server makes them."""

from pathlib import Path

import click

from .client import ServerClient
from .common import say

table_format_option = click.option(
    "--format", "format_", type=click.Choice(["csv", "xlsx", "parquet"]), default="csv",
    show_default=True, help="File format.",
)  # fmt: skip
output_option = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True,
    help="File to write.",
)  # fmt: skip


def download(client: ServerClient, path: str, output: Path, **asked: str | bool | None) -> None:
    """Write what the server answers to a file."""
    output.write_bytes(client.raw("GET", path, parameters=asked).content)
    say(f"Written: {output}")
