"""Settings: flag > environment > file > default. An unknown key is an error, never ignored."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from broadgauge_wire.fields import Text, about
from broadgauge_wire.spec import MAX_TEXT

from .errors import ConfigError

ENVIRONMENT_PREFIX = "BROADGAUGE_AGENT_"
OWN_ENVIRONMENT = frozenset({"BROADGAUGE_AGENT_STATE", "BROADGAUGE_AGENT_CONFIG"})
"""Read by the command line; not settings."""

DAY = 86400.0
WEEK = 7 * DAY

SHOWN = 40
"""Characters of a wrong value that its error repeats."""

ENABLED = "Whether this probe runs"
INTERVAL = "Mean time between runs; the gaps vary at random, so that no habit of the day is missed"


class InventoryConfig(Struct, frozen=True, kw_only=True):
    """What the machine is."""

    enabled: Annotated[bool, about(ENABLED)] = True
    interval_seconds: Annotated[
        Annotated[float, Meta(ge=60, le=4 * WEEK)], about(INTERVAL, "s")
    ] = DAY


class LatencyConfig(Struct, frozen=True, kw_only=True):
    """Round trips to each test server. Light: about 1 kbit/s for some seconds."""

    enabled: Annotated[bool, about(ENABLED)] = True
    interval_seconds: Annotated[Annotated[float, Meta(ge=1, le=WEEK)], about(INTERVAL, "s")] = 300.0


class ThroughputConfig(Struct, frozen=True, kw_only=True):
    """Bandwidth to each test server. Heavy: it fills the line while it runs."""

    enabled: Annotated[bool, about(ENABLED)] = True
    interval_seconds: Annotated[
        Annotated[float, Meta(ge=10, le=4 * WEEK)], about(INTERVAL, "s")
    ] = 14400.0
    max_seconds: Annotated[
        Annotated[float, Meta(ge=0.5, le=10)],
        about(
            "Longest time one direction may take. Under 3 s a burst can't be told from the line's "
            "rate, so such tests never count; ndt7 servers send no longer than 10 s",
            "s",
        ),
    ] = 10.0


class ProbesConfig(Struct, frozen=True, kw_only=True):
    """One table a probe."""

    inventory: InventoryConfig = InventoryConfig()
    latency: LatencyConfig = LatencyConfig()
    throughput: ThroughputConfig = ThroughputConfig()


class Config(Struct, frozen=True, kw_only=True):
    """All settings of an agent."""

    location: Annotated[
        Text | None,
        about("Room, wing or wiring closet this machine is in; overrides the one given to join"),
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], about("Least serious message that is logged")
    ] = "info"
    probes: ProbesConfig = ProbesConfig()


class Setting(Struct, frozen=True):
    """One setting: its dotted key, environment variable, type, default and meaning."""

    key: str
    environment: str
    type: Any
    default: Any
    meaning: str


def settings() -> tuple[Setting, ...]:
    """Every setting there is; docs and checks read this list."""
    return tuple(_settings_of(Config, ""))


def load_config(
    file: Path, environment: Mapping[str, str], flags: Mapping[str, Any], *, required: bool = False
) -> Config:
    """The settings in force. `flags` maps dotted keys to values. ConfigError for anything wrong."""
    values = _from_file(file, required=required) | _from_environment(environment) | _given(flags)
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *tables, last = key.split(".")
        table = tree
        for name in tables:
            table = table.setdefault(name, {})
        table[last] = value
    return msgspec.convert(tree, Config)


def _settings_of(table: type[Struct], prefix: str) -> Iterator[Setting]:
    hints = get_type_hints(table, include_extras=True)
    for field in msgspec.structs.fields(table):
        key = prefix + field.name
        if isinstance(field.default, Struct):
            yield from _settings_of(type(field.default), key + ".")
        else:
            meaning = get_args(hints[field.name])[-1].description
            variable = ENVIRONMENT_PREFIX + key.replace(".", "_").upper()
            yield Setting(key, variable, hints[field.name], field.default, meaning)


def _from_file(file: Path, *, required: bool) -> dict[str, Any]:
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        if required:
            raise ConfigError(f"There is no configuration file {file}.") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    try:
        return dict(_flatten(tomllib.loads(text), "", str(file)))
    except tomllib.TOMLDecodeError as error:
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
            near = _nearest(key, tables if isinstance(value, dict) else list(known))
            raise ConfigError(f'{source}: unknown key "{key}". Did you mean "{near}"?')


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {setting.environment: setting for setting in settings()}
    values = {}
    for variable, text in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in OWN_ENVIRONMENT:
            if variable not in known:
                near = difflib.get_close_matches(variable, known, n=1, cutoff=0)[0]
                raise ConfigError(
                    f'environment: unknown setting "{variable}". Did you mean "{near}"?'
                )
            setting = known[variable]
            values[setting.key] = _convert(setting, text, "environment", strict=False)
    return values


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    known = {setting.key: setting for setting in settings()}
    return {
        key: _convert(known[key], value, "command line", strict=True)
        for key, value in flags.items()
        if value is not None
    }


def _convert(setting: Setting, value: Any, source: str, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, setting.type, strict=strict)
    except msgspec.ValidationError as error:
        given = repr(value) if len(repr(value)) <= SHOWN else repr(value)[:SHOWN] + "..."
        raise ConfigError(
            f'{source}: "{setting.key}" is {given}; it must be {expected(setting)}.'
        ) from error


def expected(setting: Setting) -> str:
    """What a setting may be, in words for its error and its docs."""
    inner, *metas = get_args(setting.type)
    if inner is bool:
        return "true or false"
    if get_origin(inner) is Literal:
        return "one of " + ", ".join(get_args(inner))
    if inner is float:
        low = next(meta.ge for meta in metas if meta.ge is not None)
        high = next(meta.le for meta in metas if meta.le is not None)
        return f"a number from {low:.10g} to {high:.10g}"
    return f"text of at most {MAX_TEXT} characters"


def _nearest(key: str, known: list[str]) -> str:
    """The known key most like this one, or the one whose last part is: for misplaced keys."""
    whole = difflib.get_close_matches(key, known, n=1, cutoff=0.75)
    if whole:
        return whole[0]
    lasts = {candidate.rpartition(".")[2]: candidate for candidate in reversed(known)}
    near = difflib.get_close_matches(key.rpartition(".")[2], lasts, n=1, cutoff=0.75)
    return lasts[near[0]] if near else difflib.get_close_matches(key, known, n=1, cutoff=0)[0]
