"""Nothing of a person in a file that is imported is left anywhere, and no hardware address."""

import csv
import io
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import httpx2
import msgspec
import pyarrow.parquet as pq
import pytest
import structlog
from playwright.sync_api import sync_playwright
from sqlalchemy import select

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_user_token
from broadgauge_collector.api.routes import API_ROUTES
from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.model import Refused, Taken
from broadgauge_collector.imports.places_kept import kept_place
from broadgauge_collector.store import tables
from tests.browser.serving import Board, board
from tests.conftest import tool
from tests.import_canaries import (
    AT_LEAST,
    MARK,
    Planted,
    around,
    files,
    files_with_people,
    is_in,
    unpacked,
)
from tests.unit.collector.example_exports import E_MAIL, EXAMPLES, NAME, USER, as_csv, outcomes
from tests.upkeeping import decoded_values

BIN = Path(sys.executable).parent


class Importer:
    """An administrator, who remembers all that is answered."""

    def __init__(self, here: Board, folder: Path) -> None:
        self.here = here
        self.folder = folder
        self.heard: list[bytes] = []
        with here.services.stores.control.begin() as c:
            may = [Permission.READ, Permission.MANAGE]
            self.token = create_user_token(c, name="test", permissions=may, now=here.services.now())
        self._http = httpx2.Client(
            base_url=here.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=60
        )

    def ask(self, method: str, path: str, content: bytes | None = None) -> httpx2.Response:
        answer = self._http.request(method, path, content=content)
        self.heard += [answer.content, str(answer.headers).encode()]
        return answer

    def bring(self, planted: Planted, *, apply: bool, as_: str | None = None) -> Any:
        path = f"/api/v1/imports/{as_ or planted.format}?apply={str(apply).lower()}"
        return self.done(self.ask("POST", path, planted.data))

    def act(self, run: Any, what: str) -> Any:
        return self.done(self.ask("POST", f"/api/v1/import-runs/{run['id']}/{what}"))

    def done(self, begun: httpx2.Response) -> Any:
        assert begun.status_code == 202, begun.text
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = self.ask("GET", f"/api/v1/import-runs/{begun.json()['id']}").json()
            if found["state"] not in {"reading", "applying", "undoing"}:
                return found
            time.sleep(0.02)
        raise AssertionError("the import never ended")

    def look_at(self, run: Any) -> None:
        for what in ("", "/preview?limit=1000", "/refused", "/refused?format=csv"):
            assert self.ask("GET", f"/api/v1/import-runs/{run['id']}{what}").status_code == 200

    def close(self) -> None:
        self._http.close()

    def run_command(self, *arguments: str) -> None:
        environment = {**os.environ, "BROADGAUGE_TOKEN": self.token}
        done = subprocess.run(
            [BIN / "broadgauge", *arguments, "--url", self.here.url],
            env=environment, capture_output=True, timeout=60, cwd=self.folder, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.heard += [done.stdout, done.stderr]


@contextmanager
def every_log() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, by whoever, however little it matters."""
    said, before = io.StringIO(), structlog.get_config()
    handler, root = logging.StreamHandler(said), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.LogfmtRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(said),
        cache_logger_on_first_use=False,
    )
    try:
        yield said
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        structlog.configure(**before)


@pytest.mark.timeout(300)
def test_of_people_and_hardware_addresses_in_any_format_nothing_is_left(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    planted = list(files())
    assert all(each.canaries >= AT_LEAST for each in planted)
    assert {each.format for each in planted} == all_formats().keys()
    assert all(is_in(part) for each in planted[:3] for part in unpacked(each.data))
    with every_log() as log, board(data) as here:
        for school in ("Lincoln Elementary", "Washington MS"):
            here.school(school)
        with closing(Importer(here, tmp_path)) as admin:
            for each in planted:
                take_in(admin, each)
            turn_back(admin, planted)
            by_command(admin, planted)
            device_ids = take_away(admin)
            admin.heard += pages(here, device_ids[0])
            admin.run_command("backup", "--to", str(backup))
        kept = list(every_value(here))
        left = {"values": [around(v) for v in kept if is_in(v)]}
        assert len(kept) > 5000
    left["answers"] = [around(p) for a in admin.heard for p in unpacked(a) if is_in(p)]
    left["log"] = [around(line) for line in log.getvalue().splitlines() if is_in(line)]
    left["files"] = files_with_people(data) + files_with_people(backup)
    left["decoded"] = [around(v) for f in (data, backup) for v in decoded_values(f) if is_in(v)]
    assert "import" in log.getvalue()
    assert len(list(backup.rglob("*"))) > 3
    assert {where: sorted(set(some))[:40] for where, some in left.items() if some} == {}


def take_in(admin: Importer, planted: Planted) -> None:
    """Looked at, then put in force; and tried as what it isn't."""
    run = admin.bring(planted, apply=False)
    assert run["state"] == "ready", (planted.format, run)
    assert run["rows"] == run["accepted"] + run["refused"]
    assert run["accepted"] > 0, planted.format
    assert run["refused"] > 0, planted.format
    admin.look_at(run)
    assert admin.act(run, "apply?confirm=true")["state"] == "applied"
    other = "tickets" if planted.format != "tickets" else "gam"
    admin.look_at(admin.bring(planted, apply=False, as_=other))


def turn_back(admin: Importer, planted: list[Planted]) -> None:
    """One import is undone; a file that has lost its heading is refused."""
    again = Planted("google-admin", "", _without_last(planted[0].data), 0)
    run = admin.bring(again, apply=False)
    admin.act(run, "apply?confirm=true")
    admin.look_at(admin.act(run, "undo"))
    headless = Planted("google-admin", "", planted[0].data.split(b"\n", 1)[1], 0)
    run = admin.bring(headless, apply=True)
    assert run["state"] == "failed"
    admin.look_at(run)


def _without_last(data: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(data.decode())))
    target = io.StringIO()
    csv.writer(target).writerows(rows[:-9])
    return target.getvalue().encode()


def by_command(admin: Importer, planted: list[Planted]) -> None:
    """As `broadgauge import` brings it, from a file and from a folder that are called by names."""
    for each in (planted[0], planted[-3]):
        file = admin.folder / f"{MARK} {each.name}"
        file.write_bytes(each.data)
        admin.run_command("import", each.format, str(file), "--confirm")
    admin.run_command("imports")


def take_away(admin: Importer) -> list[str]:
    """All that can be asked, and every file of the inventory; ids of devices."""
    for route in API_ROUTES:
        if route.method == "GET" and "{" not in route.path:
            admin.ask("GET", f"/api/v1{route.path}")
    for format_ in ("csv", "xlsx", "parquet"):
        answer = admin.ask("GET", f"/api/v1/devices?format={format_}")
        assert answer.status_code == 200
    admin.heard += [str(pq.read_table(io.BytesIO(answer.content)).to_pylist()).encode()]
    assert admin.ask("GET", "/metrics").status_code == 200
    found = admin.ask("GET", "/api/v1/devices?limit=1000").json()
    ids = [each["id"] for each in found["devices"]]
    assert len(ids) > 100
    for id_ in ids:
        admin.ask("GET", f"/api/v1/devices/{id_}")
    return ids


def pages(here: Board, device_id: str) -> list[bytes]:
    """What the dashboard's pages show of it, once they have drawn it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=tool("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context()
        context.request.get(here.login_link(), max_redirects=0)
        page, drawn = context.new_page(), list[bytes]()
        for path in ("/devices", f"/device/{device_id}", "/imports"):
            page.goto(here.url + path)
            page.get_by_role("main").get_by_role("link").first.wait_for(timeout=30_000)
            page.wait_for_load_state("networkidle")
            drawn += [page.content().encode(), page.inner_text("body").encode()]
        browser.close()
    return drawn


def every_value(here: Board) -> Iterator[bytes]:
    """Each value of each of the control database's tables, and what is packed in it."""
    with here.services.stores.control.connect() as c:
        for table in tables.metadata.tables.values():
            for row in c.execute(select(table)):
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    yield from unpacked(raw)


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_row_whose_cells_are_shifted_keeps_no_name_and_no_address(key: str) -> None:
    example = EXAMPLES[key]
    row = [cell.replace(USER, NAME) for cell in example.row(0)]
    for n in range(len(row)):
        for cells in ([*row[:n], *row[n + 1 :], ""], [*row[:n], "", *row[n:-1]]):
            for found in outcomes(key, as_csv(example.header, [cells])):
                kept = msgspec.json.encode(_as_kept(found)).decode().casefold()
                assert not [p for p in (NAME, E_MAIL, "Avery") if p.casefold() in kept], n


def _as_kept(found: Taken | Refused) -> Any:
    if isinstance(found, Refused):
        return found
    said = msgspec.structs.asdict(found.record)
    return said | {"macs": (), "place": kept_place(said.get("place"), lambda _: False)}


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    said = f"of {MARK.upper()}a"
    for encoding in ("utf-8", "utf-16", "utf-16-be", "latin-1"):
        assert is_in(said.encode(encoding)), encoding
    assert is_in("02-C0-FF-EE-5A-01")
    assert is_in(bytes.fromhex("02c0ffee5a01"))
    assert not is_in("5CD0000001 HP Chromebook 11 /Students/Washington MS 0024d7000001")
    duckdb.connect(tmp_path / "a.duckdb").execute("CREATE TABLE t AS SELECT ?", [said]).close()
    assert any(map(is_in, decoded_values(tmp_path)))
