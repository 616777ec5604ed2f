"""Settings: flag > environment > file > collector > default. An unknown key is an error."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from broadgauge_wire.fields import Text, about
from broadgauge_wire.settings import ProbesConfig, Setting, convert, nearest, settings_of

from .errors import ConfigError, ConfigNotPermittedError

ENVIRONMENT_PREFIX = "BROADGAUGE_AGENT_"
OWN_ENVIRONMENT = frozenset({"BROADGAUGE_AGENT_STATE", "BROADGAUGE_AGENT_CONFIG"})
"""Read by the command line; not settings."""


class SpoolConfig(Struct, frozen=True, kw_only=True):
    """What is kept on this machine until the collector has it."""

    max_bytes: Annotated[
        Annotated[float, Meta(ge=2**20, le=2**40)],
        about(
            "How much unsent results may take of the disk. Beyond it the oldest latency results go "
            "first, and `broadgauge-agent status` and the Agents page say how many went",
            "bytes",
        ),
    ] = 64 * 2**20
    keep_sent_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=31 * 24 * 3600)],
        about(
            "How long what was sent is kept, to be sent again to a server that was restored from a "
            "backup. Takes a quarter of `max_bytes` at most",
            "s",
        ),
    ] = 3 * 24 * 3600.0


class Config(Struct, frozen=True, kw_only=True):
    """All settings of an agent."""

    location: Annotated[
        Text | None,
        about("Room, wing or wiring closet this machine is in; overrides the one given to join"),
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], about("Least serious message that is logged")
    ] = "info"
    spool: SpoolConfig = SpoolConfig()
    probes: ProbesConfig = ProbesConfig()


def settings() -> tuple[Setting, ...]:
    """Every setting there is; docs and checks read this list."""
    return tuple(settings_of(Config))


def variable_of(setting: Setting) -> str:
    """The environment variable of a setting."""
    return ENVIRONMENT_PREFIX + setting.key.replace(".", "_").upper()


class Given(Struct, frozen=True):
    """A setting's value, and who gave it."""

    value: Any
    origin: str


def given_here(
    file: Path, environment: Mapping[str, str], flags: Mapping[str, Any], *, required: bool = False
) -> dict[str, Given]:
    """What was set on this machine, by key. ConfigError for anything wrong."""
    in_file = _from_file(file, required=required)
    by_file = {key: Given(value, f"file {file}") for key, value in in_file.items()}
    by_flag = {key: Given(value, "flag") for key, value in _from_flags(flags).items()}
    return by_file | _from_environment(environment) | by_flag


def config_of(given: Mapping[str, Given]) -> Config:
    """The settings, where nothing was given by default."""
    tree: dict[str, Any] = {}
    for key, one in given.items():
        *tables, last = key.split(".")
        table = tree
        for name in tables:
            table = table.setdefault(name, {})
        table[last] = one.value
    return msgspec.convert(tree, Config)


def load_config(
    file: Path, environment: Mapping[str, str], flags: Mapping[str, Any], *, required: bool = False
) -> Config:
    """The settings given on this machine. `flags` maps dotted keys to values. ConfigError for
    anything wrong."""
    return config_of(given_here(file, environment, flags, required=required))


def _from_file(file: Path, *, required: bool) -> dict[str, Any]:
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        if required:
            raise ConfigError(f"There is no configuration file {file}.") from None
        return {}
    except PermissionError as error:
        raise ConfigNotPermittedError(
            f"This user may not read {file}. Run as the user that the agent runs as, or as an "
            "administrator."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    try:
        return dict(_flatten(tomllib.loads(text), "", str(file)))
    # Not TOMLDecodeError alone: numbers of thousands of digits and nesting without end are neither.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error


def _flatten(table: dict[str, Any], prefix: str, source: str) -> Iterator[tuple[str, Any]]:
    known = {setting.key: setting for setting in settings()}
    tables = sorted({key.rpartition(".")[0] for key in known if "." in key} | {"probes"})
    for name, value in table.items():
        key = prefix + name
        if key in tables:
            if not isinstance(value, dict):
                raise ConfigError(f'{source}: "{key}" is a table: write [{key}].')
            yield from _flatten(value, key + ".", source)
        elif key in known:
            yield key, _convert(known[key], value, source, strict=True)
        else:
            near = nearest(key, tables if isinstance(value, dict) else known)
            raise ConfigError(f'{source}: unknown key "{key}". Did you mean "{near}"?')


def _from_environment(environment: Mapping[str, str]) -> dict[str, Given]:
    known = {variable_of(setting): setting for setting in settings()}
    given = {}
    for variable, text in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in OWN_ENVIRONMENT:
            if variable not in known:
                near = difflib.get_close_matches(variable, known, n=1, cutoff=0)[0]
                raise ConfigError(
                    f'environment: unknown setting "{variable}". Did you mean "{near}"?'
                )
            setting = known[variable]
            value = _convert(setting, text, "environment", strict=False)
            given[setting.key] = Given(value, f"environment {variable}")
    return given


def _from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    known = {setting.key: setting for setting in settings()}
    return {
        key: _convert(known[key], value, "command line", strict=True)
        for key, value in flags.items()
        if value is not None
    }


def _convert(setting: Setting, value: Any, source: str, *, strict: bool) -> Any:
    try:
        return convert(setting, value, strict=strict)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}.") from error
