"""The smoke test of the agent, which runs on Windows and macOS elsewhere, runs here as well."""

import subprocess
import sys
from pathlib import Path

from broadgauge_wire import InventoryResult, decode
from tests.smoke_agent import WELL

SCRIPT = Path(__file__).parent.parent / "smoke_agent.py"


def test_the_agent_works_on_this_system(tmp_path: Path) -> None:
    kept = tmp_path / "inventory.json"
    run = subprocess.run(
        [sys.executable, str(SCRIPT), "--inventory", str(kept)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == WELL, run.stderr
    assert "measuring: download" in run.stdout
    assert decode(kept.read_bytes(), InventoryResult).memory_bytes
