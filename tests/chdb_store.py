"""Results in ClickHouse's own engine, in this process, for tests.

A process can have one engine, in one folder: stores share it, each with a database of its own.
"""

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

from clickhouse_connect import get_client
from clickhouse_connect.driver import Client

from broadgauge_collector.store import ControlStore
from broadgauge_collector.store.clickhouse_client import ClickHouse
from broadgauge_collector.store.clickhouse_results import ClickHouseResults


class OwnControl(ClickHouseResults):
    """A store that closes the control database it came with."""

    def close(self) -> None:
        super().close()
        self._control.close()


def open_chdb_results(folder: Path) -> ClickHouseResults:
    """The store of a folder; asked for again, it has what was kept."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "test_" + hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    engine().command(f"CREATE DATABASE IF NOT EXISTS {name}")
    return OwnControl(
        ClickHouse(client_of(name)), ControlStore.open(folder / "control.sqlite"), cluster=None
    )


def client_of(database: str) -> Client:
    """A client of its own in a database of the engine."""
    return get_client(interface="chdb", path=_engine_folder(), database=database)


@cache
def engine() -> Client:
    """Keeps the engine open until the process ends."""
    client = get_client(interface="chdb", path=_engine_folder())
    atexit.register(client.close)
    return client


@cache
def _engine_folder() -> str:
    folder = tempfile.mkdtemp(prefix="chdb-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
