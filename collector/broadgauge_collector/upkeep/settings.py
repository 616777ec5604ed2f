"""How long things are kept and when upkeep runs: in the control database, set by administrators.

Functions take a connection inside a transaction; the one that sets needs a write transaction.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, delete, insert, select

from broadgauge_wire.fields import END, Text, about
from broadgauge_wire.settings import CLOCK, Setting, convert, nearest, settings_of
from broadgauge_wire.settings import expected as expected_value

from ..errors import Invalid
from ..store.results import ExpiringKind
from ..store.tables import upkeep_setting
from .model import SettingValue, UpkeepSetting
from .when import month_of

TEN_YEARS = 3650.0
MOST_DAYS = 36500.0
TIME_OF_DAY = rf"^{CLOCK}{END}"
RETENTION = "retention."


class RetentionConfig(Struct, frozen=True, kw_only=True):
    """For how long results are kept, at least: they go by whole months. Verdicts look back a year
    at most."""

    throughput_days: Annotated[
        Annotated[float, Meta(ge=90, le=MOST_DAYS)],
        about("How long throughput tests are kept", "days"),
    ] = TEN_YEARS
    latency_days: Annotated[
        Annotated[float, Meta(ge=30, le=MOST_DAYS)],
        about("How long latency windows are kept. Their hours stay for longer", "days"),
    ] = 400.0
    latency_hourly_days: Annotated[
        Annotated[float, Meta(ge=90, le=MOST_DAYS)],
        about("How long the hours that latency windows add up to are kept", "days"),
    ] = TEN_YEARS
    inventory_days: Annotated[
        Annotated[float, Meta(ge=30, le=MOST_DAYS)],
        about("How long it is kept what a machine was", "days"),
    ] = TEN_YEARS
    skipped_days: Annotated[
        Annotated[float, Meta(ge=90, le=MOST_DAYS)],
        about("How long it is kept which tests were due and did not run", "days"),
    ] = TEN_YEARS
    refused_days: Annotated[
        Annotated[float, Meta(ge=7, le=MOST_DAYS)],
        about("How long refused records are kept aside", "days"),
    ] = 90.0


class MaintenanceConfig(Struct, frozen=True, kw_only=True):
    """When upkeep runs."""

    at: Annotated[
        Annotated[str, Meta(pattern=TIME_OF_DAY)],
        about("When upkeep begins, once a night, by the server's local clock"),
    ] = "02:30"


class BackupConfig(Struct, frozen=True, kw_only=True):
    """Backups by themselves, and how many are kept."""

    nightly: Annotated[bool, about("Whether a backup is made each night")] = False
    folder: Annotated[
        Text,
        about(
            "Folder in which backups are made, on the server's machine and best on another disk; "
            "empty for `backups` in the data directory"
        ),
    ] = ""
    keep: Annotated[
        Annotated[float, Meta(ge=1, le=1000)],
        about("How many backups are kept in that folder: beyond it the oldest goes", "backups"),
    ] = 7.0
    after_erasure_days: Annotated[
        Annotated[float, Meta(ge=1, le=366)],
        about("How long a backup is kept at most that has what was erased since", "days"),
    ] = 30.0


class UpkeepConfig(Struct, frozen=True, kw_only=True):
    """Every setting of upkeep."""

    retention: RetentionConfig = RetentionConfig()
    maintenance: MaintenanceConfig = MaintenanceConfig()
    backup: BackupConfig = BackupConfig()


SETTINGS: Mapping[str, Setting] = {
    setting.key: setting for setting in settings_of(UpkeepConfig, "")
}

KINDS: Mapping[str, ExpiringKind] = {
    "retention.throughput_days": "throughput",
    "retention.latency_days": "latency",
    "retention.latency_hourly_days": "latency_hourly",
    "retention.inventory_days": "inventory",
    "retention.skipped_days": "skipped",
    "retention.refused_days": "refused",
}
"""What each setting of retention is about."""


def in_force(c: Connection) -> UpkeepConfig:
    """The settings as they are."""
    said: dict[str, dict[str, SettingValue]] = {}
    for key, value in _set(c).items():
        table, _, name = key.partition(".")
        said.setdefault(table, {})[name] = value
    return msgspec.convert(said, UpkeepConfig)


def list_settings(c: Connection) -> tuple[UpkeepSetting, ...]:
    """Every setting there is, set or not."""
    found = _set(c)
    return tuple(described(s, found.get(key, s.default)) for key, s in SETTINGS.items())


def wanted(key: str, value: SettingValue | None) -> UpkeepSetting:
    """The setting as it would be; None is its default. Invalid for what it can't be."""
    setting = SETTINGS.get(key)
    if setting is None:
        raise Invalid(f"There is no setting {key[:100]!r}. Did you mean {nearest(key, SETTINGS)}?")
    if value is None:
        return described(setting, setting.default)
    given = value.strip() if isinstance(value, str) else value
    try:
        kept = convert(setting, given, strict=not isinstance(value, str))
    except ValueError as error:
        raise Invalid(f'"{key}" is {given!r}; it must be {expected(setting)}.') from error
    if key == "backup.folder" and kept and not Path(kept).is_absolute():
        raise Invalid("The folder of backups is given from the root, such as /mnt/backups.")
    return described(setting, kept)


def set_setting(c: Connection, key: str, value: SettingValue | None) -> UpkeepSetting:
    """Set it; None takes back what was set. Invalid for what it can't be."""
    setting = wanted(key, value)
    c.execute(delete(upkeep_setting).where(upkeep_setting.c.key == key))
    if value is not None:
        text = msgspec.json.encode(setting.value).decode()
        c.execute(insert(upkeep_setting).values(key=key, value=text))
    return setting


def described(setting: Setting, value: SettingValue) -> UpkeepSetting:
    """A setting for people."""
    return UpkeepSetting(
        key=setting.key,
        value=value,
        default=setting.default,
        unit=setting.unit,
        meaning=setting.meaning,
        expected=expected(setting),
    )


def expected(setting: Setting) -> str:
    """What it may be, in words."""
    is_time = setting.key == "maintenance.at"
    return "a time of day such as 02:30" if is_time else expected_value(setting)


def ends_of(setting: UpkeepSetting, now: datetime) -> tuple[ExpiringKind, datetime] | None:
    """What a setting of retention is about, and from before when it goes; None for any other.

    Results go by whole months (UTC): they lie in files of a month, which are dropped whole.
    """
    kind = KINDS.get(setting.key)
    if kind is None:
        return None
    end = now - timedelta(days=float(setting.value))
    return kind, end if kind == "refused" else month_of(end)


def _set(c: Connection) -> dict[str, SettingValue]:
    rows = c.execute(select(upkeep_setting.c.key, upkeep_setting.c.value))
    return {row.key: msgspec.json.decode(row.value) for row in rows if row.key in SETTINGS}
