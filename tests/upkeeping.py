"""Backups, erasures and nights of a collector, for tests of upkeep."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import duckdb

from broadgauge_collector.schools.model import Agent
from tests.api_client import Api, Headers
from tests.collecting import batch, throughput
from tests.running import PATIENCE_SECONDS


def waited_for(api: Api, run: Any) -> Any:
    """The run once it has ended."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = api.http.get(f"/api/v1/upkeep-runs/{run}", headers=api.admin).json()
        if found["state"] != "running":
            return found
        time.sleep(0.02)
    raise AssertionError("the run did not end")


def backed_up(api: Api, **wish: Any) -> Path:
    """Where a backup is that was made now."""
    answer = api.http.post("/api/v1/backups", json=wish, headers=api.admin)
    assert answer.status_code == 202, answer.text
    run = waited_for(api, answer.json()["id"])
    assert run["state"] == "done", run["error"]
    return Path(run["done"])


def erased(api: Api, **wish: Any) -> Any:
    """What an erasure answered, once it is done."""
    answer = api.http.post("/api/v1/erasures", json=wish, headers=api.admin)
    assert answer.status_code == 200, answer.text
    run = waited_for(api, answer.json()["run"])
    assert run["state"] == "done", run["error"]
    return answer.json()


def set_to(api: Api, key: str, value: Any, **more: Any) -> Any:
    """The answer to setting a setting of upkeep."""
    body = {"key": key, "value": value} | more
    return api.http.put("/api/v1/upkeep-settings", json=body, headers=api.admin)


def a_night(api: Api) -> Any:
    """One night's work, ended."""
    answer = api.http.post("/api/v1/upkeep-runs", headers=api.admin)
    assert answer.status_code == 202, answer.text
    return waited_for(api, answer.json()["id"])


def sent(api: Api, agent: Agent, headers: Headers, sequence: int = 1, **about: Any) -> UUID:
    """The id of a throughput result that was taken."""
    result = throughput(**about)
    answer = api.send(batch(agent, result, sequence=sequence), headers)
    assert answer.status_code == 200, answer.text
    return result.id


def files_with(folder: Path, *needles: bytes | str) -> Iterator[tuple[str, str]]:
    """Files below a folder with one of these in their bytes or their names, and which it is."""
    for file in sorted(folder.rglob("*")):
        content = file.read_bytes() if file.is_file() else b""
        for needle in needles:
            wanted = needle.encode() if isinstance(needle, str) else needle
            if wanted in content or wanted in str(file.relative_to(folder)).encode():
                yield str(file.relative_to(folder)), repr(needle)


def traces_of(id_: UUID) -> tuple[bytes | str, ...]:
    """An id as it may stand in a file: text with and without dashes, bytes in either order, and as
    DuckDB keeps it, with its first bit turned."""
    flipped = (id_.int ^ (1 << 127)).to_bytes(16, "big")
    return (
        str(id_),
        id_.hex,
        id_.bytes,
        id_.bytes_le,
        id_.bytes[::-1],
        flipped,
        flipped[::-1],
    )


def decoded_values(folder: Path) -> Iterator[str]:
    """Every value of every Parquet file and DuckDB database below a folder, as text; of copies, as
    a server may have them open."""
    with TemporaryDirectory() as copies:
        copy = Path(shutil.copytree(folder, Path(copies) / "copy"))
        for file in sorted(copy.rglob("*")):
            if file.suffix == ".parquet":
                yield from _values(duckdb.connect(), f"SELECT * FROM read_parquet('{file}')")
            elif file.suffix == ".duckdb":
                with duckdb.connect(str(file)) as connection:
                    for (table,) in connection.execute("SHOW TABLES").fetchall():
                        yield from _values(connection, f'SELECT * FROM "{table}"')


def _values(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    for row in connection.execute(query).fetchall():
        yield from (str(value) for value in row if value is not None)
