"""Groups of processes with a limited share of a processor: control groups, of either version."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import LabError

PERIOD_MICROSECONDS = 100_000
ENDING_SECONDS = 5.0


@contextmanager
def processor_group(share: float) -> Iterator[Path]:
    """The folder of a group with this share of one processor. Its processes end with the block."""
    parent, is_first_version = _parent()
    group = parent / f"lab-{os.getpid()}-{secrets.token_hex(2)}"
    quota = round(share * PERIOD_MICROSECONDS)
    try:
        group.mkdir()
        if is_first_version:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
    except OSError as error:
        with suppress(OSError):
            group.rmdir()
        raise LabError(f"the lab may not limit processor time here: {error}") from error
    try:
        yield group
    finally:
        _remove(group)


def _parent() -> tuple[Path, bool]:
    """The root of the groups that can limit processor time, and whether it is of version 1."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    for _, folder, kind, options, *_ in mounts:
        if kind == "cgroup2" and "cpu" in Path(folder, "cgroup.controllers").read_text().split():
            with suppress(OSError):  # cpu.max is missing then, which is told
                Path(folder, "cgroup.subtree_control").write_text("+cpu")
            return Path(folder), False
        if kind == "cgroup" and "cpu" in options.split(","):
            return Path(folder), True
    raise LabError("the lab can't limit processor time here: no cpu control group is mounted")


def _remove(group: Path) -> None:
    end = time.monotonic() + ENDING_SECONDS
    while group.exists():
        for pid in (group / "cgroup.procs").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
