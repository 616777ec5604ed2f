"""Running trials in a process of its own, which forks before it has opened a database."""

import json
import subprocess
import sys
from typing import Any


def trials(module: str, *arguments: str) -> dict[str, Any]:
    """What a module of trials says of them. AssertionError, with its words, if one failed."""
    command = [sys.executable, "-m", f"tests.faults.{module}", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["acknowledged"] > 0
    return found
