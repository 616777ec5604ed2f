"""Where a program must lie for a service to run it: readable by all, outside people's homes."""

import os
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import msgspec

from .model import ServiceFault

HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 compared, not used
"""What ProtectHome and PrivateTmp hide from a service."""


def command_beside_python(name: str) -> Path:
    """This installation's command of that name. ServiceFault if there is none."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=beside) or shutil.which(name)
    if found is None:
        raise ServiceFault(f"There is no command {name} beside {sys.executable}: install it anew.")
    return Path(found).absolute()


def refuse_where_no_service_reads(command: Path, package: str, how: str) -> None:
    """ServiceFault if the command, or what it runs on, can't be read by a service's own user.

    `package` is a file of the program's package; `how` says how to install it elsewhere.
    """
    parts = (sys.executable, sysconfig.get_path("stdlib"), msgspec.__file__, package)
    refuse_hidden((command, *map(Path, parts)), how)


def refuse_hidden(files: Iterable[Path], how: str) -> None:
    """ServiceFault for the first file that is hidden from services, or not readable by all."""
    for file in files:
        for place in (file.absolute(), file.resolve()):
            if any(place.is_relative_to(hidden) for hidden in HIDDEN):
                raise ServiceFault(f"A service can't see {place}. {how}")
            if unreadable := _not_for_all(place):
                raise ServiceFault(f"Not every user may read {unreadable}. {how}")


def _not_for_all(place: Path) -> Path | None:
    for parent in place.parents:
        if not _mode(parent) & stat.S_IXOTH:
            return parent
    return None if _mode(place) & stat.S_IROTH else place


def _mode(place: Path) -> int:
    """Nothing, where not even this user may look."""
    try:
        return os.stat(place).st_mode  # noqa: PTH116 follows links, as who opens it does
    except OSError:
        return 0
