"""A few power cuts and killed servers; `make faults` has hundreds."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.crash_trials import Acknowledge
from tests.faults.power_cut import PowerCuts
from tests.faults.trials import trials


@pytest.mark.parametrize(("what", "cuts"), [("store", 4), ("spool", 4), ("identity", 2)])
def test_what_was_acknowledged_is_there_when_the_power_is_back(what: str, cuts: int) -> None:
    trials("power_trials", what, "--cuts", str(cuts))


def test_what_a_killed_server_acknowledged_is_there_once_when_it_is_back() -> None:
    trials("server_trials", "--kills", "3")


def _keep_one_file(disk: Path, acknowledge: Acknowledge) -> None:
    kept = disk / "kept"
    kept.touch()
    os.sync()
    acknowledge("kept")
    signal.pause()


@contextmanager
def _mount_namespace() -> Iterator[None]:
    """Another process with mounts of its own: it goes on holding those that there are now."""
    holds = ["sh", "-c", "echo ready; exec sleep 60"]
    with subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", *holds], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def test_a_disk_that_another_mount_namespace_holds_is_never_the_next_trials(tmp_path: Path) -> None:
    disk = PowerCuts(tmp_path, seed=1)
    disk.cut(_keep_one_file)
    with ExitStack() as others:
        with disk.after():
            others.enter_context(_mount_namespace())
        assert disk.cut(_keep_one_file) == ["kept"]
        with disk.after() as mount:
            assert (mount / "kept").exists()
