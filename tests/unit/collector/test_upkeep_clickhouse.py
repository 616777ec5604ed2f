"""Nights and backups where ClickHouse keeps the results."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broadgauge_collector.config import ServerConfig
from broadgauge_collector.store import ClickHouseResults, ControlStore
from broadgauge_collector.store.clickhouse_client import ClickHouse
from broadgauge_collector.upkeep.manifest import read_manifest
from broadgauge_collector.upkeep.restoring import restore
from tests.api_client import Api, serving
from tests.chdb_store import client_of, engine
from tests.upkeeping import a_night, backed_up, erased, sent, set_to

URL = "clickhouse://results.example.org/broadgauge"
DATABASE = "test_upkeep"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A collector whose ClickHouse is the engine in this process."""

    def open_results(_config: ServerConfig, control: ControlStore) -> ClickHouseResults:
        return ClickHouseResults(ClickHouse(client_of(DATABASE)), control, cluster=None)

    engine().command(f"DROP DATABASE IF EXISTS {DATABASE}")
    engine().command(f"CREATE DATABASE {DATABASE}")
    monkeypatch.setattr("broadgauge_collector.app.open_results", open_results)
    with serving(tmp_path / "data", results_url=URL) as served:
        yield served


def test_a_nightly_backup_has_the_rest_and_says_what_it_lacks(api: Api) -> None:
    set_to(api, "backup.nightly", True)

    run = a_night(api)

    assert (run["state"], run["error"]) == ("done", None)
    assert "without results: back those up with ClickHouse's BACKUP DATABASE" in run["done"]
    (backup,) = api.http.get("/api/v1/backups", headers=api.admin).json()
    made = read_manifest(Path(backup["directory"]))
    assert made.results == "clickhouse"
    assert list(made.files) == ["control.sqlite"]
    storage: Any = api.http.get("/api/v1/storage", headers=api.admin).json()
    assert storage["results"] == "clickhouse"


def test_such_a_backup_brings_back_schools_and_no_results_of_its_own(
    api: Api, tmp_path: Path
) -> None:
    school = api.school()
    agent, headers = api.agent(school)
    sent(api, agent, headers)
    backup = backed_up(api, to=str(tmp_path / "backup"))
    erased(api, agent=str(agent.id))

    restored = restore(backup, ServerConfig(data=tmp_path / "second"), force=False, erasures=None)

    assert restored.made.counts["schools"] == 1
    assert restored.erased_again == 1
    assert not (tmp_path / "second" / "results").exists()
    control = ControlStore.open(tmp_path / "second" / "control.sqlite")
    with control.connect() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM agent").scalar() == 0
    control.close()
