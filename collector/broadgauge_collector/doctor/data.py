"""The data directory: whose it is, what is left of its disk, and whether a server has it."""

import os
import shutil
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

from broadgauge_host.diagnosis import Check, trouble, well
from broadgauge_host.own_certificate import KEY
from broadgauge_host.service.model import ServiceFault, ServiceStatus
from broadgauge_host.service.systemd import SystemdServices

from ..certificates import FOLDER
from ..config import ADMIN_TOKEN
from ..data_directory import is_locked
from ..service.plan import NAME
from ..upkeep.files import size_below

LOW_DISK_BYTES = 1024**3
FEW_DAYS = 30
FIRST_DAYS = 3
OTHERS = stat.S_IRWXG | stat.S_IRWXO
SECONDS_A_DAY = 86400.0

PRIVATE = (ADMIN_TOKEN, f"{FOLDER}/{KEY}")
"""Who reads them is the administrator, or the server."""

UNUSABLE = "no data directory"
INSTALLER = "broadgauge service install"
START = "Start it: broadgauge serve --help, or broadgauge up"


def check_disk(data: Path, began: datetime | None) -> Check:
    """What is left, and how long that lasts at the rate since the first agent joined."""
    free = shutil.disk_usage(data).free
    days = _days_left(data, free, began)
    lasts = f", enough for {days:.0f} days at the rate so far" if days is not None else ""
    detail = f"{free / 1e9:.1f} GB free{lasts}"
    if free < LOW_DISK_BYTES or (days is not None and days < FEW_DAYS):
        advice = f"Free some room on the disk of {data}, or move it: agents keep what isn't taken."
        return trouble("disk", detail, advice)
    return well("disk", detail)


def check_running(data: Path) -> Check:
    """Whether a server has the data directory now."""
    if is_locked(data):
        return well("server", "runs on this data directory")
    service = _service()
    advice = f"See why: {service.logs}" if service and service.installed else START
    return trouble("server", "doesn't run", advice)


def check_directory(data: Path) -> Check:
    """Whether it is there, this user's to use, and nobody else's."""
    name = "data directory"
    try:
        facts = data.stat()
        entries = list(data.iterdir())
    except FileNotFoundError:
        advice = f"Give the server's with --data DIR. {_where(data)}"
        return trouble(name, f"there is no {data.absolute()}", advice, cause=UNUSABLE)
    except OSError as error:
        advice = "Run this as the server's user or as an administrator."
        return trouble(name, f"{data} can't be read ({error.strerror})", advice, cause=UNUSABLE)
    if not os.access(data, os.W_OK):
        advice = "Run this as the server's user, and give that user write permission."
        return trouble(name, f"this user may not write {data}", advice, cause=UNUSABLE)
    return _shared(name, data, facts, entries) or well(name, str(data.resolve()))


def _shared(name: str, data: Path, facts: os.stat_result, entries: list[Path]) -> Check | None:
    """What others may see, or the server can't use. Windows has no such modes."""
    if sys.platform == "win32":
        return None
    mode = stat.S_IMODE(facts.st_mode)
    if mode & OTHERS:
        detail = f"other users of this machine may look into {data} (mode {mode:04o})"
        return trouble(name, detail, f"Run: chmod 700 {data}")
    if open_to_others := [each for each in PRIVATE if _is_open(data / each)]:
        named = ", ".join(open_to_others)
        files = " ".join(str(data / each) for each in open_to_others)
        return trouble(name, f"other users may read {named} in {data}", f"Run: chmod 600 {files}")
    foreign = [each.name for each in entries if _owner(each) not in (None, facts.st_uid)]
    if foreign:
        return trouble(
            name,
            f"{', '.join(sorted(foreign))} in {data} doesn't belong to the directory's owner",
            f"Run as root: chown -R {facts.st_uid}:{facts.st_gid} {data}",
        )
    return None


def _owner(file: Path) -> int | None:
    try:
        return file.stat().st_uid
    except OSError:
        return None  # gone meanwhile


def _where(data: Path) -> str:
    """Where the data directory may be instead."""
    service = _service()
    if service and service.installed:
        return f"The service's is {SystemdServices(INSTALLER).state_directory(NAME)}."
    return f"Or begin one: broadgauge up --data {data}"


def _service() -> ServiceStatus | None:
    try:
        return SystemdServices(INSTALLER).status(NAME)
    except ServiceFault:
        return None


def _is_open(file: Path) -> bool:
    try:
        return bool(stat.S_IMODE(file.stat().st_mode) & OTHERS)
    except OSError:
        return False


def _days_left(data: Path, free_bytes: int, began: datetime | None) -> float | None:
    """None in the first days, which tell too little."""
    folder = data / "results"
    size = size_below(folder)
    days = (datetime.now(UTC) - began).total_seconds() / SECONDS_A_DAY if began else 0.0
    return free_bytes / (size / days) if size and days >= FIRST_DAYS else None
