"""Options and printing that commands share."""

import functools
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from math import isfinite
from pathlib import Path
from typing import Any

import click
import msgspec

from ..config import DEFAULT_DATA
from .client import ServerClient, find_server

Command = Callable[..., Any]

data_option_with = functools.partial(
    click.option,
    "--data",
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    envvar="BROADGAUGE_DATA",
    show_envvar=True,
    default=DEFAULT_DATA,
    show_default=True,
    help="Data directory of the server.",
)
data_option = data_option_with()
url_option = click.option(
    "--url",
    envvar="BROADGAUGE_URL",
    show_envvar=True,
    help="Address of the server, if not that in --data.",
)
SEGMENT = click.Choice(["lan", "wan", "internet"])
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Number(click.ParamType[float]):
    """A number; what stands for none, such as nan, is refused."""

    name = "number"

    def convert(self, value: Any, param: Any, context: Any) -> float:
        """Such as 3.5."""
        found: float = click.FLOAT.convert(value, param, context)
        if not isfinite(found):
            raise click.BadParameter(f"{value} is no number; write one such as 3.5.")
        return found


NUMBER = Number()


class ListingGroup(click.Group):
    """A group that lists when it is asked for nothing else: `schools` is `schools list`."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        asks_for_help = args[:1] and args[0] in self.get_help_option_names(context)
        completes = context.resilient_parsing  # a shell wants to know what else there is to ask
        if not (asks_for_help or completes) and (not args or args[0].startswith("-")):
            args = ["list", *args]
        return super().parse_args(context, args)


def talks_to_server(command: Command) -> Command:
    """Give a command its `client`. The token is never an argument, which others could see."""

    @url_option
    @data_option
    @functools.wraps(command)
    def run(*args: Any, url: str | None, data: Path, **kwargs: Any) -> Any:
        where = find_server(url, os.environ.get("BROADGAUGE_TOKEN"), data)
        with closing(ServerClient(where)) as client:
            return command(*args, client=client, **kwargs)

    return run


def print_json(value: Any) -> None:
    """Facts for programs."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Facts for people: columns as wide as their widest cell, unknown as a dash."""
    lines = [list(headings), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def say(words: str) -> None:
    """Words for whoever runs the command, beside the data."""
    click.echo(words, err=True)


def marked(name: str, simulated: bool) -> str:
    """A name, and that it is made up if it is."""
    return f"{name} (simulated)" if simulated else name


def counted(number: int, thing: str) -> str:
    """A number and what it counts, as people write it."""
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"


def mbps(bits_per_second: float | None) -> str | None:
    """A rate as people write it."""
    return None if bits_per_second is None else f"{bits_per_second / 1e6:.1f} Mbps"


def _cell(value: object) -> str:
    text = "-" if value is None or value == "" else str(value)
    return "".join(c if c.isprintable() else "?" for c in text)
