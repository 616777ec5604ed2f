"""A process that is killed between two lines: every line of chosen code is a crash point.

Each trial runs in a child of its own, forked before any database is open, which SIGKILLs itself as
the n-th line of that code is about to run. So nothing is written into the product for the tests.
"""

import os
import signal
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

WHOLE = 0
"""What a child that was not killed ends with."""


class Crash(NamedTuple):
    """What a child had acknowledged, and the line before which it died; None if it ran through."""

    acknowledged: list[str]
    point: str | None


def run_until(
    nth: int, code: Collection[Path], work: Callable[[Callable[[str], None]], None]
) -> Crash:
    """Run `work(acknowledge)` in a child that dies as the n-th line of the code would run.

    RuntimeError if it failed otherwise than by being killed.
    """
    child, reading = begin(work, nth, code)
    with os.fdopen(reading) as pipe:
        said = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    point = next((line[1:] for line in said if line.startswith("!")), None)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not (killed or (os.WIFEXITED(status) and os.WEXITSTATUS(status) == WHOLE)):
        raise RuntimeError(f"a trial ended with status {status} at {point}")
    return Crash([line for line in said if not line.startswith("!")], point if killed else None)


def begin(
    work: Callable[[Callable[[str], None]], None],
    nth: int = sys.maxsize,
    code: Collection[Path] = (),
) -> tuple[int, int]:
    """Begin such a child: its process id, and a pipe of what it acknowledges, a line each."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(nth, code, work, writing)
    os.close(writing)
    return child, reading


def in_a_child(work: Callable[[], None]) -> None:
    """Run something with databases in a child, so that this process can go on forking."""
    crash = run_until(sys.maxsize, (), lambda _: work())
    assert crash.point is None


def _be_the_child(
    nth: int, code: Collection[Path], work: Callable[[Callable[[str], None]], None], pipe: int
) -> None:
    status = 1
    try:
        if code:
            sys.settrace(_killer(nth, frozenset(map(str, code)), pipe))
        work(lambda text: _say(pipe, text))
        sys.settrace(None)
        status = WHOLE
    except BaseException:  # noqa: BLE001 - a forked child must not go on as its parent
        sys.settrace(None)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _killer(nth: int, files: frozenset[str], pipe: int) -> Callable[..., Any]:
    left = nth

    def on_line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left <= 0:
                name = Path(frame.f_code.co_filename).name
                _say(pipe, f"!{name}:{frame.f_lineno} {frame.f_code.co_qualname}")
                os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    def on_call(frame: FrameType, _event: str, _: Any) -> Any:
        return on_line if frame.f_code.co_filename in files else None

    return on_call


def _say(pipe: int, text: str) -> None:
    os.write(pipe, f"{text}\n".encode())
