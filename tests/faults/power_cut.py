"""Power cuts: the disk's image is copied in the midst of writing, and what it holds is looked at.

Only what was written through to the disk is in the image; what waits in the machine's memory is
not, as when the power goes. As root, on Linux: an ext4 file system in a file on a loop device.
"""

import os
import random
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.faults.crash_points import begin
from tests.faults.crash_trials import Acknowledge

IMAGE_BYTES = 192 * 1024 * 1024
LONGEST_LIFE_SECONDS = 1.5
FIRST_SIGN_SECONDS = 30


class PowerCuts:
    """A disk in a directory of its own, cut off and looked at, as often as one likes."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._empty = folder / "empty.img"
        self._disk = folder / "disk.img"
        self._mount = folder / "disk"
        self._mount.mkdir()
        self._chance = random.Random(seed)
        _make_file_system(self._empty)

    def cut(self, work: Callable[[Path, Acknowledge], None]) -> list[str]:
        """Let a child work on an empty disk, and cut the power at a random moment; what it had
        acknowledged by then. `after` shows what is left."""
        self._new_disk()
        cut_off = self._disk.with_suffix(".cut")
        with mounted(self._disk, self._mount):
            child, pipe = begin(partial(work, self._mount))
            said = _life(pipe, self._chance.uniform(0, LONGEST_LIFE_SECONDS))
            os.kill(child, signal.SIGSTOP)  # nothing is written while the image is copied
            os.waitpid(child, os.WUNTRACED)
            said += _rest(pipe)
            _copy_of_one_moment(self._disk, cut_off)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        cut_off.replace(self._disk)
        return said.decode().split("\n")[:-1]

    def _new_disk(self) -> None:
        """A file of its own, never the last one written over: whoever made a mount namespace
        meanwhile still has that mounted, and `mount` would give the child what he has."""
        self._disk.unlink(missing_ok=True)
        shutil.copyfile(self._empty, self._disk)

    def keep(self, at: Path) -> None:
        """Put the disk as the last look at it left it where somebody can look again."""
        at.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._disk, at)

    @contextmanager
    def after(self) -> Iterator[Path]:
        """The disk when the power is back."""
        with mounted(self._disk, self._mount):
            yield self._mount


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[None]:
    """A file system's image, mounted for as long as it takes."""
    subprocess.run(["mount", "-o", "loop", str(image), str(at)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


def _copy_of_one_moment(image: Path, to: Path) -> None:
    """Though its writer is stopped, the system goes on writing what waits in memory. A copy that
    has some of that and not what was written before it would be a disk that never was."""
    while True:
        before = image.stat().st_mtime_ns
        shutil.copyfile(image, to)
        if image.stat().st_mtime_ns == before:
            return


def _make_file_system(image: Path) -> None:
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)], check=True)


def _life(pipe: int, seconds: float) -> bytes:
    """What was said until so long after the first sign of life."""
    said = _wait_for(pipe, FIRST_SIGN_SECONDS)
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        said += _wait_for(pipe, left)
    return said


def _wait_for(pipe: int, seconds: float) -> bytes:
    ready, _, _ = select.select([pipe], [], [], seconds)
    return os.read(pipe, 1 << 20) if ready else b""


def _rest(pipe: int) -> bytes:
    os.set_blocking(pipe, False)
    said = b""
    try:
        while more := os.read(pipe, 1 << 20):
            said += more
    except BlockingIOError:
        pass
    os.close(pipe)
    return said
