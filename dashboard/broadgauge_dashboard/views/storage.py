"""What is on disk, what upkeep did, and the backups there are."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from dash import html

from broadgauge_collector.upkeep.model import (
    Backup,
    Erasure,
    Run,
    State,
    Storage,
    Task,
    UpkeepSetting,
)

from .. import format as fmt
from ..parts import command, empty, icon, metric, panel
from ..tables import row_under, table_of

TASKS: dict[Task, str] = {"nightly": "Upkeep", "backup": "Backup", "erase": "Erasing"}
STATES: dict[State, tuple[str, str, str]] = {
    "running": ("undecided", "undecided", "Running"),
    "done": ("meets", "meets", "Done"),
    "failed": ("failed", "below", "Failed"),
}
"""Icon, tone and word."""

SHOWN = 10
RETENTION = "retention."


def storage_panels(
    storage: Storage, settings: Iterable[UpkeepSetting], now: datetime
) -> list[html.Section]:
    """The whole page."""
    return [
        _disk(storage),
        _backups(storage, now),
        _runs(storage, now),
        _kept(settings),
        *([_erased(storage.erasures)] if storage.erasures else []),
    ]


def _disk(storage: Storage) -> html.Section:
    shown = [
        _results(storage),
        _control(storage),
        metric("Backups", fmt.size(storage.backups_bytes), "in the data directory"),
        metric("Free", fmt.size(storage.free_bytes), "on this disk"),
    ]
    aside = [
        html.P(
            f"A restore put aside what was there before, in {folder}. Delete it when nothing of it "
            "is needed.",
            className="note",
        )
        for folder in storage.aside
    ]
    return panel("On disk", html.Div(shown, className="metrics"), *aside)


def _control(storage: Storage) -> html.Div:
    elsewhere = storage.control == "postgresql"
    size = "In PostgreSQL" if elsewhere else fmt.size(storage.control_bytes)
    note = "not in the backups below: pg_dump makes theirs" if elsewhere else None
    return metric("Schools, agents, settings", size, note)


def _results(storage: Storage) -> html.Div:
    if storage.results == "clickhouse":
        note = "not in the backups below: ClickHouse's BACKUP DATABASE makes theirs"
        return metric("Results", "In ClickHouse", note)
    return metric("Results", fmt.size(storage.results_bytes), _parts(storage))


def _parts(storage: Storage) -> str:
    open_bytes = storage.results_bytes - storage.sealed_bytes
    return f"{fmt.size(open_bytes)} of open months, {fmt.size(storage.sealed_bytes)} of closed ones"


def _backups(storage: Storage, now: datetime) -> html.Section:
    if not storage.backups:
        none = empty(
            "There is no backup",
            "Have one made each night, best on another disk:",
            action=html.Div(
                [
                    command("broadgauge upkeep set backup.folder /mnt/backups"),
                    command("broadgauge upkeep set backup.nightly true"),
                ]
            ),
        )
        return panel("Backups", none)
    newest = fmt.ago(storage.backups[0].made_at, now)
    rows = [_backup(backup, now) for backup in storage.backups[:SHOWN]]
    table = _table("Backups", ("Where", "Of", "Size"), rows)
    return panel("Backups", table, note=f"The newest is of {newest}.")


def _backup(backup: Backup, now: datetime) -> Sequence[Any]:
    return backup.directory, fmt.ago(backup.made_at, now), fmt.size(backup.size_bytes)


def _runs(storage: Storage, now: datetime) -> html.Section:
    note = f"Runs once a night; the next time on {_moment(storage.next_run_at)}."
    if not storage.runs:
        return panel("Upkeep", html.P("It hasn't run yet."), note=note)
    rows = [_run(run, now) for run in storage.runs[:SHOWN]]
    return panel("Upkeep", _table("Upkeep", ("What", "When", "How it went"), rows), note=note)


def _run(run: Run, now: datetime) -> Sequence[Any]:
    name, tone, word = STATES[run.state]
    badge = html.Span([icon(name), word], className=f"badge tone-{tone}")
    words = html.Span(run.error or run.done, className="cell-note")
    took = f", {_took(run)}" if run.ended_at else ""
    return TASKS[run.task], f"{fmt.ago(run.began_at, now)}{took}", [badge, words]


def _took(run: Run) -> str:
    assert run.ended_at is not None  # noqa: S101 - asked by whoever calls
    return f"took {fmt.seconds(max(0.1, (run.ended_at - run.began_at).total_seconds()))}"


def _kept(settings: Iterable[UpkeepSetting]) -> html.Section:
    rows = [
        (s.meaning, f"{fmt.count(round(float(s.value)))} {s.unit}")
        for s in settings
        if s.key.startswith(RETENTION)
    ]
    note = "Change it with broadgauge retention set; it says what would go."
    return panel("Kept for how long", _table("Kept", ("What", "How long"), rows), note=note)


def _erased(erasures: Iterable[Erasure]) -> html.Section:
    rows = [(f"One {each.kind}", _moment(each.asked_at), _gone(each)) for each in erasures]
    table = _table("Erased", ("What", "Asked for", "Gone"), rows[:SHOWN])
    return panel("Erased", table, note="Whom that was is kept nowhere.")


def _gone(erasure: Erasure) -> str:
    if erasure.done_at is None:
        return "not yet: it is being erased"
    if erasure.gone_by is not None:
        return f"from here; from the last backup by {_moment(erasure.gone_by)}"
    return "from here and from all backups here"


def _table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> html.Table:
    under = (row_under(headings, cells) for cells in rows)
    return table_of(caption, headings, under, look="storage")


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
