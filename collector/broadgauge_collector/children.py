"""Child processes that run as long as their parent does: restarted when they die, gone with it."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
SECONDS_TO_STOP = 2.5
LIVES_WITH_PARENT = Path(__file__).parent / "_live_with_parent_linux.py"

Say = Callable[[str], None]
log = structlog.get_logger()


async def keep_running(
    name: str,
    command: Sequence[str],
    stop: asyncio.Event,
    say: Say,
    variables: Mapping[str, str] | None = None,
) -> None:
    """Run the command until `stop`; start it again, after a growing pause, if it ends by itself.

    `variables` join its environment, where no list of processes shows them to other users.
    """
    pause = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        began = asyncio.get_running_loop().time()
        child = await start(command, variables=variables)
        code = await _until_end_or_stop(name, child, stop, say)
        if stop.is_set():
            return
        say(f"[{name}] ended with code {code}; starting it again in a moment")
        lasted = asyncio.get_running_loop().time() - began
        pause = FIRST_PAUSE_SECONDS if lasted > LONGEST_PAUSE_SECONDS else pause * 2
        pause = min(pause, LONGEST_PAUSE_SECONDS)
        await first_of(stop.wait(), asyncio.sleep(pause * random.uniform(0.5, 1)))  # noqa: S311


async def run_once(name: str, command: Sequence[str], given: bytes, say: Say) -> int:
    """Run a command to its end with something on its standard input; its words if it fails."""
    child = await start(command, stdin=asyncio.subprocess.PIPE)
    _, words = await child.communicate(given)
    if child.returncode:
        for line in words.decode("utf-8", "replace").splitlines():
            say(f"[{name}] {line}")
    return child.returncode or 0


async def start(
    command: Sequence[str],
    stdin: int = asyncio.subprocess.DEVNULL,
    variables: Mapping[str, str] | None = None,
) -> asyncio.subprocess.Process:
    """Start a command in a process group of its own, so that Ctrl-C reaches the parent alone."""
    return await asyncio.create_subprocess_exec(
        *_bound_to_parent(command),
        env={**os.environ, **(variables or {})},
        stdin=stdin,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def first_of(*waits: Awaitable[object]) -> None:
    """Wait for whichever comes first, and drop the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


async def _until_end_or_stop(
    name: str, child: asyncio.subprocess.Process, stop: asyncio.Event, say: Say
) -> int:
    words = asyncio.create_task(_pass_on(name, child, say))
    try:
        await first_of(child.wait(), stop.wait())
    finally:
        await _end(child)
        await words
    return child.returncode or 0


async def _pass_on(name: str, child: asyncio.subprocess.Process, say: Say) -> None:
    assert child.stderr is not None  # noqa: S101 - asked for in start()
    while line := await child.stderr.readline():
        say(f"[{name}] {line.decode('utf-8', 'replace').rstrip()}")


async def _end(child: asyncio.subprocess.Process) -> None:
    """Ask the child to stop, and end it and whatever it started if it doesn't."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), SECONDS_TO_STOP)
    _end_group(child)
    await child.wait()


def _end_group(child: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        elif child.returncode is None:
            child.kill()


def _bound_to_parent(command: Sequence[str]) -> Sequence[str]:
    if sys.platform != "linux":
        return command
    return (sys.executable, "-I", "-S", str(LIVES_WITH_PARENT), str(os.getpid()), *command)
