"""What is kept and what upkeep did, for administrators."""

import shutil
from datetime import datetime
from pathlib import Path

from ..config import CONTROL_FILE, ServerConfig
from ..store import Stores
from .backups import present_backups
from .erasing import list_erasures
from .files import size_below
from .model import Expiry, SettingAnswer, Storage, UpkeepSetting
from .places import BACKUPS, RESULTS, SEALED, control_file, keeper_of_results, put_aside
from .records import due_at, list_runs
from .settings import ends_of


def storage_of(stores: Stores, config: ServerConfig, now: datetime) -> Storage:
    """What is on the disk of the data directory, and the latest of upkeep."""
    backups = present_backups(stores)
    with stores.control.connect() as c:
        return Storage(
            results_bytes=size_below(config.data / RESULTS),
            sealed_bytes=size_below(config.data / RESULTS / SEALED),
            results=keeper_of_results(config),
            control="sqlite" if control_file(config) else "postgresql",
            control_bytes=size_of_control(config.data),
            backups_bytes=size_below(config.data / BACKUPS),
            free_bytes=shutil.disk_usage(config.data).free,
            next_run_at=due_at(c, now),
            runs=list_runs(c),
            backups=backups,
            erasures=list_erasures(c, backups),
            aside=tuple(str(folder) for folder in put_aside(config.data)),
        )


def size_of_control(data: Path) -> int:
    """The control database with what SQLite keeps beside it."""
    return sum(size_below(data / f"{CONTROL_FILE}{end}") for end in ("", "-wal", "-shm"))


def answer_of(stores: Stores, setting: UpkeepSetting, now: datetime) -> SettingAnswer:
    """A setting, with what goes under it."""
    ends = ends_of(setting, now)
    if ends is None:
        return SettingAnswer(setting=setting, expiry=None)
    kind, before = ends
    rows = stores.results.count_before(kind, before)
    return SettingAnswer(setting=setting, expiry=Expiry(key=setting.key, before=before, rows=rows))
