"""Tests on one machine take turns, whichever process runs them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broadgauge_agent.measuring import CancelledError
from broadgauge_agent.turns import turn
from tests.running import PATIENCE_SECONDS

HOLD = """
import sys, time
from pathlib import Path
from broadgauge_agent.turns import turn
with turn(Path(sys.argv[1]), lambda: False):
    print(flush=True)
    time.sleep(600)
"""


def no() -> bool:
    return False


@contextmanager
def held_by_another_process(state: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(state)], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_SECONDS)


def test_a_test_waits_for_another_process_and_goes_on_when_that_dies(tmp_path: Path) -> None:
    waited = threading.Event()
    with held_by_another_process(tmp_path) as other:

        def end_it() -> None:
            waited.set()
            other.kill()

        with turn(tmp_path, no, end_it):
            assert waited.is_set()


def test_whoever_is_told_to_stop_waits_no_longer(tmp_path: Path) -> None:
    with (
        held_by_another_process(tmp_path),
        pytest.raises(CancelledError),
        turn(tmp_path, lambda: True),
    ):
        pass


def test_a_turn_is_let_go_for_the_next(tmp_path: Path) -> None:
    for _ in range(2):
        with turn(tmp_path, lambda: True, lambda: pytest.fail("nobody else tests")):
            pass


def test_without_a_state_directory_there_is_nobody_to_wait_for(tmp_path: Path) -> None:
    with turn(tmp_path / "none", lambda: True):
        pass
    assert not (tmp_path / "none").exists()


def test_its_files_are_for_the_agents_user_alone(tmp_path: Path) -> None:
    with turn(tmp_path, no):
        modes = {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {0o600}
