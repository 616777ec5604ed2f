"""The server's settings file, DATA/server.toml: what it says stands in for options not given."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from broadgauge_wire.settings import nearest

from ..errors import CannotStart, MayNotStart

FILE = "server.toml"
DATA = "data"
"""The one option that the file can't hold: it says where the file is."""

TOML_TYPES = {bool: "true or false", int: "a whole number", str: "text in quotes"}


def defaults_from_file(context: click.Context, _option: click.Parameter, data: Path) -> Path:
    """Callback of an eager `--data`: options that follow find the file's values as defaults."""
    if not context.resilient_parsing:
        said = read_settings(data / FILE)
        names = {option.name for option in settings_of(context.command)}
        context.default_map = {name: said[name] for name in said.keys() & names}
    return data


def settings_of(command: click.Command) -> Iterator[click.Option]:
    """The options of `serve` or `up` that are settings."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name != DATA:
            yield option


def all_settings() -> dict[str, click.Option]:
    """Every setting by the key it has in the file: its option's name, with underscores."""
    from .serving import serve, up  # they use this module

    return {str(o.name): o for command in (up, serve) for o in settings_of(command)}


def read_settings(file: Path) -> dict[str, Any]:
    """What the file says, checked; nothing if there is none. Paths in it start where it stands.

    CannotStart for anything wrong, MayNotStart if this user may not read it.
    """
    known = all_settings()
    said = _parsed(file)
    for key in said:
        if key not in known:
            raise CannotStart(f'{file}: unknown key "{key}". Did you mean "{nearest(key, known)}"?')
    return {key: _checked(known[key], value, file) for key, value in said.items()}


def _parsed(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode())
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        raise MayNotStart(f"This user may not read {file}. Run as the server's user.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"{file} can't be read ({error}).") from error
    # Not TOMLDecodeError alone: numbers of thousands of digits and nesting without end are neither.
    except (ValueError, RecursionError) as error:
        raise CannotStart(f"{file} is not valid TOML: {error}") from error


def _checked(option: click.Option, value: Any, file: Path) -> Any:
    wanted = _toml_type(option)
    if type(value) is not wanted:
        raise CannotStart(f'{file}: "{option.name}" must be {TOML_TYPES[wanted]}.')
    meant = str(file.parent / str(value)) if isinstance(option.type, click.Path) else value
    try:
        option.type.convert(meant, option, None)
    except click.BadParameter as error:
        raise CannotStart(f'{file}: "{option.name}": {error.message}') from error
    return meant


def _toml_type(option: click.Option) -> type:
    if option.is_flag:
        return bool
    return int if isinstance(option.type, type(click.INT) | click.IntRange) else str
