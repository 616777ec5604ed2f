"""Upkeep as commands, pages and the API see it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct

from broadgauge_wire.fields import about

from .places import ResultsKeeper

Task = Literal["nightly", "backup", "erase"]
State = Literal["running", "done", "failed"]
SettingValue = bool | float | str


class Run(Struct, frozen=True, kw_only=True):
    """One time that upkeep did something."""

    id: Annotated[UUID, about("What the collector calls it")]
    task: Annotated[Task, about("What was to be done")]
    state: Annotated[State, about("How it went: running, done or failed")]
    began_at: Annotated[datetime, about("When it began, UTC")]
    ended_at: Annotated[datetime | None, about("When it ended, UTC; null while it runs")]
    done: Annotated[str, about("What was done, in words")]
    error: Annotated[str | None, about("What went wrong, and what to do; null if nothing did")]


class Backup(Struct, frozen=True, kw_only=True):
    """A copy that this server made and that is still where it was put."""

    directory: Annotated[str, about("Where it is, on the server's machine")]
    made_at: Annotated[datetime, about("The moment it is of, UTC")]
    size_bytes: Annotated[int, about("What it takes", "byte")]


class Erasure(Struct, frozen=True, kw_only=True):
    """Something that was erased. Whom it was, is kept nowhere but as a digest of its id."""

    kind: Annotated[Literal["school", "agent"], about("What was erased")]
    asked_at: Annotated[datetime, about("When it was asked for, UTC")]
    done_at: Annotated[datetime | None, about("When it was gone from here, UTC; null until then")]
    gone_by: Annotated[
        datetime | None,
        about("When the last backup that has it is deleted, UTC; null if none has it"),
    ]


class ErasurePlan(Struct, frozen=True, kw_only=True):
    """What goes with a school or an agent, and where it stays for a while."""

    kind: Annotated[Literal["school", "agent"], about("What is to go")]
    name: Annotated[str, about("Its name")]
    id: Annotated[UUID, about("What the collector calls it")]
    agents: Annotated[tuple[str, ...], about("Agents that go, by name")]
    links: Annotated[tuple[str, ...], about("Lines that go, because nobody else is behind them")]
    reflectors: Annotated[tuple[str, ...], about("Test servers that go with these lines")]
    rooms: Annotated[int, about("Rooms with a code that go")]
    still_named: Annotated[
        tuple[str, ...], about("Where its name stands too, and stays unless you change it")
    ]
    backups: Annotated[tuple[str, ...], about("Backups that have it")]
    gone_by: Annotated[
        datetime | None,
        about("When the last of these backups is deleted, UTC; null if there is none"),
    ]
    aside: Annotated[
        tuple[str, ...],
        about("Folders with data that a restore put aside: they have it until you delete them"),
    ]
    run: Annotated[UUID | None, about("The run that erases it; null if that was not asked for")] = (
        None
    )


class UpkeepSetting(Struct, frozen=True, kw_only=True):
    """How long something is kept, or when upkeep does what."""

    key: Annotated[str, about("Its dotted key")]
    value: Annotated[SettingValue, about("What is in force")]
    default: Annotated[SettingValue, about("What it is where nothing is set")]
    unit: Annotated[str, about("Unit of the value, empty if it has none")]
    meaning: Annotated[str, about("What it does")]
    expected: Annotated[str, about("What it may be, in words")]


class Expiry(Struct, frozen=True, kw_only=True):
    """What goes under a setting the next time that upkeep runs."""

    key: Annotated[str, about("The setting")]
    before: Annotated[datetime, about("What began before this goes, UTC")]
    rows: Annotated[int, about("How many rows that is today")]


class SettingAnswer(Struct, frozen=True, kw_only=True):
    """A setting, and what it lets go of; null if it keeps nothing."""

    setting: Annotated[UpkeepSetting, about("The setting as it is, or would be")]
    expiry: Annotated[Expiry | None, about("What goes under it; null if it isn't about that")]


class Storage(Struct, frozen=True, kw_only=True):
    """What is kept, and what upkeep did last."""

    results_bytes: Annotated[int, about("Results on this disk; 0 with ClickHouse", "byte")]
    sealed_bytes: Annotated[int, about("Of these, in closed months", "byte")]
    results: Annotated[ResultsKeeper, about("What keeps the results")]
    control: Annotated[
        Literal["sqlite", "postgresql"], about("What keeps schools, agents and settings")
    ]
    control_bytes: Annotated[
        int, about("Schools, agents and settings on this disk; 0 with PostgreSQL", "byte")
    ]
    backups_bytes: Annotated[int, about("Backups in the data directory", "byte")]
    free_bytes: Annotated[int, about("Room left on the disk", "byte")]
    next_run_at: Annotated[datetime, about("When upkeep runs next, UTC")]
    runs: Annotated[tuple[Run, ...], about("The latest runs, newest first")]
    backups: Annotated[tuple[Backup, ...], about("Backups there are, newest first")]
    erasures: Annotated[tuple[Erasure, ...], about("What was erased, newest first")]
    aside: Annotated[tuple[str, ...], about("Folders with data that a restore put aside")]
