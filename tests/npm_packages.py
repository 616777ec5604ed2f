"""Clients from npm that the tests run unmodified. Fetched once, and pinned by their hashes."""

import base64
import fcntl
import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.conftest import TOOLS, tool

FETCH_SECONDS = 100


class Pin(NamedTuple):
    """A version, and the hash of its archive as npm itself writes hashes."""

    version: str
    integrity: str


PINS = {
    "axe-core": Pin(
        "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    ),
    "@m-lab/ndt7": Pin(
        "0.1.4",
        "sha512-WKPjtAQr3FHue3HUixbiE4UoE3EHhcpbaahcyljHjp5Oto4648951YcAyZ/56vvFFf2f+UsXjYLYvWCBbw/Dyg==",
    ),
}


def npm_package(name: str) -> Path:
    """The folder of an unpacked package, without its dependencies."""
    pin = PINS[name]
    folder = TOOLS / "npm" / f"{name.removeprefix('@').replace('/', '-')}-{pin.version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of tests want it at once
        if folder.exists():
            return folder
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            _fetch(name, pin, Path(scratch))
            (Path(scratch) / "package").rename(folder)  # whole or not at all
    return folder


def _fetch(name: str, pin: Pin, scratch: Path) -> None:
    subprocess.run(
        [tool("npm"), "pack", "--silent", f"{name}@{pin.version}"],
        cwd=scratch,
        check=True,
        timeout=FETCH_SECONDS,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = scratch.glob("*.tgz")
    hashed = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert f"sha512-{hashed}" == pin.integrity, f"{name} is not what was pinned"
    with tarfile.open(archive) as packed:
        packed.extractall(scratch, filter="data")
