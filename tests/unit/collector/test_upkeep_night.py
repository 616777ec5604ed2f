"""What a night does, what it is set to, and what is noted of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from broadgauge_collector.errors import StorageFull
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.upkeep.nightly import night
from broadgauge_collector.upkeep.records import begin_run, list_runs
from tests.api_client import Api, serving
from tests.collecting import batch, latency, throughput
from tests.upkeeping import a_night, backed_up, sent, set_to

LONG_AGO = datetime(2025, 5, 6, 12, tzinfo=UTC)


def kept(api: Api, kind: str) -> list[Any]:
    table = api.services.stores.results.select(kind, limit=100)
    return list(table["id"].to_pylist())


def test_a_night_closes_months_and_keeps_every_result(api: Api) -> None:
    agent, headers = api.agent(api.school())
    ids = [sent(api, agent, headers, n, started_at=LONG_AGO) for n in (1, 2)]

    run = a_night(api)

    assert (run["state"], run["error"]) == ("done", None)
    assert "closed months with 2 results" in run["done"]
    assert sorted(kept(api, "throughput")) == sorted(map(str, ids))
    storage = api.http.get("/api/v1/storage", headers=api.admin).json()
    assert 0 < storage["sealed_bytes"] < storage["results_bytes"]


def test_what_was_kept_long_enough_goes_and_the_rest_stays(api: Api) -> None:
    agent, headers = api.agent(api.school())
    now = api.services.now()
    old, new = latency(started_at=now - timedelta(days=500)), latency(started_at=now)
    test = throughput(started_at=now - timedelta(days=500))
    assert api.send(batch(agent, old, new, test), headers).status_code == 200

    run = a_night(api)

    assert "let 1 latency rows go" in run["done"]
    assert kept(api, "latency") == [str(new.id)]
    assert kept(api, "throughput") == [str(test.id)]


def test_a_setting_says_what_would_go_before_it_is_set(api: Api) -> None:
    agent, headers = api.agent(api.school())
    started_at = api.services.now() - timedelta(days=300)
    assert api.send(batch(agent, latency(started_at=started_at)), headers).status_code == 200

    said = set_to(api, "retention.latency_days", "100", dry_run=True).json()

    assert said["expiry"]["rows"] == 1
    assert said["setting"]["value"] == 100
    settings = api.http.get("/api/v1/upkeep-settings", headers=api.admin).json()
    assert {s["key"]: s["value"] for s in settings}["retention.latency_days"] == 400
    assert kept(api, "latency")


def test_a_setting_is_kept_and_taken_back(api: Api) -> None:
    def value() -> Any:
        settings = api.http.get("/api/v1/upkeep-settings", headers=api.admin).json()
        return {s["key"]: s["value"] for s in settings}["maintenance.at"]

    assert set_to(api, "maintenance.at", "04:15").status_code == 200
    assert value() == "04:15"
    assert set_to(api, "maintenance.at", None).status_code == 200
    assert value() == "02:30"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("retention.throughput_days", 3, "a number from 90"),
        ("retention.refused_days", "soon", "a number from 7"),
        ("maintenance.at", "25:00", "a time of day"),
        ("backup.folder", "backups", "from the root"),
        ("backup.folder", "/nowhere/at/all", "Make it first"),
        ("retention.throughput", 400, "Did you mean retention.throughput_days"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(api: Api, key: str, value: Any, words: str) -> None:
    answer = set_to(api, key, value)

    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_step_that_fails_keeps_no_other_from_being_done_and_is_noted(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, headers = api.agent(api.school())
    sent(api, agent, headers, started_at=LONG_AGO)

    def full(_self: DuckDBResults) -> None:
        raise StorageFull("There is no room.")

    monkeypatch.setattr(DuckDBResults, "compact", full)
    run = a_night(api)

    assert run["state"] == "failed"
    assert "There is no room." in run["error"]
    assert "closed months" in run["done"]
    monkeypatch.undo()
    assert a_night(api)["state"] == "done"
    assert len(kept(api, "throughput")) == 1


def test_a_night_without_room_to_note_it_hurts_nobody(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StorageFull("There is no room.")

    monkeypatch.setattr("broadgauge_collector.upkeep.worker.begin_night_if_due", full)

    asyncio.run(api.app.state.upkeep._run_if_due())

    assert api.http.get("/api/v1/upkeep-runs", headers=api.admin).json() == []


def test_a_night_that_is_due_is_done_by_itself_and_once(api: Api) -> None:
    for _ in range(2):
        api.http.portal.call(api.app.state.upkeep._run_if_due)  # type: ignore[union-attr]

    (run,) = api.http.get("/api/v1/upkeep-runs", headers=api.admin).json()
    assert (run["task"], run["state"]) == ("nightly", "done")


def test_a_run_that_was_broken_off_is_said_to_have_failed(tmp_path: Path) -> None:
    with serving(tmp_path) as api, api.services.stores.control.begin() as c:
        begin_run(c, "nightly", api.services.now())
    with serving(tmp_path) as api:
        api.app.state.upkeep._resume()
        with api.services.stores.control.connect() as c:
            (run,) = list_runs(c)

    assert run.state == "failed"
    assert "ended while this ran" in (run.error or "")


def test_backups_are_made_at_night_if_that_is_wished_and_the_oldest_go(
    api: Api, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("elsewhere")
    set_to(api, "backup.folder", str(folder))
    set_to(api, "backup.nightly", True)
    set_to(api, "backup.keep", 2)

    for _ in range(3):
        assert a_night(api)["state"] == "done"

    listed = api.http.get("/api/v1/backups", headers=api.admin).json()
    assert {Path(b["directory"]) for b in listed} == set(folder.iterdir())
    assert len(listed) == 2


def test_keep_deletes_no_backup_that_was_put_elsewhere(
    api: Api, tmp_path_factory: pytest.TempPathFactory
) -> None:
    precious = backed_up(api, to=str(tmp_path_factory.mktemp("elsewhere") / "precious"))
    first = backed_up(api)
    second = backed_up(api, keep=1)

    assert precious.exists()
    assert second.exists()
    assert not first.exists()


def test_what_is_stopping_begins_no_further_step(api: Api) -> None:
    stopping = Event()
    stopping.set()

    outcome = night(api.services.stores, api.services.config, api.services.now(), stopping)

    assert outcome.error == "The server ended before everything was done."
