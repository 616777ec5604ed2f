"""The agent starts where Python lacks what only Linux or POSIX has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("importing_elsewhere.py")


def imported(platform: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, SCRIPT, platform], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, list[str]] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize(
    ("platform", "own", "foreign"),
    [
        ("win32", "windows", ("_linux", "_darwin", "_posix")),
        ("darwin", "darwin", ("_linux", "_windows")),
    ],
)
def test_every_module_imports_there_and_none_of_another_system(
    platform: str, own: str, foreign: tuple[str, ...]
) -> None:
    told = imported(platform)
    assert told["chosen"] == [
        f"broadgauge_agent._network_{own}",
        f"broadgauge_agent.probes.inventory._{own}",
    ]
    assert "broadgauge_agent.cli" in told["loaded"]
    assert [name for name in told["loaded"] for part in foreign if part in name] == []
