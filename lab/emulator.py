"""The program that carries packets as a line would: path.c, built at first use."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import LabError, lacking
from .hosts import Host

SOURCE = Path(__file__).with_name("path.c")
ENDING_SECONDS = 5


@contextmanager
def line_between(one: Host, other: Host, device: str) -> Iterator[IO[str]]:
    """A TUN device on each host and the line between them; yields where its states are written."""
    command = [str(program()), one.namespace, other.namespace, device]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as carrier:
        try:
            if carrier.stdout is None or carrier.stdin is None or carrier.stdout.readline() == "":
                raise LabError("the line could not be made; the program's own words are above")
            yield carrier.stdin
        finally:
            carrier.kill()
            carrier.wait(ENDING_SECONDS)


def need_root_and_tun() -> None:
    """LabError, in one sentence, for what a line needs and this machine lacks."""
    if sys.platform != "linux":
        raise LabError("the lab needs Linux: it is made of network namespaces")
    if os.geteuid() != 0:
        raise LabError("the lab needs root, to make network namespaces")
    if not Path("/dev/net/tun").exists():
        raise LabError("the lab needs /dev/net/tun; this kernel has no TUN devices, or hides them")
    need_tools("ip", "tc")


def need_tools(*names: str) -> None:
    """LabError for the first program that isn't here."""
    for name in names:
        if shutil.which(name) is None:
            raise LabError(f"the lab needs {name}, which isn't here: run tests/install-tools")


def program() -> Path:
    """path.c as a program, beside this Python's own, built unless it is there already."""
    name = "lab-path-" + hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    built = Path(sys.prefix, "tools", name)
    if not built.exists():
        need_tools("cc")
        built.parent.mkdir(exist_ok=True)
        part = built.with_name(f".{name}.{os.getpid()}")
        with lacking("the line's program can't be built here; the compiler's own words are above"):
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", part, SOURCE], check=True)
        part.replace(built)
    return built


def write_states(states: IO[str], lines: Iterable[str]) -> None:
    """All in one piece, so that the clock of the plan starts once."""
    states.write("".join(lines))
    states.flush()
