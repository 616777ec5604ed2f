"""The Storage page: what is on disk, how nights went, and what is gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dash import html
from msgspec.structs import replace

from broadgauge_collector.upkeep.model import Backup, Erasure, Run, Storage
from broadgauge_collector.upkeep.settings import SETTINGS, described
from broadgauge_dashboard.views.storage import storage_panels
from broadgauge_wire import new_id
from tests.unit.dashboard.seeing import texts

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOTHING = Storage(
    results_bytes=3_000_000,
    sealed_bytes=1_000_000,
    results="duckdb",
    control="sqlite",
    control_bytes=200_000,
    backups_bytes=0,
    free_bytes=5_000_000_000,
    next_run_at=NOW + timedelta(hours=12),
    runs=(),
    backups=(),
    erasures=(),
    aside=(),
)
KEPT = tuple(described(setting, setting.default) for setting in SETTINGS.values())


def a_run(**about: Any) -> Run:
    run = Run(
        id=new_id(),
        task="nightly",
        state="done",
        began_at=NOW - timedelta(hours=12),
        ended_at=NOW - timedelta(hours=12) + timedelta(seconds=8),
        done="closed months with 2 results",
        error=None,
    )
    return replace(run, **about)


def shown(storage: Storage) -> str:
    return texts(html.Div(storage_panels(storage, KEPT, NOW)))


def test_a_new_server_says_how_to_begin_with_backups() -> None:
    page = shown(NOTHING)

    assert "There is no backup" in page
    assert "broadgauge upkeep set backup.nightly true" in page
    assert "It hasn't run yet." in page
    assert "2 MB of open months, 1 MB of closed ones" in page


def test_what_other_servers_keep_is_said_to_be_in_no_backup_of_ours() -> None:
    page = shown(replace(NOTHING, results="clickhouse", control="postgresql"))

    assert "not in the backups below: ClickHouse's BACKUP DATABASE makes theirs" in page
    assert "not in the backups below: pg_dump makes theirs" in page


def test_how_a_night_went_is_said_with_its_words() -> None:
    page = shown(replace(NOTHING, runs=(a_run(),)))

    assert "Done" in page
    assert "closed months with 2 results" in page
    assert "12 hours ago, took 8 s" in page


def test_a_night_that_failed_says_why() -> None:
    failed = a_run(state="failed", error="laying together: There is no room.")
    page = shown(replace(NOTHING, runs=(failed,)))

    assert "Failed" in page
    assert "There is no room." in page


def test_backups_are_listed_where_they_are() -> None:
    made = NOW - timedelta(days=1)
    backup = Backup(directory="/mnt/nas/monday", made_at=made, size_bytes=4_000_000)

    page = shown(replace(NOTHING, backups=(backup,)))

    assert "/mnt/nas/monday" in page
    assert "1 day ago" in page
    assert "There is no backup" not in page


@pytest.mark.parametrize(
    ("done_at", "gone_by", "words"),
    [
        (None, None, "not yet"),
        (NOW, NOW + timedelta(days=30), "from the last backup by 2026-04-01"),
        (NOW, None, "from here and from all backups here"),
    ],
)
def test_an_erasure_says_by_when_it_is_gone_everywhere(
    done_at: datetime | None, gone_by: datetime | None, words: str
) -> None:
    erasure = Erasure(kind="school", asked_at=NOW, done_at=done_at, gone_by=gone_by)

    assert words in shown(replace(NOTHING, erasures=(erasure,)))


def test_what_a_restore_put_aside_is_pointed_out() -> None:
    assert "/data/before-restore-x" in shown(replace(NOTHING, aside=("/data/before-restore-x",)))


def test_with_postgresql_its_own_backups_are_pointed_out() -> None:
    assert "pg_dump" in shown(replace(NOTHING, control="postgresql"))
