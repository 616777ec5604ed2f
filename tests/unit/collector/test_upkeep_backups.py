"""A backup is whole, private and of one moment; restoring it destroys nothing."""

import shutil
import stat
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broadgauge_collector.access.join import create_join_token
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.data_directory import locked
from broadgauge_collector.errors import CannotStart, DataInUse
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.upkeep import backups, restoring
from broadgauge_collector.upkeep.files import write_durably
from broadgauge_collector.upkeep.manifest import read_manifest, verify
from broadgauge_collector.upkeep.restoring import finish_restore, restore
from tests.api_client import Api, serving
from tests.collecting import batch, throughput
from tests.upkeeping import a_night, backed_up, sent, waited_for


def put_back(backup: Path, data: Path, *, force: bool = False) -> restoring.Restored:
    return restore(backup, ServerConfig(data=data), force=force, erasures=None)


def kept(api: Api) -> list[Any]:
    table = api.services.stores.results.select("throughput", limit=100)
    return sorted(table["id"].to_pylist())


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of one school with an agent, one closed month and one result of today."""
    with serving(tmp_path / "first") as api:
        (api.services.config.data / "server.toml").write_text("port = 8485\n")
        tls = api.services.config.data / "tls"
        tls.mkdir()
        (tls / "key.pem").write_text("KEY")
        (tls / "key.pem").chmod(0o600)
        agent, headers = api.agent(api.school())
        sent(api, agent, headers)
        a_night(api)
        sent(api, agent, headers, 2, started_at=api.services.now())
        return backed_up(api, to=str(tmp_path / "backup"))


def test_a_backup_is_whole_and_says_what_is_in_it(backup: Path) -> None:
    made = read_manifest(backup)

    verify(backup, made)
    assert made.counts == {"schools": 1, "agents": 1, "links": 0, "reflectors": 0}
    assert {"control.sqlite", "results/hot.duckdb", "server.toml", "tls/key.pem"} <= set(made.files)
    assert "admin.token" not in made.files


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_backup_is_its_owners_alone(backup: Path) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (backup, *backup.rglob("*"))}

    assert modes == {0o600, 0o700}


def test_a_restored_backup_has_every_result_once(backup: Path, tmp_path: Path) -> None:
    put_back(backup, tmp_path / "second")

    with serving(tmp_path / "first") as first, serving(tmp_path / "second") as second:
        assert kept(second) == kept(first)
        assert len(kept(second)) == 2
        assert [s["name"] for s in second.http.get("/api/v1/schools", headers=second.admin).json()]
        incarnations = {each.services.stores.results.incarnation for each in (first, second)}
        assert len(incarnations) == 2


def test_agents_go_on_sending_to_a_restored_server(tmp_path: Path) -> None:
    with serving(tmp_path / "first") as api:
        agent, headers = api.agent(api.school())
        before = sent(api, agent, headers)
        backup = backed_up(api)
        meanwhile = throughput()
        lost = batch(agent, meanwhile, sequence=2)
        assert api.send(lost, headers).status_code == 200
    put_back(backup, tmp_path / "second")

    with serving(tmp_path / "second") as second:
        assert second.send(lost, headers).status_code == 200  # kept, and sent again
        assert second.send(lost, headers).status_code == 200
        after = sent(second, agent, headers, 3)
        assert kept(second) == sorted(map(str, (before, meanwhile.id, after)))


def test_what_could_let_somebody_in_again_does_not_come_back(tmp_path: Path) -> None:
    with serving(tmp_path / "first") as api:
        school, now = api.school(), api.services.now()
        with api.services.stores.control.begin() as c:
            create_join_token(c, school_id=school.id, lifetime=timedelta(hours=1), uses=1, now=now)
        api.http.get(api.login_link())
        backup = backed_up(api)
    restored = put_back(backup, tmp_path / "second")

    assert restored.ended_tokens == 1
    with serving(tmp_path / "second") as second:
        assert second.http.get("/api/v1/tokens", headers=second.admin).json() == []
        second.http.cookies = api.http.cookies
        assert second.http.get("/api/v1/schools").status_code == 401


def test_a_directory_with_data_is_refused_and_left_as_it_is(backup: Path, tmp_path: Path) -> None:
    data = tmp_path / "second"
    data.mkdir()
    (data / "precious").write_text("mine")

    with pytest.raises(CannotStart, match="precious"):
        put_back(backup, data)

    assert sorted(p.name for p in data.iterdir()) == ["lock", "precious"]


def test_by_force_what_was_there_is_put_aside(backup: Path, tmp_path: Path) -> None:
    data = tmp_path / "second"
    data.mkdir()
    (data / "precious").write_text("mine")

    restored = put_back(backup, data, force=True)

    assert restored.aside is not None
    assert (restored.aside / "precious").read_text() == "mine"
    with serving(data) as api:
        assert len(kept(api)) == 2


def test_a_directory_that_a_server_uses_is_refused(backup: Path, tmp_path: Path) -> None:
    with locked(tmp_path / "second"), pytest.raises(DataInUse):
        put_back(backup, tmp_path / "second", force=True)


def test_a_backup_that_was_changed_is_refused_by_the_name_of_the_file(
    backup: Path, tmp_path: Path
) -> None:
    file = next((backup / "results").rglob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    with pytest.raises(CannotStart, match=file.name):
        put_back(backup, tmp_path / "second")

    assert not (tmp_path / "second" / "control.sqlite").exists()


def test_a_manifest_that_names_files_elsewhere_is_refused(backup: Path, tmp_path: Path) -> None:
    made = read_manifest(backup)
    files = made.files | {"../../outside": next(iter(made.files.values()))}
    changed = msgspec.structs.replace(made, files=files)
    (backup / "manifest.json").write_bytes(msgspec.json.encode(changed))

    with pytest.raises(CannotStart, match="outside"):
        put_back(backup, tmp_path / "second")


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="is no backup"):
        put_back(tmp_path, tmp_path / "second")


@pytest.mark.parametrize("renames", range(6))
def test_a_restore_that_is_killed_while_it_moves_files_is_finished_at_the_next_start(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    data = tmp_path / "second"
    data.mkdir()
    for name in ("precious", "results", "tls"):
        (data / name).write_text("mine")
    _killed_after(renames, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        put_back(backup, data, force=True)
    monkeypatch.undo()

    finish_restore(data)

    (aside,) = data.glob("before-restore-*")
    assert sorted(p.name for p in aside.iterdir()) == ["precious", "results", "tls"]
    assert not list(data.glob(".rest*"))
    with serving(data) as api:
        assert len(kept(api)) == 2


def _killed_after(renames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From when the old begins to be moved, so many files are, and then the process ends."""
    left = iter(range(renames))
    rename, replace, move = Path.rename, Path.replace, restoring._put_in_place

    def guarded(act: Any) -> Any:
        def run(self: Path, target: Path) -> Path:
            if next(left, None) is None:
                raise KeyboardInterrupt
            moved: Path = act(self, target)
            return moved

        return run

    def armed(data: Path) -> Path | None:
        write_durably(data / restoring.COMING / restoring.CHECKED, b"before-restore-x")
        monkeypatch.setattr(Path, "rename", guarded(rename))
        monkeypatch.setattr(Path, "replace", guarded(replace))
        restoring._move_aside(data)
        restoring._move_in(data)
        return move(data)

    monkeypatch.setattr(restoring, "_put_in_place", armed)


def test_a_restore_that_is_killed_before_the_copy_is_whole_has_never_been(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "second"
    data.mkdir()
    (data / "precious").write_text("mine")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "_bring_up_to_date", killed)
    with pytest.raises(KeyboardInterrupt):
        put_back(backup, data, force=True)
    monkeypatch.undo()

    finish_restore(data)

    assert sorted(p.name for p in data.iterdir()) == ["lock", "precious"]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("relative", "from the root"),
        ("{data}/inside", "in the data directory"),
        ("{data}/..", "in the data directory"),
        ("{tmp}/full", "not empty"),
        ("{tmp}/nowhere/backup", "Make it first"),
        ("{tmp}/link", "not empty"),
        ("/tmp/line\nbreak", "from the root"),
    ],
)
def test_a_place_where_no_backup_may_be_is_refused(tmp_path: Path, place: str, words: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    with serving(tmp_path / "data") as api:
        to = place.format(data=tmp_path / "data", tmp=tmp_path)
        answer = api.http.post("/api/v1/backups", json={"to": to}, headers=api.admin)

    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_backup_that_fails_leaves_nothing(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: DuckDBResults, directory: Path) -> None:
        (directory / "half").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(DuckDBResults, "backup", full)
    answer = api.http.post("/api/v1/backups", json={}, headers=api.admin)
    run = waited_for(api, answer.json()["id"])

    assert run["state"] == "failed"
    assert "No space left" in run["error"]
    assert list((api.services.config.data / "backups").iterdir()) == []


def test_a_backup_is_refused_where_there_is_no_room(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    answer = api.http.post("/api/v1/backups", json={}, headers=api.admin)

    assert "0.0 GB are free" in waited_for(api, answer.json()["id"])["error"]


def test_a_backup_that_was_killed_leaves_nothing_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "elsewhere" / "backup"
    place.parent.mkdir()

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with serving(tmp_path / "data") as api:
        stores, config = api.services.stores, api.services.config
        monkeypatch.setattr(backups, "_describe", killed)
        monkeypatch.setattr(backups, "settle_unfinished", lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            backups.write_backup(stores, config, place, api.services.now())
        monkeypatch.undo()
        assert [p.name for p in place.parent.iterdir()] == [".backup.part"]
    with serving(tmp_path / "data") as api:
        api.app.state.upkeep._resume()

        assert list(place.parent.iterdir()) == []
        assert api.http.get("/api/v1/backups", headers=api.admin).json() == []


def test_a_restored_server_knows_the_backups_that_were_made_since(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as api:
        first, second = backed_up(api), backed_up(api)
    put_back(first, tmp_path / "data", force=True)

    with serving(tmp_path / "data") as api:
        api.app.state.upkeep._resume()
        listed = api.http.get("/api/v1/backups", headers=api.admin).json()

    assert {b["directory"] for b in listed} == {str(first), str(second)}
