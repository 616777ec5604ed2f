"""Where the tests find the tools that are not Python, and servers that many of them need."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgresql import PostgresServer, postgres_server

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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A server for all tests that only use its databases."""
    with postgres_server() as server:
        yield server
