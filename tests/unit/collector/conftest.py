from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from broadgauge_collector.store import ControlStore
from tests.api_client import Api, serving
from tests.migrated import migrated
from tests.postgresql import SHARED, PostgresServer

BOTH = ["sqlite", "postgresql"]


@pytest.fixture(params=BOTH)
def control_url(request: pytest.FixtureRequest) -> str | None:
    """Of an empty PostgreSQL database; and None, for a file: what uses it is tested on both."""
    if request.param == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgresql")
    server.emptied()
    return server.url(SHARED)


@pytest.fixture(params=BOTH)
def control(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ControlStore]:
    """A control store without a row, on each kind of database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgresql")
        yield server.emptied()
        return
    store = ControlStore.open(migrated(tmp_path))
    yield store
    store.close()


@pytest.fixture
def c(control: ControlStore) -> Iterator[Connection]:
    """A write transaction of such a store."""
    with control.begin() as connection:
        yield connection


@pytest.fixture
def api_on_both(tmp_path: Path, control_url: str | None) -> Iterator[Api]:
    """An application without the dashboard, on each kind of database."""
    with serving(tmp_path, control_url=control_url) as served:
        yield served


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """An application without the dashboard."""
    with serving(tmp_path) as served:
        yield served
