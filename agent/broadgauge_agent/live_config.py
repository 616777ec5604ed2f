"""The settings in force in a running agent: its own, and what its collector sends."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from broadgauge_wire.settings import PROBE_SETTINGS, convert

from .config import Config, Given, config_of, given_here, settings
from .text import printable

COLLECTOR = "collector"
DEFAULT = "default"
MAX_REFUSED = 20
"""Settings left out that are named; a collector that sends more has another fault."""


class RefusedSetting(Struct, frozen=True, kw_only=True):
    """A setting from the collector that this agent leaves out, and why."""

    key: str
    reason: str


class SettingInForce(Struct, frozen=True, kw_only=True):
    """A setting, its value and who gave it: flag, environment, file, collector or default."""

    key: str
    value: Any
    unit: str
    origin: str


def within_bounds(
    configuration: Mapping[str, Any],
) -> tuple[dict[str, Given], tuple[RefusedSetting, ...]]:
    """What holds of a collector's configuration, and what is beyond this agent's own bounds."""
    given: dict[str, Given] = {}
    refused: list[RefusedSetting] = []
    for key, value in configuration.items():
        try:
            given[key] = Given(_converted(key, value), COLLECTOR)
        except ValueError as error:
            refused.append(RefusedSetting(key=printable(key), reason=printable(str(error))))
    return given, tuple(refused[:MAX_REFUSED])


class LiveConfig:
    """Flag > environment > file > collector > default, as of now. For several threads."""

    def __init__(
        self,
        file: Path,
        environment: Mapping[str, str],
        flags: Mapping[str, Any],
        *,
        required: bool = False,
    ) -> None:
        """ConfigError for anything wrong. `required`: the file has to be there."""
        self._place = (file, dict(environment), dict(flags))
        self._required = required
        self._lock = threading.Lock()
        self._here = self._read()
        self._sent: dict[str, Given] = {}
        self.refused: tuple[RefusedSetting, ...] = ()
        """What the collector sent that is left out."""
        self._config = config_of(self._here)
        self.listeners: list[Callable[[], None]] = []
        """Called when a setting in force changes."""

    def current(self) -> Config:
        """The settings in force. The same object as long as nothing changes."""
        return self._config

    def reload(self) -> None:
        """Read the file again. ConfigError if it is wrong: what held before goes on to hold."""
        here = self._read()
        with self._lock:
            self._here = here
            self._put_in_force()

    def from_collector(self, configuration: Mapping[str, Any]) -> tuple[RefusedSetting, ...]:
        """What the collector sends, instead of what it sent before. Those newly left out."""
        sent, refused = within_bounds(configuration)
        with self._lock:
            former = self.refused
            self._sent, self.refused = sent, refused
            self._put_in_force()
        return tuple(one for one in refused if one not in former)

    def in_force(self) -> tuple[SettingInForce, ...]:
        """Every setting with its origin."""
        with self._lock:
            given = self._sent | self._here
        found = ((each, given.get(each.key, Given(each.default, DEFAULT))) for each in settings())
        return tuple(
            SettingInForce(key=each.key, value=one.value, unit=each.unit, origin=one.origin)
            for each, one in found
        )

    def is_default(self, key: str) -> bool:
        """Whether nobody set it, neither here nor at the collector."""
        with self._lock:
            return key not in self._sent and key not in self._here

    def _read(self) -> dict[str, Given]:
        return given_here(*self._place, required=self._required)

    def _put_in_force(self) -> None:
        config = config_of(self._sent | self._here)
        if config != self._config:
            self._config = config
            for listener in self.listeners:
                listener()


def _converted(key: str, value: Any) -> Any:
    setting = PROBE_SETTINGS.get(key)
    if setting is None:
        raise ValueError("this version of the agent knows no such setting of a collector")
    return convert(setting, value)
