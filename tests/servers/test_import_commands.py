"""`broadgauge import` and its kin, as a person types them, against a running server."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import BIN, Server, eventually, running

HEADINGS = "deviceId,serialNumber,model,provisionStatus,orgUnitPath,annotatedUser\n"
FIRST = (
    HEADINGS + "1,5CD1,HP 11,ACTIVE,/LES,zoe@x.example\n2,5CD2,HP 11,ACTIVE,/LES,yan@x.example\n"
)
SECOND = (
    HEADINGS + "1,5CD1,HP 14,ACTIVE,/LES,\n2,5CD2,HP 11,ACTIVE,/LES,\n3,1.2E+11,HP 11,ACTIVE,,\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server") / "data", "--no-agent") as server:
        server.post("/api/v1/schools", {"name": "Lincoln", "timezone": "UTC"})
        yield server


def shell(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BROADGAUGE_DATA": str(server.data)}
    return subprocess.run(
        [BIN / "broadgauge", *arguments], env=environment, text=True, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_the_way_of_a_file(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "devices.csv"
    file.write_text(FIRST)
    looked = shell(server, "import", "google-admin", str(file), "--preview")
    assert looked.returncode == 0, looked.stderr
    assert "2 rows: 2 new" in looked.stderr
    found = re.search(r"imports apply (\S+)", looked.stderr)
    assert found
    assert json.loads(shell(server, "devices", "list", "--json").stdout)["total"] == 0
    assert shell(server, "imports", "apply", found[1]).returncode == 0
    assert "5CD1" in shell(server, "devices").stdout

    file.write_text(SECOND)
    again = shell(server, "import", "google-admin", str(file))
    assert "0 new, 1 changed, 1 as before, 1 refused" in again.stderr
    assert "Line 4 refused" in again.stderr
    mend = re.search(r"imports refused (\S+)", again.stderr)
    assert mend
    rows = shell(server, "imports", "refused", mend[1]).stdout
    assert rows.lstrip("\ufeff").startswith("line,reason,deviceId")
    assert shell(server, "imports", "undo", mend[1]).returncode == 0
    assert "HP 14" not in shell(server, "devices").stdout
    assert "/LES" in shell(server, "imports", "places").stdout
    shell(server, "imports", "place", "LES", "Lincoln")
    assert "Lincoln" in shell(server, "devices", "groups", "school").stdout
    assert "google-admin" in shell(server, "imports").stdout
    assert "x.example" not in looked.stderr + again.stderr + rows


def test_a_device_is_shown_set_and_taken_away(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("Nr,Model\nQ77,Latitude\n")
    assert shell(server, "imports", "columns", "devices", "serial=Nr").returncode == 0
    assert shell(server, "import", "devices", str(file)).returncode == 0
    (device,) = json.loads(shell(server, "devices", "list", "q77", "--json").stdout)["devices"]
    shell(server, "devices", "set", device["id"], "--state", "stolen", "--since", "2026-11-02")
    shown = shell(server, "devices", "show", device["id"]).stdout
    assert re.search(r"state +stolen +hand", shown)
    shell(server, "devices", "set", device["id"], "--tag", "T-9")
    shown = shell(server, "devices", "show", device["id"]).stdout
    assert re.search(r"state +stolen +hand", shown)
    assert re.search(r"asset_tag +T-9 +hand", shown)
    shell(server, "devices", "set", device["id"])
    assert "hand" not in shell(server, "devices", "show", device["id"]).stdout
    said = shell(server, "devices", "supported", "--model", "HP 11")
    assert "Of other models: " in said.stderr
    target = tmp_path / "all.xlsx"
    shell(server, "devices", "export", "--format", "xlsx", "--output", str(target))
    assert target.read_bytes().startswith(b"PK")


def test_people_are_shown_as_they_are_counted(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "nces.csv"
    file.write_text("NCESSCH,SCH_NAME,MEMBER,FTE\n010000500871,Lincoln,431,24.50\n")
    brought = shell(server, "import", "nces", str(file))
    assert brought.returncode == 0, brought.stderr
    lincoln = shell(server, "imports", "people").stdout.splitlines()[1].split()
    assert lincoln == ["Lincoln", "Lincoln", "nces", "431", "-", "24.5", "-"]


def test_a_folder_is_watched_and_what_was_taken_moves_on(server: Server, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("Serial Number,Model\nW1,Latitude\n")
    bad.write_text("nothing,of,the,kind\n1,2,3,4\n")
    for file in (good, bad):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    environment = {**os.environ, "BROADGAUGE_DATA": str(server.data)}
    shell(server, "imports", "columns", "devices")
    command = [str(BIN / "broadgauge"), "import", "devices", "--watch", str(tmp_path)]
    watching = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        moved = eventually(
            lambda: [*tmp_path.glob("imported/*good.csv"), *tmp_path.glob("not-imported/*bad.csv")][
                1:
            ],
            "both files to be moved",
        )
        assert moved
    finally:
        watching.terminate()
        watching.wait(30)
    assert json.loads(shell(server, "devices", "list", "w1", "--json").stdout)["total"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "google-admin"), "Name a file"),
        (("import", "google-admin", "missing.csv"), "can't be read"),
        (("import", "excel", __file__), "There is no format 'excel'"),
        (("import", "google-admin", __file__), "heading"),
        (("imports", "columns", "devices", "serial"), 'FIELD="HEADING"'),
        (("imports", "columns", "devices", "who=Name"), "no field 'who'"),
        (("imports", "undo", "0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11"), "There is no import"),
        (("import", "google-admin", "--watch", "no-such-folder"), "is no folder"),
    ],
)
def test_what_cant_be_is_refused_in_words(
    server: Server, arguments: tuple[str, ...], words: str
) -> None:
    ended = shell(server, *arguments)
    assert ended.returncode != 0
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
