"""Builds the wheels and source distributions: `make wheels`, or

    python -m tests.packaging.wheels dist

The same source gives the same bytes, whoever builds it, where and when. Nothing is fetched: the
build backend is the one in this environment, which its lock pins. SOURCE_DATE_EPOCH, if set, dates
what is in them.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("wire", "host", "agent", "collector", "dashboard")


def build(package: Path, into: Path, *, umask: int = 0o022) -> None:
    """One package's wheel and source distribution. CalledProcessError if it can't be built."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into.absolute())]
    subprocess.run(command, cwd=package, check=True, stdout=subprocess.DEVNULL, umask=umask)


if __name__ == "__main__":
    for name in PACKAGES:
        build(ROOT / name, Path(sys.argv[1]))
