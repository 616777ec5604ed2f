"""A file on its way: brought, looked at, applied, taken back. Nothing of a person is left of it."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.api_client import Api, Headers

PATH = "/api/v1/imports"
PERSON, MAIL, SECRET = "Zoe Quillfeather", "zoe.q@pupils.example", "hunter2-canary"
HEADINGS = (
    "deviceId,serialNumber,model,provisionStatus,annotatedAssetId,orgUnitPath,macAddress,annotatedUser,"
    "notes"
)


def google(*rows: str) -> bytes:
    return "\n".join((HEADINGS, *rows, "")).encode()


def row(number: int, model: str = "HP Chromebook 11", path: str = "/Lincoln Elementary") -> str:
    mac = f"a4bb6d{number:06x}"
    personal = f"{MAIL},{PERSON} {SECRET}"
    return f"id-{number},SN{number:05},{model},ACTIVE,TAG{number},{path},{mac},{personal}"


def done(api: Api, admin: Headers, answer: Any) -> Any:
    """The import once it waits or has ended."""
    assert answer.status_code == 202, answer.text
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = api.http.get(f"/api/v1/import-runs/{answer.json()['id']}", headers=admin).json()
        if found["state"] not in {"reading", "applying", "undoing"}:
            return found
        time.sleep(0.02)
    raise AssertionError("the import never ended")


class Importing:
    """An administrator who imports."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.admin = api.admin

    def bring(self, body: bytes, format_: str = "google-admin", *, apply: bool = True) -> Any:
        answer = self.api.http.post(
            f"{PATH}/{format_}", params={"apply": apply}, content=body, headers=self.admin
        )
        return done(self.api, self.admin, answer)

    def act(self, found: Any, what: str, **asked: Any) -> Any:
        path = f"/api/v1/import-runs/{found['id']}/{what}"
        return done(
            self.api, self.admin, self.api.http.post(path, params=asked, headers=self.admin)
        )

    def get(self, path: str, **asked: Any) -> Any:
        answer = self.api.http.get(f"/api/v1{path}", params=asked, headers=self.admin)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def serials(self, **asked: Any) -> list[str]:
        found = self.get("/devices", sort="serial", **asked)
        return [each["serial"] for each in found["devices"]]


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school()
    return Importing(api)


def counts(found: Any) -> tuple[int, ...]:
    """Rows, refused, added, changed, unchanged, vanished."""
    assert found["rows"] == found["accepted"] + found["refused"]
    names = ("rows", "refused", "added", "changed", "unchanged", "vanished")
    return tuple(found[name] for name in names)


def test_a_file_is_looked_at_before_it_counts(importing: Importing) -> None:
    found = importing.bring(google(row(1), row(2)), apply=False)
    assert (found["state"], counts(found)) == ("ready", (2, 0, 2, 0, 0, 0))
    preview = importing.get(f"/import-runs/{found['id']}/preview")
    assert [each["serial"] for each in preview] == ["SN00001", "SN00002"]
    assert importing.serials() == []
    assert importing.act(found, "apply")["state"] == "applied"
    assert importing.serials(school="Lincoln Elementary") == ["SN00001", "SN00002"]


def test_the_same_file_again_changes_nothing(importing: Importing) -> None:
    file = google(row(1), row(2))
    importing.bring(file)
    before = importing.get("/devices")
    assert counts(importing.bring(file)) == (2, 0, 0, 0, 2, 0)
    assert importing.get("/devices") == before


def test_a_newer_export_changes_what_differs_and_marks_what_vanished(importing: Importing) -> None:
    importing.bring(google(row(1), row(2), row(3)))
    found = importing.bring(google(row(1), row(2, model="HP Chromebook 14"), row(4)))
    assert counts(found) == (3, 0, 1, 1, 1, 1)
    assert importing.serials(vanished=True) == ["SN00003"]
    assert importing.serials(model="HP Chromebook 14") == ["SN00002"]


def test_what_a_file_has_no_column_for_holds_and_an_empty_cell_takes_it_back(
    importing: Importing,
) -> None:
    def device() -> dict[str, Any]:
        (found,) = importing.get("/devices")["devices"]
        return {name: found[name] for name in ("asset_tag", "os_version", "support_ends_on")}

    headings = "deviceId,serialNumber,provisionStatus,annotatedAssetId,osVersion,autoUpdateThrough"
    importing.bring(f"{headings}\n1,SN1,ACTIVE,T1,130.0,2031-06\n".encode())
    whole = {"asset_tag": "T1", "os_version": "130.0", "support_ends_on": "2031-06-30"}
    assert device() == whole

    fewer = importing.bring(b"deviceId,status,annotatedAssetId\n1,ACTIVE,T2\n", "gam")
    assert device() == whole | {"asset_tag": "T2"}
    again = importing.bring(b"deviceId,status,annotatedAssetId\n1,ACTIVE,T2\n", "gam")
    assert counts(again) == (1, 0, 0, 0, 1, 0)
    importing.act(again, "undo")
    importing.act(fewer, "undo")
    assert device() == whole

    importing.bring(f"{headings}\n1,SN1,ACTIVE,,130.0,\n".encode())
    assert device() == {"asset_tag": None, "os_version": "130.0", "support_ends_on": None}


def test_an_import_is_taken_back_whole(importing: Importing) -> None:
    importing.bring(google(row(1), row(2)))
    before = importing.get("/devices")
    found = importing.bring(google(row(1, model="Other"), row(3)))
    assert importing.act(found, "undo")["state"] == "undone"
    assert importing.get("/devices") == before


def test_only_the_newest_of_a_source_can_be_taken_back(importing: Importing) -> None:
    first = importing.bring(google(row(1)))
    importing.bring(google(row(1), row(2)))
    answer = importing.api.http.post(
        f"/api/v1/import-runs/{first['id']}/undo", headers=importing.admin
    )
    assert answer.status_code == 409
    assert "undo that first" in answer.json()["detail"]


def test_what_was_compared_with_rows_that_changed_since_is_brought_again(
    importing: Importing,
) -> None:
    importing.bring(google(row(1, model="A")))
    older = importing.bring(google(row(1, model="B")), apply=False)
    newer = importing.bring(google(row(1, model="A")), apply=False)
    assert newer["unchanged"] == 1
    importing.act(older, "apply")
    waited = importing.get(f"/import-runs/{newer['id']}")
    assert (waited["state"], waited["trouble"][-21:]) == ("failed", "Bring the file again.")
    assert importing.bring(google(row(1, model="A")))["changed"] == 1


def test_another_kind_of_the_same_source_goes_on_waiting(importing: Importing) -> None:
    repairs = b"ID,Asset Tag,Asset Maintenance Type,Start Date\n1,T-1,Repair,2026-09-01\n"
    waiting = importing.bring(repairs, "snipe-it-maintenances", apply=False)
    assets = b"Asset Tag,Serial,Category\nT-1,SN00001,Laptop\n"
    assert importing.bring(assets, "snipe-it-assets")["added"] == 1
    assert importing.act(waiting, "apply")["state"] == "applied"


def test_where_much_vanishes_somebody_has_to_say_so(importing: Importing) -> None:
    importing.bring(google(*(row(n) for n in range(40))))
    found = importing.bring(google(*(row(n) for n in range(20))))
    assert found["state"] == "ready"
    assert "20 of 40 are not in this file" in found["trouble"]
    answer = importing.api.http.post(
        f"/api/v1/import-runs/{found['id']}/apply", headers=importing.admin
    )
    assert answer.status_code == 409
    assert importing.act(found, "apply", confirm=True)["state"] == "applied"
    assert len(importing.serials(vanished=True)) == 20


def test_a_device_whose_row_was_refused_has_not_vanished(importing: Importing) -> None:
    importing.bring(google(row(1), row(2)))
    found = importing.bring(google(row(1), row(2) + ",one cell too many"))
    assert counts(found) == (2, 1, 0, 0, 1, 0)
    assert importing.serials(vanished=True) == []


def test_refused_rows_are_mended_and_imported_again(importing: Importing) -> None:
    bad = row(2).replace("SN00002", "1.23E+11")
    found = importing.bring(google(row(1), bad))
    assert counts(found) == (2, 1, 1, 0, 0, 0)
    (refused,) = importing.get(f"/import-runs/{found['id']}/refused")
    assert refused["line"] == 3
    answer = importing.api.http.get(
        f"/api/v1/import-runs/{found['id']}/refused",
        params={"format": "csv"},
        headers=importing.admin,
    )
    assert PERSON not in answer.text
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("line,reason,")
    place = lines[0].split(",").index("serialNumber")
    cells = lines[1].split(",")
    cells[place + len(cells) - len(lines[0].split(","))] = "SN00002"
    again = importing.bring("\n".join((lines[0], ",".join(cells))).encode())
    assert again["state"] in {"applied", "ready"}
    assert again["refused"] == 0


def test_a_file_of_another_kind_says_what_it_looks_like(importing: Importing) -> None:
    found = importing.bring(b"NCESSCH,SCH_NAME,LEVEL\n010000500870,Lincoln,Elementary\n")
    assert found["state"] == "failed"
    assert "nces" in found["trouble"].lower()


@pytest.mark.parametrize("body", [b"", b"\x00\x01\x02" * 50, b"PK\x03\x04 no zip", b"just words"])
def test_what_is_no_table_fails_in_words(importing: Importing, body: bytes) -> None:
    found = importing.bring(body)
    assert found["state"] == "failed"
    assert found["trouble"]
    assert "Error" not in found["trouble"]


def test_a_format_that_isnt_known_names_those_that_are(importing: Importing) -> None:
    answer = importing.api.http.post(f"{PATH}/excel", content=b"a", headers=importing.admin)
    assert answer.status_code == 404
    assert "google-admin" in answer.json()["detail"]


def test_who_may_only_read_imports_nothing(api: Api) -> None:
    from broadgauge_collector.access.permissions import Permission

    answer = api.http.post(
        f"{PATH}/google-admin", content=google(row(1)), headers=api.user(Permission.READ)
    )
    assert answer.status_code == 403


def test_peoples_own_columns_are_remembered(importing: Importing) -> None:
    path = "/api/v1/import-mappings/devices"
    said = {"headings": {"serial": "Nummer"}}
    answer = importing.api.http.put(path, json=said, headers=importing.admin)
    assert answer.status_code == 200, answer.text
    found = importing.bring(b"Nummer,Model\nABC123,Latitude\n", "devices")
    assert found["state"] == "applied", found
    assert importing.serials() == ["ABC123"]
    wrong = importing.api.http.put(path, json={"headings": {"who": "X"}}, headers=importing.admin)
    assert wrong.status_code == 422
    assert "no field 'who'" in wrong.json()["detail"]


def test_a_ticket_comes_before_its_device(importing: Importing) -> None:
    tickets = b"Incident #,Incident Date,Serial,Status\n7,2026-09-01,SN00001,Closed\n"
    assert importing.bring(tickets, "tickets")["added"] == 1
    importing.bring(google(row(1)))
    (device,) = importing.get("/devices")["devices"]
    (ticket,) = importing.get(f"/devices/{device['id']}")["tickets"]
    assert ticket["opened_on"] == "2026-09-01"


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
def test_the_inventory_is_taken_away_as_a_file(importing: Importing, format_: str) -> None:
    importing.bring(google(row(1), row(2, model="=HYPERLINK(1)")))
    answer = importing.api.http.get(
        "/api/v1/devices", params={"format": format_}, headers=importing.admin
    )
    assert answer.status_code == 200
    assert f"broadgauge-devices.{format_}" in answer.headers["content-disposition"]
    assert len(answer.content) > 100


def test_nothing_of_a_person_is_on_the_disk_or_in_an_answer(
    importing: Importing, tmp_path: Path
) -> None:
    shifted = f"id-9,SN9,{PERSON},{MAIL}"  # a row with too few cells: who knows what is where
    mail_as_model = row(8, model=MAIL)
    found = importing.bring(google(row(1), shifted, mail_as_model), apply=False)
    seen = [
        importing.get("/imports"),
        importing.get(f"/import-runs/{found['id']}/preview"),
        importing.get(f"/import-runs/{found['id']}/refused"),
    ]
    importing.act(found, "apply")
    seen += [importing.get("/devices"), importing.get("/unplaced")]
    mac = "a4bb6d000001"
    everywhere = [str(seen).encode(), *(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())]
    for canary in (PERSON, MAIL, SECRET, mac, "Quillfeather"):
        assert not [where for where in everywhere if canary.encode() in where], canary


def test_a_refused_row_that_names_no_known_device_keeps_all_from_vanishing(
    importing: Importing,
) -> None:
    importing.bring(google(row(1), row(2)))
    unreadable = row(2).replace("SN00002", "1.23E+11").replace("id-2", "").replace("TAG2", "")
    assert counts(importing.bring(google(row(1), unreadable)))[-1] == 0


def test_a_mended_file_of_refused_rows_is_not_all_there_is(importing: Importing) -> None:
    importing.bring(google(row(1), row(2)))
    mended = f"line,reason,{HEADINGS}\n3,because,{row(3)}\n".encode()
    assert counts(importing.bring(mended)) == (1, 0, 1, 0, 0, 0)


def test_a_device_known_by_its_address_alone_is_known_by_a_hash(
    importing: Importing, tmp_path: Path
) -> None:
    file = b"MAC Address,Model\nA4:BB:6D:00:00:01,Switch\n"
    assert importing.bring(file, "devices")["added"] == 1
    assert importing.bring(file, "devices")["unchanged"] == 1
    everything = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert b"a4bb6d000001" not in everything.lower()
