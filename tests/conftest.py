"""Where the tests find the tools that are not Python."""

import os
import shutil
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / ".venv" / "tools"


def tool(name: str) -> str:
    """The path of a tool the tests need. Fails, and never skips, where it is missing."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), str(TOOLS)]))
    if found is None:
        pytest.fail(f"{name} is missing: run tests/install-tools, or `make test`")
    return found


@pytest.fixture
def promtool() -> str:
    return tool("promtool")


@pytest.fixture
def chromium() -> str:
    return tool("chromium")
