"""Files that are too large, not what they are called, made to do harm, or of devices that nobody
can tell where they are: each is taken in bounded memory, or refused in words that say why."""

import csv
import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
import xlsxwriter

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_user_token
from broadgauge_collector.errors import TooLarge, Unreadable
from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.reading import read
from tests.api_client import Api
from tests.browser.serving import Board, board
from tests.faults.test_spool_full_disk import disk
from tests.unit.collector import rosters
from tests.unit.collector.example_exports import EXAMPLES, as_csv
from tests.unit.collector.test_api_imports import Importing, google, row
from tests.unit.collector.test_imports_formats_glpi import as_json, machine, zipped

MIB = 1024 * 1024
FORMULAS = ("=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\uff1d1", "=cmd|' /C calc'!A0")
HARMFUL = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school("Lincoln Elementary")
    api.school("Washington MS")
    return Importing(api)


def whats_wrong(key: str, data: bytes) -> str:
    with pytest.raises((Unreadable, TooLarge)) as raised:
        list(read(all_formats()[key], io.BytesIO(data), all_formats().values()))
    return raised.value.detail


def sparse(path: Path, size: int, begins: bytes = b"") -> Path:
    with path.open("wb") as file:
        file.write(begins)
        file.truncate(size)
    return path


def peak_bytes_of(code: str, *arguments: object) -> tuple[int, str]:
    """Most memory that a program of its own took, beyond what it takes to begin; what it said."""
    frame = (
        "import resource, sys\n"
        "from broadgauge_collector.imports.formats import all_formats\n"
        "from broadgauge_collector.imports.reading import read\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "all_formats(); before = peak()\n"
        f"try:\n    {code}\nexcept Exception as why:\n    print(type(why).__name__, why)\n"
        "print(peak() - before)\n"
    )
    command = [sys.executable, "-c", frame, *map(str, arguments)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout
    *words, peak = said.splitlines()
    return int(peak), " ".join(words)


READ = "print(sum(1 for _ in read(all_formats()[sys.argv[1]], open(sys.argv[2], 'rb'))))"


@pytest.mark.parametrize(
    ("key", "size", "begins", "why"),
    [
        ("google-admin", 2048 * MIB, b"deviceId,serialNumber\n", "MiB at most are read"),
        ("google-admin", 500 * MIB, b"deviceId,serialNumber\n", "NUL byte in line 2"),
        ("glpi", 2048 * MIB, b"{", "MiB"),
        ("oneroster", 2048 * MIB, b"PK\x03\x04", "damaged"),
        ("nces-elsi", 2048 * MIB, b"School Name", "MiB at most are read"),
    ],
)
def test_a_file_of_gigabytes_is_refused_in_little_memory(
    tmp_path: Path, key: str, size: int, begins: bytes, why: str
) -> None:
    peak, said = peak_bytes_of(READ, key, sparse(tmp_path / "large", size, begins))
    assert why in said, said
    assert peak < 250 * MIB, peak


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Board, str]]:
    with board(tmp_path / "data") as here:
        with here.services.stores.control.begin() as c:
            may = [Permission.READ, Permission.MANAGE]
            token = create_user_token(c, name="test", permissions=may, now=here.services.now())
        yield here, token


def test_more_than_is_read_is_refused_before_it_is_sent(
    served: tuple[Board, str], tmp_path: Path
) -> None:
    here, token = served
    command = [
        str(Path(sys.executable).parent / "broadgauge"), "import", "google-admin",
        str(sparse(tmp_path / "large.csv", 2048 * MIB)), "--url", here.url,
    ]  # fmt: skip
    done = subprocess.run(
        command, env={"BROADGAUGE_TOKEN": token}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "has 2048 MiB, and 512 MiB at most are read" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_gigabytes_of_which_nobody_said_so_are_refused_in_little_memory(
    served: tuple[Board, str],
) -> None:
    here, token = served
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = httpx2.post(
        f"{here.url}/api/v1/imports/google-admin",
        content=(bytes(MIB) for _ in range(2048)),
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
    )
    assert answer.status_code == 413
    assert "536870912 bytes at most" in answer.json()["detail"]
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 250 * MIB
    assert here.get("/api/v1/imports") == []


def bomb(name: str, size: int) -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(size // MIB):
            member.write(bytes(MIB))
    return target.getvalue()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("oneroster", "users.csv"), ("glpi", "a.json"), ("google-admin", "xl/workbook.xml"),
        ("google-admin", "xl/worksheets/sheet1.xml"), ("nces-elsi", "xl/sharedStrings.xml"),
    ],
)  # fmt: skip
def test_a_zip_bomb_is_refused_in_little_memory(tmp_path: Path, key: str, name: str) -> None:
    file = tmp_path / "bomb.zip"
    file.write_bytes(bomb(name, 600 * MIB))
    peak, said = peak_bytes_of(READ, key, file)
    assert said.split()[0] in {"TooLarge", "Unreadable"}, said
    assert peak < 150 * MIB, peak


def test_a_bomb_in_a_roster_in_place_of_a_table_is_refused() -> None:
    files = cast("dict[str, Any]", rosters.of_11([rosters.user("u1")]))
    files["orgs.csv"] = bomb("xl/workbook.xml", 100 * MIB)
    assert whats_wrong("oneroster", rosters.packed(files).getvalue())
    assert whats_wrong("glpi", zipped(("a.json", b"{}"), ("b.zip", bomb("c", 300 * MIB))))


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE w ['
    '<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


def test_a_workbook_whose_names_multiply_is_refused_in_little_memory(tmp_path: Path) -> None:
    target, book = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(book) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, EXAMPLES["google-admin"].header)
        sheet.write_row(1, 0, ["ha"] * 5)
    with zipfile.ZipFile(book) as good, zipfile.ZipFile(target, "w") as bad:
        for name in good.namelist():
            text = good.read(name).decode()
            if name in {"xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"}:
                text = LAUGHS + text.split("?>", 1)[1]
                text = text.replace("<t>ha</t>", "<t>&a9;</t>")
            bad.writestr(name, text)
    file = tmp_path / "laughs.xlsx"
    file.write_bytes(target.getvalue())
    peak, _ = peak_bytes_of(READ, "google-admin", file)
    assert peak < 150 * MIB, peak


@pytest.mark.parametrize("key", EXAMPLES)
@pytest.mark.parametrize("named", ["google-admin", "tickets", "glpi", "oneroster", "nces-elsi"])
def test_a_file_of_another_format_says_which_it_looks_like(key: str, named: str) -> None:
    if key in {named, "devices"} or (named, key) == ("google-admin", "gam"):
        return
    if named == "tickets" and key in {"incident-iq-tickets", "snipe-it-maintenances"}:
        return
    words = whats_wrong(named, as_csv(EXAMPLES[key].header, EXAMPLES[key].rows(3)))
    assert f"It looks like {all_formats()[key].title}; take it as that." in words


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (as_json(machine()), "GLPI agent inventories"),
        (zipped(("a.json", as_json(machine()))), "GLPI agent inventories"),
        (
            rosters.packed(rosters.of_11([rosters.user("u1")])).getvalue(),
            "OneRoster 1.1 or 1.2 (zip)",
        ),
    ],
)
def test_what_is_no_table_says_what_it_looks_like_where_a_table_is_wanted(
    data: bytes, title: str
) -> None:
    assert f"It looks like {title}; take it as that." in whats_wrong("google-admin", data)


def test_no_cell_of_a_file_of_devices_is_a_formula(importing: Importing) -> None:
    machines = [
        machine(n, bios={"ssn": f"2FAGP{n:02}", "smodel": said, "smanufacturer": said})
        for n, said in enumerate(FORMULAS)
    ]
    assert importing.bring(as_json(machines), "glpi")["accepted"] == len(FORMULAS)
    files = {f: _file(importing, f) for f in ("csv", "xlsx")}
    rows = list(csv.reader(io.StringIO(files["csv"].decode())))
    assert len(rows) == len(FORMULAS) + 1
    assert not [cell for cells in rows for cell in cells if cell.startswith(HARMFUL)]
    assert any("HYPERLINK" in cell for cells in rows for cell in cells)
    with zipfile.ZipFile(io.BytesIO(files["xlsx"])) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "HYPERLINK" in book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


def _file(importing: Importing, format_: str) -> bytes:
    answer = importing.api.http.get(
        "/api/v1/devices", params={"format": format_}, headers=importing.admin
    )
    assert answer.status_code == 200
    return bytes(answer.content)


def test_a_device_in_two_schools_on_one_day_is_one_device_of_which_sources_disagree(
    importing: Importing,
) -> None:
    importing.bring(google(row(1, path="/Lincoln Elementary")))
    snipe = b"Asset Tag,Serial,Category,Location\nTAG1,SN00001,Laptops,Washington MS\n"
    importing.bring(snipe, "snipe-it-assets")
    (device,) = importing.get("/devices")["devices"]
    assert (device["school"], device["conflicts"]) == ("Washington MS", 1)
    (conflict,) = importing.get(f"/devices/{device['id']}")["conflicts"]
    assert conflict["said"] == {"google": "/Lincoln Elementary", "snipe-it": "Washington MS"}


def test_a_device_in_two_schools_of_one_file_is_taken_once_and_its_second_row_refused(
    importing: Importing,
) -> None:
    found = importing.bring(
        google(row(1, path="/Lincoln Elementary"), row(1, path="/Washington MS"))
    )
    assert (found["accepted"], found["refused"]) == (1, 1)
    (refused,) = importing.get(f"/import-runs/{found['id']}/refused")
    assert "on line 2 too, and says something else" in refused["reason"]


def test_two_devices_with_a_makers_words_for_a_serial_number_are_two(importing: Importing) -> None:
    oem = "To be filled by O.E.M."
    file = google(*(row(n).replace(f"SN{n:05}", oem) for n in (1, 2)))
    assert importing.bring(file)["added"] == 2
    assert importing.serials() == [None, None]


def test_a_ticket_of_a_device_that_nobody_knows_is_kept_and_names_no_device(
    importing: Importing,
) -> None:
    tickets = b"Incident #,Incident Date,Serial,Status\n7,2026-09-01,SN99999,Closed\n"
    found = importing.bring(tickets, "tickets")
    assert (found["state"], found["added"]) == ("applied", 1)
    assert importing.serials() == []


def test_a_file_for_which_the_disk_has_no_room_is_refused_and_the_next_is_taken(
    importing: Importing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk(tmp_path / "small", "size=1m") as small:
        monkeypatch.setattr("tempfile.tempdir", str(small))
        answer = importing.api.http.post(
            "/api/v1/imports/google-admin", content=bytes(3 * MIB), headers=importing.admin
        )
        assert answer.status_code == 507
        assert "There is no room for this file in" in answer.json()["detail"]
        assert list(small.iterdir()) == []
        assert importing.bring(google(row(1)))["state"] == "applied"
        monkeypatch.setattr("tempfile.tempdir", None)
    assert importing.serials() == ["SN00001"]
