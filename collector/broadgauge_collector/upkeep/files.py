"""Files that must be whole, durable and nobody else's before anything counts on them."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ..store.durable import sync_file, sync_folder

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def files_below(folder: Path) -> Iterator[Path]:
    """Every file, at whatever depth, in order. Links are not followed, and not given."""
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink():
            continue
        if entry.is_dir():
            yield from files_below(entry)
        elif entry.is_file():
            yield entry


def size_below(path: Path) -> int:
    """Bytes of a file or of all files in a folder; 0 if it isn't there. Files may go meanwhile."""
    try:
        files = files_below(path) if path.is_dir() else iter((path,))
        return sum(_size(file) for file in files)
    except OSError:
        return 0


def make_private(folder: Path) -> None:
    """Leave everything below to its owner alone."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)


def make_durable(folder: Path) -> None:
    """Everything below survives a power cut, once this returns."""
    for file in files_below(folder):
        sync_file(file)
    for path in (*(p for p in folder.rglob("*") if p.is_dir()), folder):
        sync_folder(path)


def give_to_owner(folder: Path) -> None:
    """Let everything in a folder belong to whom the folder belongs to, if root has written there:
    a service has a user of its own."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return
    owner = folder.stat()
    for path in folder.rglob("*"):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def write_durably(file: Path, content: bytes) -> None:
    """Replace a file, for its owner alone: after a power cut the old or the new one is there."""
    part = file.with_name(f".{file.name}.new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    sync_file(part)
    part.replace(file)
    sync_folder(file.parent)


def copy_private(source: Path, target: Path) -> None:
    """Copy a file for its owner alone."""
    target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(PRIVATE_FILE)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
