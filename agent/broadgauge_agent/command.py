"""What the commands share: where the agent's files are, and how facts and words are printed."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from . import state
from .identity import load_settings
from .live_config import LiveConfig

PLACE = "broadgauge_agent."

Command = TypeVar("Command", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def place_options(*, environment: bool = False) -> Callable[[Command], Command]:
    """`--state` and `--config`, before a command's name or after it."""

    def add(command: Command) -> Command:
        for name, meaning in (
            ("state", "Directory of this agent's identity and unsent results."),
            ("config", "Configuration file, instead of agent.toml in the state directory."),
        ):
            command = click.option(
                f"--{name}",
                type=click.Path(path_type=Path, readable=False),
                envvar=f"BROADGAUGE_AGENT_{name.upper()}" if environment else None,
                show_envvar=environment,
                expose_value=False,
                callback=_remember,
                help=meaning,
            )(command)
        return command

    return add


def state_directory() -> Path:
    """Where this agent keeps its files."""
    given: Path | None = click.get_current_context().meta.get(PLACE + "state")
    return given or state.default_state_directory()


def config_file() -> tuple[Path, bool]:
    """The configuration file, and whether it has to be there."""
    given: Path | None = click.get_current_context().meta.get(PLACE + "config")
    return (given, True) if given else (state_directory() / state.CONFIG, False)


def configuration(flags: dict[str, str | None]) -> LiveConfig:
    """The settings in force, with what the collector last sent."""
    live = live_configuration(flags)
    live.from_collector(load_settings(state_directory()).configuration)
    return live


def live_configuration(flags: dict[str, str | None]) -> LiveConfig:
    """The settings given on this machine, for a process that stays and hears its collector."""
    file, required = config_file()
    return LiveConfig(file, os.environ, flags, required=required)


def say(words: str) -> None:
    """Words for a person, on stderr."""
    click.echo(words, err=True)


def show(facts: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Facts on stdout: as JSON, or in lines for people."""
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(facts)).decode())
    else:
        for line in lines:
            click.echo(line)


def _remember(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    """Keep an option where every command finds it; what stands nearer to the command wins."""
    if value is not None:
        context.meta[f"{PLACE}{parameter.name}"] = value
