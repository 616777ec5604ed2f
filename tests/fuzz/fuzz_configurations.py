"""The agent's configuration file: settings within their bounds, or a ConfigError that names it."""

from collections.abc import Iterator
from typing import Any

import atheris

from tests.fuzz.fuzzing import DEEP, INVALID_CONFIGURATIONS, fuzz, work_directory

with atheris.instrument_imports(include=["tomllib", "broadgauge_wire", "broadgauge_agent.config"]):
    from broadgauge_agent.config import Config, load_config, settings
    from broadgauge_agent.errors import ConfigError
    from broadgauge_wire.settings import convert

FILE = work_directory() / "agent.toml"


def seeds() -> Iterator[bytes]:
    """Every default as a line of its own and all of them in tables, and every stored fault."""
    for setting in settings():
        table, _, name = setting.key.rpartition(".")
        value = {None: '"Room 12"', True: "true"}.get(setting.default, repr(setting.default))
        yield f"[{table}]\n{name} = {value}\n".encode() if table else f"{name} = {value}\n".encode()
        yield f"{setting.key} = {value}\n".encode()
    for path in sorted(INVALID_CONFIGURATIONS.glob("*.toml")):
        yield path.read_bytes()
    yield b"location = " + DEEP
    for number in (b"9" * 5000, b"0x" + b"f" * 5000, b"1e999", b"-nan"):
        yield b"probes.latency.interval_seconds = " + number


def one(data: bytes) -> None:
    """Any file whatever is settings or one error."""
    FILE.write_bytes(data)
    try:
        config = load_config(FILE, {}, {})
    except ConfigError as error:
        assert str(FILE) in str(error)
        assert str(error).encode()
        return
    for setting in settings():
        value = value_of(config, setting.key)
        assert convert(setting, value) == value


def value_of(config: Config, key: str) -> Any:
    """The value that a dotted key has."""
    found: Any = config
    for name in key.split("."):
        found = getattr(found, name)
    return found


if __name__ == "__main__":
    fuzz(one, seeds())
