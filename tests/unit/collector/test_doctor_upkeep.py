"""What doctor says of nights and backups."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from broadgauge_collector.doctor.upkeep import UpkeepFacts, check_upkeep
from broadgauge_collector.upkeep.model import Backup, Run
from broadgauge_collector.upkeep.settings import BackupConfig
from broadgauge_host.diagnosis import Check
from broadgauge_wire import new_id

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


def a_night(ago: timedelta, **about: Any) -> Run:
    began = NOW - ago
    made = Run(
        id=new_id(),
        task="nightly",
        state="done",
        began_at=began,
        ended_at=began,
        done="",
        error=None,
    )
    return replace(made, **about)


def a_backup(tmp_path: Path, ago: timedelta) -> Backup:
    (tmp_path / "manifest.json").touch()
    return Backup(directory=str(tmp_path), made_at=NOW - ago, size_bytes=1)


def checks(data: Path, facts: UpkeepFacts) -> dict[str, Check]:
    return {check.name: check for check in check_upkeep(data, facts, NOW)}


def test_a_new_server_has_no_trouble_and_is_told_how_to_have_backups(tmp_path: Path) -> None:
    found = checks(tmp_path, UpkeepFacts())

    assert {check.state for check in found.values()} == {"ok"}
    assert "backup.nightly" in str(found["backups"])


def test_a_night_that_failed_is_told_with_its_words(tmp_path: Path) -> None:
    failed = a_night(timedelta(hours=1), state="failed", error="backups: There is no room.")

    found = checks(tmp_path, UpkeepFacts(last=failed))["upkeep"]

    assert found.state == "trouble"
    assert "There is no room." in found.detail


def test_nights_that_are_missed_are_told(tmp_path: Path) -> None:
    good = a_night(timedelta(days=4))
    assert checks(tmp_path, UpkeepFacts(last=good, last_good=good))["upkeep"].state == "trouble"

    good = a_night(timedelta(days=1))
    assert checks(tmp_path, UpkeepFacts(last=good, last_good=good))["upkeep"].state == "ok"


def test_a_backup_is_old_after_three_days_where_there_should_be_one_each_night(
    tmp_path: Path,
) -> None:
    old = UpkeepFacts(backups=(a_backup(tmp_path, timedelta(days=4)),))

    assert checks(tmp_path, old)["backups"].state == "ok"
    nightly = UpkeepFacts(backups=old.backups, settings=BackupConfig(nightly=True))
    assert checks(tmp_path, nightly)["backups"].state == "trouble"


def test_a_backup_that_is_gone_does_not_count(tmp_path: Path) -> None:
    gone = a_backup(tmp_path, timedelta(days=1))
    (tmp_path / "manifest.json").unlink()

    assert "none" in checks(tmp_path, UpkeepFacts(backups=(gone,)))["backups"].detail


def test_what_a_restore_put_aside_is_said(tmp_path: Path) -> None:
    (tmp_path / "before-restore-x").mkdir()

    assert "before-restore-x" in checks(tmp_path, UpkeepFacts())["put aside"].detail
