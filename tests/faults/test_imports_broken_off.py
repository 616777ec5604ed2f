"""A server that is killed while it imports, and one whose disk fills up: what was begun ends, and
nothing is there by half."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from broadgauge_collector.imports import worker
from tests.api_client import serving
from tests.faults.test_spool_full_disk import disk
from tests.running import Server, eventually, running
from tests.unit.collector.test_api_imports import Importing, google, row

ROWS = 30_000
DONE = {"applied", "failed", "ready"}


def export(model: str, rows: int = ROWS) -> bytes:
    return google(*(row(n, model=model) for n in range(rows)))


def begin(server: Server, data: bytes) -> str:
    request = Request(
        f"{server.url}/api/v1/imports/google-admin?apply=true", data=data, method="POST",
        headers={"Authorization": f"Bearer {server.token}"},
    )  # fmt: skip
    with urlopen(request, timeout=60) as answer:
        assert answer.status == 202
    return str(server.get("/api/v1/imports")[0]["id"])


def state_of(server: Server, id_: str) -> Any:
    return server.get(f"/api/v1/import-runs/{id_}")


@pytest.mark.timeout(300)
def test_an_import_whose_server_is_killed_in_the_middle_ends_after_the_next_start(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as server:
        id_ = begin(server, export("old"))
        eventually(lambda: state_of(server, id_)["state"] == "applying", "it to be applied")
        eventually(lambda: 0.1 < state_of(server, id_)["progress"] < 0.9, "a part of it")
        server.stop(signal.SIGKILL)
    with running(tmp_path) as server:
        eventually(lambda: state_of(server, id_)["state"] == "applied", "the rest of it")
        assert server.get("/api/v1/devices?limit=1&source=google")["total"] == ROWS
        again = begin(server, export("old"))
        eventually(lambda: state_of(server, again)["state"] in DONE, "the same once more")
        assert state_of(server, again)["unchanged"] == ROWS


@pytest.mark.timeout(300)
def test_a_file_whose_server_is_killed_while_it_reads_counts_for_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        id_ = begin(server, export("old"))
        assert state_of(server, id_)["state"] == "reading"
        server.stop(signal.SIGKILL)
    with running(tmp_path) as server:
        eventually(lambda: state_of(server, id_)["state"] == "failed", "it to be given up")
        assert "Bring the file again" in state_of(server, id_)["trouble"]
        assert server.get("/api/v1/devices?limit=1&source=google")["total"] == 0


@pytest.mark.timeout(200)
@pytest.mark.parametrize("room_bytes", [300_000, 1_500_000, 6_000_000])
def test_an_import_for_which_the_disk_has_no_room_says_so_and_ends_once_it_has(
    tmp_path: Path, room_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.5)
    with ExitStack() as stack:
        data = stack.enter_context(disk(tmp_path / "disk", "size=120m"))
        api = stack.enter_context(serving(data))
        api.school()
        importing = Importing(api)
        filler = fill_but(data, room_bytes)
        answer = api.http.post(
            "/api/v1/imports/google-admin?apply=true", content=export("old", 8000),
            headers=importing.admin,
        )  # fmt: skip
        assert answer.status_code in {202, 507}, answer.text
        filler.unlink()
        eventually(lambda: all_ended(importing), "all to end")
        states = [each["state"] for each in importing.get("/imports")]
        assert importing.get("/devices")["total"] == (8000 if states == ["applied"] else 0)
        assert importing.bring(export("old", 8000))["state"] == "applied"
        assert importing.get("/devices")["total"] == 8000


def all_ended(importing: Importing) -> bool:
    return all(each["state"] in DONE for each in importing.get("/imports"))


def fill_but(folder: Path, room_bytes: int) -> Path:
    """As another program does, up to so many bytes."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as out:
        while _free_bytes(folder) > room_bytes:
            out.write(bytes(64 * 1024))
    return filler


def _free_bytes(folder: Path) -> int:
    said = os.statvfs(folder)
    return said.f_bavail * said.f_frsize
