"""A machine that systemd runs: the real one, booted in namespaces of its own."""

import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOOT = Path(__file__).parent / "boot-systemd"
BOOT_SECONDS = 30.0
PYTHON, PACKAGES, SOURCE = "/opt/lab/python", "/opt/lab/packages", "/opt/lab/source"
PARTS = ("wire", "host", "agent", "collector", "dashboard")
PREFIX = "/opt/lab/broadgauge"
"""Where programs of this environment are found inside, readable by every service."""


@dataclass(frozen=True)
class Machine:
    """A booted machine, by the process that is its systemd."""

    pid: int

    def command(self, *argv: str) -> list[str]:
        """The command line that runs `argv` in it, as root."""
        spaces = ("--mount", "--pid", "--cgroup", "--net", "--uts", "--ipc")
        return ["nsenter", f"--target={self.pid}", *spaces, "--wd=/", *argv]

    def run(self, *argv: str, check: bool = True, **options: Any) -> str:
        """What a command in it prints; a failure raises CalledProcessError with its words."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            self.command(*argv), text=True, capture_output=True, check=False, **options
        )
        if check and done.returncode:
            done.stdout += done.stderr
            done.check_returncode()
        return done.stdout

    def journal(self, unit: str) -> str:
        """What a service logged."""
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}")

    def facts(self, unit: str, *properties: str) -> Mapping[str, str]:
        """What `systemctl show` says of a service."""
        out = self.run("systemctl", "show", f"--property={','.join(properties)}", unit)
        return dict(line.partition("=")[::2] for line in out.splitlines())


@contextmanager
def machine(directory: Path, *programs: str) -> Iterator[Machine]:
    """Boot it; `programs` are this environment's, found under PREFIX/bin inside. Needs root.

    Everything in it ends with the block.
    """
    bound = _installed(directory / "installed", programs)
    group = _cgroup_folder() / f"lab-{directory.name}-{time.monotonic_ns()}"
    group.mkdir()
    boot = f'echo $$ > {group}/cgroup.procs; exec "$@"'
    spaces = ("--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--net", "--uts", "--ipc")
    with (directory / "console").open("wb") as console:
        process = subprocess.Popen(
            ["sh", "-c", boot, "sh", "unshare", *spaces, str(BOOT), str(directory), *bound],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console,
        )  # fmt: skip
    try:
        yield _booted(process, directory)
    finally:
        process.kill()
        process.wait()
        _remove(group)


def _installed(prefix: Path, programs: tuple[str, ...]) -> list[str]:
    """An environment like this one, whose parts lie where services can read them."""
    packages = prefix / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    for folder in (packages, prefix / "bin"):
        folder.mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text(f"home = {PYTHON}/bin\n")
    python = f"python{sysconfig.get_python_version()}"
    (prefix / "bin" / "python").symlink_to(f"{PYTHON}/bin/{python}")
    sources = [f"{SOURCE}/{part}" for part in PARTS]
    (packages / "lab.pth").write_text("\n".join([PACKAGES, *sources]))
    for program in programs:
        entry = (Path(sys.executable).parent / program).read_text().partition("\n")[2]
        script = prefix / "bin" / program
        script.write_text(f"#!{PREFIX}/bin/python\n{entry}")
        script.chmod(0o755)
    bound = {
        sys.base_prefix: PYTHON,
        sysconfig.get_path("purelib"): PACKAGES,
        str(BOOT.parents[1]): SOURCE,
        str(prefix): PREFIX,
    }
    return [f"{source}:{target}" for source, target in bound.items()]


def _cgroup_folder() -> Path:
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return next(Path(fields[1]) for fields in mounts if fields[2] == "cgroup2")


def _booted(process: subprocess.Popen[bytes], directory: Path) -> Machine:
    end = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < end and process.poll() is None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if children:
            booting = Machine(int(children[0]))
            if "running" in booting.run("systemctl", "is-system-running", check=False):
                return booting
        time.sleep(0.1)
    raise RuntimeError(f"systemd did not boot: {(directory / 'console').read_text()}")


def _remove(group: Path) -> None:
    """The groups go once their last process has."""
    end = time.monotonic() + BOOT_SECONDS
    for folder in (*sorted(group.rglob("*/"), key=lambda f: -len(f.parts)), group):
        while folder.exists():
            try:
                folder.rmdir()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
