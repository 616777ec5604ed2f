"""Where the tests find the tools that are not Python, and servers that many of them need."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgresql import PostgresServer, postgres_server

HERE = Path(__file__).parent
TOOLS = HERE.parent / ".venv" / "tools"

IN_REAL_TIME = (HERE / "integration", HERE / "lab")
TRIES_AGAIN = 2
REST_SECONDS = 3


# The same examples each time; and a busy machine is no finding.
settings.register_profile("tests", derandomize=True, deadline=None)
settings.load_profile("tests")


class ConfidentlyWrongError(AssertionError):
    """An `exact` result that is far off: never excused by what the machine did meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is measured in real time is measured again if it failed: a shared machine may have been
    taken away in the middle of it."""
    again = pytest.mark.flaky(
        reruns=TRIES_AGAIN, reruns_delay=REST_SECONDS, rerun_except=[ConfidentlyWrongError.__name__]
    )
    for item in items:
        if any(folder in item.path.parents for folder in IN_REAL_TIME):
            item.add_marker(again)


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
