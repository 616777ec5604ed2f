"""Run a command that the kernel ends when its parent dies, even by SIGKILL.

Run as a script: PARENT_PID COMMAND... The parent could set this between fork and exec instead, but
Python code there may deadlock in a process with threads. See prctl(2), PR_SET_PDEATHSIG; it
survives exec.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command. Ends at once if the parent died before the kernel was told."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - a list, never a shell


if __name__ == "__main__":
    main()
