"""A person at a plain terminal: a real pseudo-terminal, typed into and read line by line."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.running import PATIENCE_SECONDS

CTRL_C = "\x03"
CTRL_D = "\x04"


class Terminal:
    """A program that runs on it, and everything it has shown so far."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self.shown = ""
        self._descriptor = descriptor
        self._read_to = 0

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until something new matches. What comes after it is new still."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(pattern, self.shown[self._read_to :])):
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"waited in vain for {pattern!r} in:\n{self.shown}")
        self._read_to += found.end()
        return found

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._descriptor, keys.encode())

    def answer(self, question: str, typed: str) -> None:
        """Wait for a question, type something and press Enter."""
        self.expect(question)
        self.type(f"{typed}\n")

    def hang_up(self) -> None:
        """Close the terminal's window."""
        self.process.send_signal(signal.SIGHUP)

    def end(self) -> int:
        """Wait for the program's end; its exit code."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(PATIENCE_SECONDS)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        try:
            read = os.read(self._descriptor, 65536) if ready else b""
        except OSError:  # so Linux says that the program has closed its side
            read = b""
        self.shown += read.decode(errors="replace").replace("\r\n", "\n")
        return bool(read)


@contextmanager
def terminal(argv: Sequence[str], environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Run a program at a terminal of its own; ended at the end, whatever happened."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        argv,
        stdin=its,
        stdout=its,
        stderr=its,
        env=environment,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(its)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)
        os.close(ours)


def _take_terminal() -> None:
    """So that Ctrl-C and a closed window reach the program as they do a person's, even if whoever
    runs the tests has told its children not to hear of them."""
    import fcntl
    import termios

    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
