"""`config`: the settings that `up` and `serve` would start with, and where each comes from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from msgspec import Struct

from .common import data_option, json_option, print_json, print_table
from .database_urls import shown_setting
from .serving import serve, up
from .settings_file import DATA, FILE, settings_of


class Shown(Struct, frozen=True, kw_only=True):
    """One setting in force. `origin` is environment, file or default."""

    key: str
    value: Any
    origin: str
    source: str | None = None
    """The environment variable or the file."""


@click.group()
def config() -> None:
    """Settings of the server, and where each comes from.

    The environment wins over server.toml, server.toml over the default.

    \b
    Example: broadgauge config show --origin
    """


@config.command("show")
@data_option
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@json_option
def show_config(data: Path, origin: bool, as_json: bool) -> None:
    """Print the settings that `up` and `serve` use if they are given no flags.

    \b
    Example: broadgauge config show --origin --data /var/lib/broadgauge
    """
    found = list(_in_force(data))
    if as_json:
        print_json(found)
    elif origin:
        rows = [(s.key, _text(s.value), _origin(s)) for s in found]
        print_table(("SETTING", "VALUE", "ORIGIN"), rows)
    else:
        print_table(("SETTING", "VALUE"), [(s.key, _text(s.value)) for s in found])


def _in_force(data: Path) -> Iterator[Shown]:
    asked = click.get_current_context()
    (data_itself,) = (option for option in asked.command.params if option.name == DATA)
    yield _shown(asked, data_itself, data)
    known: set[str | None] = set()
    for command in (up, serve):
        with command.make_context(command.name, ["--data", str(data)], parent=asked) as context:
            for option in settings_of(command):
                if option.name not in known:
                    yield _shown(context, option, data)
            known |= {option.name for option in settings_of(command)}


def _shown(context: click.Context, option: click.Parameter, data: Path) -> Shown:
    name = str(option.name)
    value = context.params[name]
    shown = str(value) if isinstance(value, Path) else shown_setting(option, value)
    match context.get_parameter_source(name):
        case ParameterSource.COMMANDLINE:
            return Shown(key=name, value=shown, origin="flag", source=option.opts[0])
        case ParameterSource.ENVIRONMENT:
            return Shown(key=name, value=shown, origin="environment", source=str(option.envvar))
        case ParameterSource.DEFAULT_MAP:
            return Shown(key=name, value=shown, origin="file", source=str(data / FILE))
        case _:
            return Shown(key=name, value=shown, origin="default")


def _origin(setting: Shown) -> str:
    return f"{setting.origin} {setting.source}" if setting.source else setting.origin


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
