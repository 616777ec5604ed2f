"""Running the system's own commands."""

import os
import subprocess
from collections.abc import Sequence

from .model import ServiceFault

LONGEST_SECONDS = 90.0
"""A service may take a while to stop."""


def refuse_unless_root(what: str) -> None:
    """ServiceFault for anybody else, on Linux and macOS."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise ServiceFault(f"Only root may {what} a service. Use sudo.", not_permitted=True)


def told(*command: str) -> None:
    """Run a command that has to succeed. ServiceFault, with its words, if it does not."""
    code, out, words = asked(*command)
    if code != 0:
        said = "".join(c if c.isprintable() else " " for c in words.strip() or out.strip())
        raise ServiceFault(f"{' '.join(command)} ended with {code}: {said or 'without a word'}")


def asked(*command: str) -> tuple[int, str, str]:
    """Exit code, output and words of a command. ServiceFault if there is no such command."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise ServiceFault(
            f"This system has no {command[0]}: it can't run services this way."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ServiceFault(
            f"{' '.join(command)} takes too long. Look why, and try again."
        ) from error
    return done.returncode, done.stdout, done.stderr


def shown(commands: Sequence[Sequence[str]]) -> str:
    """Commands, one a line, for people to read."""
    return "\n".join(" ".join(command) for command in commands)
