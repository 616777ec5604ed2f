"""What the pages' commands run on: three machines, each with a copy of this tree, and terminals.

The copies share the environment of this tree: installing is not what is tried here. Stamps say that
it is up to date, so that `make up` and `make agent` have nothing to install.
"""

import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.hosts import Host, cable, hosts
from lab.shaped import shape
from tests.docs.reference import ROOT
from tests.running import BIN

STAMPS = ("build.stamp", "server.stamp", "agent.stamp")
PATIENCE_SECONDS = 120
"""How long a command may take, or a promise to come true. Only a hang takes this long."""

SERVER = "10.20.0.10"
SECOND_MACHINE = "10.20.0.30"
CORE = "10.20.1.20"
SCHOOL_NETWORK_BITS_PER_SECOND = 200_000_000
"""Inside one machine a cable has no speed of its own, and tests would use up their bytes on it."""


@dataclass(frozen=True)
class Machine:
    """A host with a clone of the repository and a home of its own."""

    host: Host
    clone: Path

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of ours but what a login gives. All machines share this one's disk and user, so
        each is told of a place of its own where the system's would be."""
        home = self.clone.parent
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "BROADGAUGE_AGENT_STATE": str(home / "agent-state"),
        }

    def processes(self) -> set[int]:
        """The ids of what runs here."""
        found = subprocess.run(
            ["ip", "netns", "pids", self.host.namespace],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return set(map(int, found.stdout.split()))


@contextmanager
def machines(folder: Path) -> Iterator[dict[str, Machine]]:
    """The server, a machine in a room of the same network, and one in the district's core."""
    with hosts("server", "room12", "core") as (server, room, core):
        for port in (
            *cable(server, room, f"{SERVER}/24", f"{SECOND_MACHINE}/24"),
            *cable(server, core, "10.20.1.1/24", f"{CORE}/24"),
        ):
            shape(port, SCHOOL_NETWORK_BITS_PER_SECOND)
        server.forward()
        room.add_route("default", via=SERVER)
        core.add_route("default", via="10.20.1.1")
        names = {"server": server, "second machine": room, "core": core}
        yield {name: Machine(host, clone(folder / name)) for name, host in names.items()}


def clone(folder: Path) -> Path:
    """A copy of what is in the repository, as it is now, with an environment that is up to date."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    copy = folder / "broadgauge"
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    (copy / ".venv").mkdir()
    (copy / ".venv" / "bin").symlink_to(BIN)
    for stamp in STAMPS:
        (copy / ".venv" / stamp).touch()
    return copy


@dataclass
class Terminal:
    """A bash in a machine's clone, which runs one command after the other."""

    machine: Machine
    process: subprocess.Popen[str] = field(init=False)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open it."""
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            self.machine.host.command(["bash", "--noprofile", "--norc"]),
            cwd=self.machine.clone, env=self.machine.environment, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self, command: str, *codes: int) -> str:
        """Run a command to its end, and give what it printed. It ends with 0 or one of `codes`."""
        mark = f"-- {time.monotonic_ns()} ended with "
        self._type(f"{command}\nprintf '\\n{mark}%s\\n' $?")
        printed = self._read_until(lambda line: line.startswith(mark))
        code = int(printed.pop().removeprefix(mark))
        text = "\n".join(printed).strip()
        assert code in {0, *codes}, f"{command} ended with {code}:\n{text}"
        return text

    def start(self, command: str, ready: str) -> str:
        """Run a command that goes on, until it says that it is ready. Gives what it printed."""
        self._type(f"exec {command}")
        return "\n".join(self._read_until(lambda line: ready in line))

    def interrupt(self) -> None:
        """Ctrl-C, and wait until everything has ended."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """Close the window, whatever runs in it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(PATIENCE_SECONDS)
        assert self.process.stdin
        self.process.stdin.close()

    def _type(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _read_until(self, is_it: Callable[[str], bool]) -> list[str]:
        """What is printed up to a line, with it. AssertionError if it does not come."""
        end = time.monotonic() + PATIENCE_SECONDS
        printed: list[str] = []
        while not (printed and is_it(printed[-1])):
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, "waited in vain after:\n" + "\n".join(printed)
            printed.append(line)
            self.said.append(line)
        return printed


@contextmanager
def terminals() -> Iterator[Callable[[Machine], Terminal]]:
    """Opens terminals, which are closed at the end."""
    with ExitStack() as closing:

        def open_one(machine: Machine) -> Terminal:
            opened = Terminal(machine)
            closing.callback(opened.close)
            return opened

        yield open_one
