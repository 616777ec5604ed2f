"""Whether upkeep runs, whether there is a backup, and what a restore left."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection

from broadgauge_host.diagnosis import Check, trouble, well

from ..upkeep.backups import is_whole
from ..upkeep.model import Backup, Run
from ..upkeep.places import put_aside
from ..upkeep.records import last_run, list_backups
from ..upkeep.settings import BackupConfig, in_force

UPKEEP = "upkeep"
BACKUPS = "backups"
LATE = timedelta(days=3)
OLD = timedelta(days=31)


class UpkeepFacts(Struct, frozen=True):
    """What the control database says of upkeep."""

    last: Run | None = None
    last_good: Run | None = None
    backups: tuple[Backup, ...] = ()
    settings: BackupConfig = BackupConfig()


def read_upkeep(c: Connection) -> UpkeepFacts:
    """The latest runs, the backups that were made, and whether they are made by themselves."""
    return UpkeepFacts(
        last=last_run(c, "nightly", good=False),
        last_good=last_run(c, "nightly", good=True),
        backups=list_backups(c),
        settings=in_force(c).backup,
    )


def check_upkeep(data: Path, facts: UpkeepFacts, now: datetime) -> Iterator[Check]:
    """What runs by itself each night, and what it left."""
    yield _runs(facts, now)
    yield _backups(facts, now)
    if aside := put_aside(data):
        names = ", ".join(str(folder) for folder in aside)
        note = "Delete it when nothing of it is needed: what was erased since is still in it."
        yield well("put aside", f"a restore left what was there before: {names}", note)


def _runs(facts: UpkeepFacts, now: datetime) -> Check:
    last, good = facts.last, facts.last_good
    if last is None:
        return well(UPKEEP, "hasn't run yet: it does the first night that the server runs")
    if last.error is not None:
        return trouble(
            UPKEEP,
            f"failed on {last.began_at:%Y-%m-%d %H:%M} UTC: {last.error}",
            "It is tried again each hour. To try now: broadgauge upkeep run",
        )
    assert good is not None  # noqa: S101 - the last one was
    if now - good.began_at > LATE:
        detail = f"ran last on {good.began_at:%Y-%m-%d}"
        return trouble(UPKEEP, detail, "Leave the server on overnight, or: broadgauge upkeep run")
    return well(UPKEEP, f"ran on {good.began_at:%Y-%m-%d %H:%M} UTC: {good.done}")


def _backups(facts: UpkeepFacts, now: datetime) -> Check:
    present = [backup for backup in facts.backups if is_whole(Path(backup.directory))]
    if not present:
        note = "Make one each night: broadgauge upkeep set backup.nightly true"
        return well(BACKUPS, "there is none here", note)
    newest = present[0]
    detail = f"{len(present)}, the newest of {newest.made_at:%Y-%m-%d %H:%M} UTC"
    if now - newest.made_at > (LATE if facts.settings.nightly else OLD):
        return trouble(BACKUPS, detail, "See why: broadgauge upkeep. Make one: broadgauge backup")
    return well(BACKUPS, detail)
