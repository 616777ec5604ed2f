"""Erasing a school or an agent: first its key and its rows, then its results, then every trace.

What is asked for is noted in the transaction that removes the rows, so a server that is killed in
between goes on where it was.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select, update

from ..config import ServerConfig
from ..errors import CollectorError
from ..store import ControlStore, DuckDBResults, Stores, tables
from ..store.erased import digest_of
from ..store.sqlite_file import scrub_database
from ..store.tables import erasure
from .backups import present_backups
from .erased import Erased, noted_erasures, read_erased, write_erased
from .going import (
    Going,
    going_agent,
    going_school,
    names_of,
    remove,
    result_ids,
    rooms_of,
    still_named,
)
from .model import Backup, Erasure, ErasurePlan
from .own_agent import id_of_own_agent
from .places import AGENT, ERASURES, control_file, put_aside
from .settings import in_force

log = structlog.get_logger()


class Pending(Struct, frozen=True, kw_only=True):
    """Whose results are still to go."""

    agent_ids: tuple[UUID, ...] = ()
    school_ids: tuple[UUID, ...] = ()


def who_goes(c: Connection, *, school: str | None, agent: str | None) -> Going:
    """The school or the agent of this name or id. NotFound if there is none."""
    return going_school(c, school) if school is not None else going_agent(c, agent or "")


def plan_of(
    c: Connection, going: Going, backups: Iterable[Backup], data: Path, now: datetime
) -> ErasurePlan:
    """What would go, and what would stay for a while."""
    having = tuple(backup.directory for backup in backups)
    lasts = timedelta(days=in_force(c).backup.after_erasure_days)
    return ErasurePlan(
        kind=going.kind,
        name=going.name,
        id=going.id,
        agents=names_of(c, tables.agent, going.agent_ids),
        links=names_of(c, tables.link, going.link_ids),
        reflectors=names_of(c, tables.reflector, going.reflector_ids),
        rooms=rooms_of(c, going),
        still_named=(*still_named(c, going), *_own_agent(data, going)),
        backups=having,
        gone_by=now + lasts if having else None,
        aside=tuple(str(folder) for folder in put_aside(data)),
    )


def begin_erasure(c: Connection, going: Going, now: datetime) -> Pending:
    """Remove it from the control database, so that its keys open nothing, and note that its results
    are to go."""
    pending = Pending(**result_ids(going))
    digest = digest_of(going.kind, going.id)
    _note(c, Erased(kind=going.kind, digest=digest.hex(), asked_at=now), pending)
    remove(c, going)
    return pending


def finish_erasures(stores: Stores, config: ServerConfig, now: datetime) -> str:
    """Erase whatever is still to go; how much that was, in words. Whatever fails is tried again."""
    with stores.control.connect() as c:
        waiting = c.execute(select(erasure).where(erasure.c.done_at.is_(None))).all()
    rows = sum(_erase_results(stores, row) for row in waiting)
    if waiting:
        _scrub(config)
        _note_everywhere(stores, config)
        with stores.control.begin() as c:
            digests = [row.digest for row in waiting]
            c.execute(update(erasure).where(erasure.c.digest.in_(digests)).values(done_at=now))
    return _words(Counter(row.kind for row in waiting), rows)


def begin_again(control: ControlStore, folder: Path) -> None:
    """Erase again what a folder's list says and an older backup brought back. Begun here, and done
    by `finish_erasures`."""
    with control.begin() as c:
        known = {each.digest for each in noted_erasures(c)}
        for each in read_erased(folder / ERASURES):
            if each.digest not in known:
                _begin_again(c, each)


def erase_returned(control: ControlStore, results: DuckDBResults) -> set[str]:
    """Erase results of whom the control database knows, by a digest alone, to have been erased:
    results that came back where it didn't. The digests of those who had some."""
    with control.connect() as c:
        erased = {each.digest for each in noted_erasures(c)}
    owners = results.owners() if erased else set()
    agents = {agent: digest_of("agent", agent).hex() for agent, _ in owners}
    schools = {school: digest_of("school", school).hex() for _, school in owners}
    gone = {id_: digest for id_, digest in (agents | schools).items() if digest in erased}
    if gone:
        staying = {agent for agent, school in owners if school not in gone}
        of_schools = agents.keys() - staying
        results.erase(
            agent_ids=of_schools | (agents.keys() & gone.keys()),
            school_ids=schools.keys() & gone.keys(),
        )
    return set(gone.values())


def list_erasures(c: Connection, backups: Iterable[Backup]) -> tuple[Erasure, ...]:
    """What was erased, newest first."""
    present = tuple(backups)
    lasts = timedelta(days=in_force(c).backup.after_erasure_days)
    rows = c.execute(select(erasure).order_by(erasure.c.asked_at.desc()))
    return tuple(
        Erasure(
            kind=row.kind,
            asked_at=row.asked_at,
            done_at=row.done_at,
            gone_by=row.asked_at + lasts if backups_with(present, row.done_at) else None,
        )
        for row in rows
    )


def backups_with(backups: Iterable[Backup], done_at: datetime | None) -> tuple[Backup, ...]:
    """Those that have what was gone only then, or isn't yet."""
    return tuple(backup for backup in backups if done_at is None or backup.made_at <= done_at)


def _own_agent(data: Path, going: Going) -> Iterator[str]:
    if id_of_own_agent(data) in going.agent_ids:
        yield f"the folder {data / AGENT} of this machine's own agent, until the server starts anew"


def _words(gone: Counter[str], rows: int) -> str:
    if not gone:
        return ""
    named = [f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in sorted(gone.items())]
    return f"{' and '.join(named)}, {rows:,} rows"


def _begin_again(c: Connection, erased: Erased) -> None:
    table = tables.school if erased.kind == "school" else tables.agent
    here = [
        id_
        for id_ in c.execute(select(table.c.id)).scalars()
        if digest_of(erased.kind, id_).hex() == erased.digest
    ]
    if not here:
        _note(c, erased, Pending())
    for id_ in here:
        by_id: dict[str, Any] = {"school": None, "agent": None, erased.kind: str(id_)}
        begin_erasure(c, who_goes(c, **by_id), erased.asked_at)


def _note(c: Connection, erased: Erased, pending: Pending) -> None:
    row = {"digest": bytes.fromhex(erased.digest), "kind": erased.kind}
    text = msgspec.json.encode(pending).decode()
    c.execute(insert(erasure).values(asked_at=erased.asked_at, pending=text, **row))


def _erase_results(stores: Stores, row: Row[Any]) -> int:
    if row.pending is None:
        return 0
    pending = msgspec.json.decode(row.pending, type=Pending)
    rows = 0
    if pending.agent_ids or pending.school_ids:
        rows = stores.results.erase(agent_ids=pending.agent_ids, school_ids=pending.school_ids)
    with stores.control.begin() as c:
        c.execute(update(erasure).where(erasure.c.digest == row.digest).values(pending=None))
    return rows


def _scrub(config: ServerConfig) -> None:
    if control := control_file(config):
        scrub_database(control)


def _note_everywhere(stores: Stores, config: ServerConfig) -> None:
    """In the data directory, and in each backup that can be reached: both outlive this one."""
    with stores.control.connect() as c:
        erased = noted_erasures(c)
    write_erased(config.data, erased)
    for backup in present_backups(stores):
        try:
            write_erased(Path(backup.directory), erased)
        except (OSError, CollectorError) as error:
            log.warning("erasure_not_noted", backup=backup.directory, why=str(error))
