"""Pages of commands, from click."""

import re
from collections import Counter
from collections.abc import Iterator
from inspect import cleandoc
from typing import NamedTuple

import click

from tests.docs.reference.markdown import (
    anchor,
    first_sentence,
    paragraphs,
    prose,
    sentence,
    table,
)

EXAMPLE = re.compile(r"\x08\n(?:Example|Start):\s*(.*?)(?=\n\n|\Z)", re.DOTALL)
COMMON = 5
"""An option that so many commands have, with the same words, is described once."""


class Command(NamedTuple):
    """A command by its whole name."""

    name: str
    command: click.Command
    context: click.Context


class OptionRow(NamedTuple):
    """An option as its table shows it."""

    option: str
    meaning: str
    default: str
    environment: str


def page(name: str, root: click.Command) -> str:
    """Every command of a program, those with the same options said once."""
    found = list(commands(name, root))
    options = Counter(row for one in found for row in option_rows(one))
    common = [row for row, times in options.items() if times >= COMMON]
    sections = (_section(one, common) for one in found)
    return paragraphs(*sections, "## Common options", _options(common))


def commands(
    name: str, command: click.Command, parent: click.Context | None = None
) -> Iterator[Command]:
    """A command and all under it."""
    context = click.Context(command, parent, name.rpartition(" ")[2], show_default=True)
    yield Command(name, command, context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(f"{name} {child}", found, context)


def option_rows(one: Command) -> Iterator[OptionRow]:
    """The options of a command, but for --help and --version."""
    for option in one.command.params:
        if isinstance(option, click.Option) and option.name not in ("help", "version"):
            meaning, _, stated = (option.help or "").partition("  [default: ")
            yield OptionRow(
                f"`{_spelled(option, one.context)}`",
                sentence(meaning),
                stated.rstrip("]") or _default(option, one.context),
                f"`{option.envvar}`" if option.envvar else "",
            )


def help_of(one: Command) -> str:
    """What a command says of itself, without its example."""
    return prose(EXAMPLE.sub("", cleandoc(one.command.help or "")))


def example_of(one: Command) -> str:
    """The lines of a command's example; empty if it has none."""
    found = EXAMPLE.search(cleandoc(one.command.help or ""))
    return "\n".join(line.strip() for line in found[1].splitlines()) if found else ""


def _section(one: Command, common: list[OptionRow]) -> str:
    own = [row for row in option_rows(one) if row not in common]
    shared = [row.option for row in option_rows(one) if row in common]
    usage = " ".join(one.command.collect_usage_pieces(one.context))
    also = f"Also, as [everywhere](#common-options): {', '.join(shared)}." if shared else ""
    example = example_of(one)
    return paragraphs(
        f"## `{one.name}`",
        help_of(one),
        f"Usage: `{one.name} {usage}`",
        f"```sh\n{example}\n```" if example else "",
        _children(one),
        _options(own),
        also,
    )


def _children(one: Command) -> str:
    """Links to the commands right under a group."""
    known = commands(one.name, one.command)
    depth = one.name.count(" ") + 1
    rows = [
        (f"[`{child.name}`](#{anchor(child.name)})", first_sentence(help_of(child)))
        for child in known
        if child.name.count(" ") == depth
    ]
    return table(("command", "what it does"), rows) if rows else ""


def _options(rows: list[OptionRow]) -> str:
    return table(("option", "meaning", "default", "environment"), rows) if rows else ""


def _spelled(option: click.Option, context: click.Context) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} {option.make_metavar(context)}"


def _default(option: click.Option, context: click.Context) -> str:
    if option.required:
        return "required"
    said = option.get_help_extra(context).get("default")
    return f"`{said}`" if said and not option.is_flag else ""
