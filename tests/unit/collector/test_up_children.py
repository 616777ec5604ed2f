"""Children run as long as their parent: restarted when they die, gone when it does."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from broadgauge_collector import children
from broadgauge_collector.children import keep_running, run_once
from tests.running import eventually

SLEEPER = (
    "import os, pathlib, time;pathlib.Path({file!r}).write_text(str(os.getpid()));time.sleep(600)"
)
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER


def _python(code: str, **values: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code.format(**values))


async def _until(file: Path) -> int:
    """The process id that a child writes into the file."""
    return int(await asyncio.to_thread(eventually, lambda: _read(file), "the child"))


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_child_that_dies_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE_SECONDS", 0.01)
    file, words = tmp_path / "pid", list[str]()

    async def scenario() -> tuple[int, int]:
        stop = asyncio.Event()
        command = _python(SLEEPER, file=str(file))
        running = asyncio.create_task(keep_running("child", command, stop, words.append))
        first = await _until(file)
        file.unlink()
        os.kill(first, signal.SIGKILL)
        second = await _until(file)
        stop.set()
        await running
        return first, second

    first, second = asyncio.run(scenario())

    assert first != second
    assert _is_gone(second)
    assert any("starting it again" in line for line in words)


def test_a_child_that_ignores_the_request_to_stop_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "SECONDS_TO_STOP", 0.2)
    file = tmp_path / "pid"

    async def scenario() -> int:
        stop = asyncio.Event()
        command = _python(STUBBORN, file=str(file))
        running = asyncio.create_task(keep_running("child", command, stop, print))
        pid = await _until(file)
        stop.set()
        await running
        return pid

    assert _is_gone(asyncio.run(scenario()))


def test_a_childs_words_are_passed_on_with_its_name(tmp_path: Path) -> None:
    words: list[str] = []
    code = "import sys; print('lost the way', file=sys.stderr); " + SLEEPER

    async def scenario() -> None:
        stop = asyncio.Event()
        command = _python(code, file=str(tmp_path / "pid"))
        running = asyncio.create_task(keep_running("agent", command, stop, words.append))
        await _until(tmp_path / "pid")
        stop.set()
        await running

    asyncio.run(scenario())

    assert words == ["[agent] lost the way"]


def test_a_child_has_the_variables_it_was_given_beside_its_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_PARENT", "kept")
    words: list[str] = []
    code = "import os, sys; print(os.environ['OF_THE_PARENT'], os.environ['KEY'], file=sys.stderr);"

    async def scenario() -> None:
        stop = asyncio.Event()
        command = _python(code + SLEEPER, file=str(tmp_path / "pid"))
        running = asyncio.create_task(
            keep_running("child", command, stop, words.append, {"KEY": "given"})
        )
        await _until(tmp_path / "pid")
        stop.set()
        await running

    asyncio.run(scenario())

    assert words == ["[child] kept given"]


def test_a_secret_goes_in_by_standard_input_and_words_are_said_on_failure_only() -> None:
    words: list[str] = []
    echo = "import sys; print('got', sys.stdin.read().strip(), file=sys.stderr); sys.exit({status})"

    well = asyncio.run(run_once("agent", _python(echo, status="0"), b"token\n", words.append))
    assert (well, words) == (0, [])
    badly = asyncio.run(run_once("agent", _python(echo, status="4"), b"token\n", words.append))
    assert (badly, words) == (4, ["[agent] got token"])


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    parent = textwrap.dedent(
        """
        import asyncio, sys
        from broadgauge_collector.children import keep_running
        command = (sys.executable, "-c", sys.argv[1])
        asyncio.run(keep_running("child", command, asyncio.Event(), print))
        """
    )
    process = subprocess.Popen([sys.executable, "-c", parent, SLEEPER.format(file=str(file))])
    try:
        eventually(lambda: _read(file), "the child")
        child = int(file.read_text())
        assert not _is_gone(child)
    finally:
        process.kill()
        process.wait()

    eventually(lambda: _is_gone(child), "the child to die")
