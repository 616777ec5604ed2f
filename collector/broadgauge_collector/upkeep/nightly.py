"""What is done each night: months are closed, what was kept long enough goes, backups are made."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import structlog
from msgspec import Struct

from ..config import ServerConfig
from ..errors import CollectorError
from ..store import Stores
from .backups import (
    delete_backups,
    folder_of,
    fresh_name,
    present_backups,
    rotate,
    write_backup,
)
from .erasing import backups_with, begin_again, finish_erasures, list_erasures
from .model import Backup
from .places import ResultsKeeper, keeper_of_results
from .settings import UpkeepConfig, ends_of, in_force, list_settings
from .when import months_to_seal

LATE_GRACE = timedelta(days=5)
"""How long a month stays open after its end: agents that were away still bring results then. What
comes later is kept all the same, in a further part of its month."""

LEFT_OUT: Mapping[ResultsKeeper, str] = {
    "duckdb": "",
    "clickhouse": " (without results: back those up with ClickHouse's BACKUP DATABASE)",
}
"""What a night's backup says that it hasn't."""

log = structlog.get_logger()


class Night(Struct, frozen=True):
    """What the steps of a night work with. `stopping` is set when the server ends."""

    stores: Stores
    config: ServerConfig
    settings: UpkeepConfig
    now: datetime
    stopping: Event


class Outcome(Struct, frozen=True):
    """What was done and what went wrong, in words."""

    done: str
    error: str | None


def night(stores: Stores, config: ServerConfig, now: datetime, stopping: Event) -> Outcome:
    """One night's work. A step that fails keeps no other from being done."""
    with stores.control.connect() as c:
        settings = in_force(c)
    tonight = Night(stores, config, settings, now, stopping)
    done, errors = [], []
    for name, step in STEPS:
        if stopping.is_set():
            errors.append("The server ended before everything was done.")
            break
        try:
            done += [words for words in step(tonight) if words]
        except (CollectorError, OSError) as error:
            errors.append(f"{name}: {error}")
        except Exception as error:
            log.exception("upkeep_failed", step=name)
            errors.append(f"{name}: {type(error).__name__}, see the server's log")
    return Outcome("; ".join(done) or "nothing was due", " ".join(errors) or None)


def _erase(tonight: Night) -> Iterator[str]:
    begin_again(tonight.stores.control, tonight.config.data)
    gone = finish_erasures(tonight.stores, tonight.config, tonight.now)
    yield f"erased {gone}" if gone else ""


def _seal(tonight: Night) -> Iterator[str]:
    rows = tonight.stores.results.seal(months_to_seal(tonight.now, LATE_GRACE))
    yield f"closed months with {rows:,} results" if rows else ""


def _expire(tonight: Night) -> Iterator[str]:
    with tonight.stores.control.connect() as c:
        settings = list_settings(c)
    for setting in settings:
        if ends := ends_of(setting, tonight.now):
            rows = tonight.stores.results.expire(*ends)
            yield f"let {rows:,} {ends[0].replace('_', ' ')} rows go" if rows else ""


def _compact(tonight: Night) -> Iterator[str]:
    tonight.stores.results.compact()
    yield ""


def _back_up(tonight: Night) -> Iterator[str]:
    """Each night if that is wished, and when every backup has what was erased."""
    folder = folder_of(tonight.config, tonight.settings.backup.folder)
    stale = _stale(tonight)
    if tonight.settings.backup.nightly or (stale and not _is_any_newer(tonight)):
        left_out = LEFT_OUT[keeper_of_results(tonight.config)]
        yield f"made the backup {_made(tonight, folder)}{left_out}"
    deleted = delete_backups(tonight.stores, stale)
    deleted += rotate(tonight.stores, folder, int(tonight.settings.backup.keep))
    yield f"deleted {deleted} old backups" if deleted else ""


def _made(tonight: Night, folder: Path) -> str:
    made = fresh_name(folder, tonight.now)
    return write_backup(tonight.stores, tonight.config, made, tonight.now).directory


def _stale(tonight: Night) -> tuple[Backup, ...]:
    """Backups that have what was erased so long ago that it must be gone everywhere."""
    lasts = timedelta(days=tonight.settings.backup.after_erasure_days)
    present = present_backups(tonight.stores)
    with tonight.stores.control.connect() as c:
        erasures = list_erasures(c, present)
    over = [
        each.done_at for each in erasures if each.done_at and each.asked_at + lasts <= tonight.now
    ]
    return backups_with(present, max(over)) if over else ()


def _is_any_newer(tonight: Night) -> bool:
    return len(present_backups(tonight.stores)) > len(_stale(tonight))


STEPS: tuple[tuple[str, Callable[[Night], Iterator[str]]], ...] = (
    ("erasing", _erase),
    ("closing months", _seal),
    ("letting go", _expire),
    ("laying together", _compact),
    ("backups", _back_up),
)
