"""Which commits and batches count, where several collectors share a store of results.

Kept in the control database, whose write transactions come one after the other: a commit gets its
number, and its batches theirs in the ledger, before anything of it is inserted elsewhere; it counts
once its row in `results_commit` is gone. See docs/design/dd-013-clickhouse.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, true, tuple_, update
from sqlalchemy.sql import ColumnElement

from broadgauge_wire import BatchKey, new_id

from ..errors import Busy, CollectorError
from . import tables
from .control import ControlStore
from .erased import Kind, erased_among
from .ledger import LaneKey, LaneLedger, Span, lane_of
from .results import Incoming

LEASE = timedelta(minutes=2)
"""A commit that takes longer is given up for dead by other collectors, and can't count any more.
Clocks that differ, or a collector that is only slow, cost time, never a result."""

VOID_KEPT = timedelta(days=1)
"""No insert of a commit that was given up comes later than this."""

PRUNE_EVERY = 32
"""Batches of a lane between two prunings of its ledger."""

GIVEN_UP = "Storing took so long that another collector gave it up. Send it again."

AT_ONCE = 500
"""Keys in one statement: databases bound the values they take."""

PENDING = "pending"
VOID = "void"

Standing = Literal["new", "repeated", "seen", "conflict", "forgotten", "under_way", "erased"]
"""What the ledger says of a batch. `repeated`: new, and in the group before. `forgotten`: so old
that only the results can tell. `under_way`: another collector is storing it. `erased`: its agent or
its school was, which a collector may have yet to learn."""

counter = tables.results_store
commits = tables.results_commit
ledger = tables.batch_ledger
spans = tables.batch_span

LANE = (ledger.c.agent_id, ledger.c.epoch, ledger.c.lane)
Key = TypeVar("Key")


class Snapshot(NamedTuple):
    """Which commits counted at one moment: those up to `upto` but for `not_counted`. All up to
    `settled` either count or never will; `oldest_began_at` is of the oldest that may still.

    Of latency windows that began before `hours_before`, those of commits up to `hours_upto` are
    kept as hours.
    """

    upto: int
    not_counted: tuple[int, ...]
    settled: int
    oldest_began_at: datetime | None
    hours_before: datetime | None
    hours_upto: int


class Claim(NamedTuple):
    """A group on its way: the number of its commit, and how each batch stands."""

    number: int
    standings: tuple[Standing, ...]


class _Known(NamedTuple):
    digest: bytes
    commit: int
    pending: bool


def now() -> datetime:
    """The collector's clock."""
    return datetime.now(UTC)


def incarnation(c: Connection) -> UUID:
    """What tells this store from one that was restored from a backup; made now if there is none."""
    found: UUID | None = c.execute(select(counter.c.incarnation)).scalar()
    if found is not None:
        return found
    made = new_id()
    c.execute(insert(counter).values(only_row=True, incarnation=made, last_commit=0, hours_upto=0))
    return made


def snapshot(c: Connection) -> Snapshot:
    """Which commits count now."""
    joined = counter.outerjoin(commits, true())
    rows = c.execute(select(counter, commits).select_from(joined).order_by(commits.c.number)).all()
    upto = rows[0].last_commit
    pending = next((row for row in rows if row.state == PENDING), None)
    return Snapshot(
        upto=upto,
        not_counted=tuple(row.number for row in rows if row.number is not None),
        settled=pending.number - 1 if pending else upto,
        oldest_began_at=pending.began_at if pending else None,
        hours_before=rows[0].hours_before,
        hours_upto=rows[0].hours_upto,
    )


def count_hours(c: Connection, number: int, seen: Snapshot, before: datetime) -> None:
    """Make a commit of hours count in place of the latency windows they are of: those that began
    before an instant and were settled when seen. Busy if others did that meanwhile, or gave this
    one up: then nothing may be kept of this transaction."""
    same = (counter.c.hours_upto == seen.hours_upto) & counter.c.hours_before.is_not_distinct_from(
        seen.hours_before
    )
    as_hours = update(counter).where(same).values(hours_before=before, hours_upto=seen.settled)
    if c.execute(as_hours).rowcount != 1:
        raise Busy("Another collector laid the hours together meanwhile.")
    if not finish(c, number, ()):
        raise Busy(GIVEN_UP)


def claim(c: Connection, group: Sequence[Incoming], at: datetime) -> Claim:
    """Number a commit, and note in the ledger the batches of the group that are new."""
    give_up_abandoned(c, at)
    number = _next_number(c)
    known = _known(c, {incoming.key for incoming in group})
    passed = _passed(c, {lane_of(incoming.key) for incoming in group})
    erased = _erased(c, group)
    standings: list[Standing] = []
    for incoming in group:
        if not erased.isdisjoint((incoming.key.agent_id, incoming.school_id)):
            standings.append("erased")
            continue
        standing = _standing(incoming, known.get(incoming.key), passed, number)
        if standing == "new":
            known[incoming.key] = _Known(incoming.digest, number, pending=True)
        standings.append(standing)
    new = [i for i, standing in zip(group, standings, strict=True) if standing == "new"]
    if new:
        c.execute(insert(ledger), [_ledger_row(incoming, number) for incoming in new])
    c.execute(insert(commits).values(number=number, state=PENDING, began_at=at))
    return Claim(number, tuple(standings))


def go_on(c: Connection, number: int) -> None:
    """Begin the lease of a commit anew. Busy if it was given up."""
    mine = (commits.c.number == number) & (commits.c.state == PENDING)
    if c.execute(update(commits).where(mine).values(began_at=now())).rowcount != 1:
        raise Busy(GIVEN_UP)


def finish(c: Connection, number: int, stored: Iterable[BatchKey]) -> bool:
    """Make the commit count; False if it was given up by another collector meanwhile."""
    pending = (commits.c.number == number) & (commits.c.state == PENDING)
    if c.execute(delete(commits).where(pending)).rowcount != 1:
        return False
    for lane in {lane_of(key) for key in stored if key.sequence % PRUNE_EVERY == 0}:
        _prune(c, lane)
    return True


def give_up(c: Connection, condition: ColumnElement[bool]) -> None:
    """See to it that pending commits never count: their batches may be claimed again."""
    pending = select(commits.c.number).where(commits.c.state == PENDING, condition)
    numbers = c.execute(pending).scalars().all()
    for some in in_pieces(numbers):
        c.execute(delete(ledger).where(ledger.c.commit_number.in_(some)))
        c.execute(update(commits).where(commits.c.number.in_(some)).values(state=VOID))


def give_up_commit(c: Connection, number: int) -> None:
    """The same for one commit, unless it counts already."""
    give_up(c, commits.c.number == number)


def try_to_give_up(control: ControlStore, number: int) -> None:
    """The same now if it can be; else others will once its lease has ended."""
    with suppress(CollectorError), control.begin() as c:
        give_up_commit(c, number)


def give_up_abandoned(c: Connection, at: datetime) -> None:
    """The same for commits whose collector has not been heard of for too long."""
    give_up(c, commits.c.began_at < at - LEASE)


def settled_snapshot(control: ControlStore) -> Snapshot:
    """Which commits count now; those whose collector is gone never will."""
    with control.connect() as c:
        seen = snapshot(c)
    if seen.oldest_began_at is None or seen.oldest_began_at >= now() - LEASE:
        return seen
    with control.begin() as c:
        give_up_abandoned(c, now())
        return snapshot(c)


def voided(c: Connection, at: datetime) -> list[int]:
    """Commits that never will count, and of which no more rows can come."""
    old = (commits.c.state == VOID) & (commits.c.began_at < at - VOID_KEPT)
    return list(c.execute(select(commits.c.number).where(old)).scalars())


def forget(c: Connection, numbers: Collection[int]) -> None:
    """Drop the notes of void commits; their rows must be gone."""
    for some in in_pieces(list(numbers)):
        c.execute(delete(commits).where(commits.c.state == VOID, commits.c.number.in_(some)))


def in_pieces(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """As many at once as a statement takes."""
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))


def _next_number(c: Connection) -> int:
    c.execute(update(counter).values(last_commit=counter.c.last_commit + 1))
    return int(c.execute(select(counter.c.last_commit)).scalar_one())


def _known(c: Connection, keys: Collection[BatchKey]) -> dict[BatchKey, _Known]:
    query = select(ledger, commits.c.state).outerjoin(
        commits, commits.c.number == ledger.c.commit_number
    )
    found = {}
    for some in in_pieces([(*lane_of(key), key.sequence) for key in keys]):
        for row in c.execute(query.where(tuple_(*LANE, ledger.c.sequence).in_(some))):
            key = BatchKey(
                agent_id=row.agent_id, epoch=row.epoch, lane=row.lane, sequence=row.sequence
            )
            found[key] = _Known(row.digest, row.commit_number, row.state == PENDING)
    return found


def _passed(c: Connection, lanes: Collection[LaneKey]) -> dict[LaneKey, LaneLedger]:
    """What the lanes have no digests of any more."""
    lane = tuple_(spans.c.agent_id, spans.c.epoch, spans.c.lane)
    found = defaultdict[LaneKey, LaneLedger](LaneLedger)
    for some in in_pieces(list(lanes)):
        for row in c.execute(select(spans).where(lane.in_(some)).order_by(spans.c.first)):
            found[row.agent_id, row.epoch, row.lane].passed += (Span(row.first, row.last),)
    return found


def _erased(c: Connection, group: Sequence[Incoming]) -> set[UUID]:
    """Whose results must not come in any more."""
    owners: set[tuple[Kind, UUID]] = {("agent", incoming.key.agent_id) for incoming in group}
    owners |= {("school", incoming.school_id) for incoming in group}
    return {id_ for some in in_pieces(list(owners)) for id_ in erased_among(c, some)}


def _standing(
    incoming: Incoming, known: _Known | None, passed: dict[LaneKey, LaneLedger], number: int
) -> Standing:
    if known is None:
        lane = passed.get(lane_of(incoming.key))
        return "forgotten" if lane and lane.has_passed(incoming.key.sequence) else "new"
    same = known.digest == incoming.digest
    if known.commit == number:
        return "repeated" if same else "conflict"
    if known.pending:
        return "under_way"
    return "seen" if same else "conflict"


def _ledger_row(incoming: Incoming, number: int) -> dict[str, Any]:
    key = incoming.key
    return {
        "agent_id": key.agent_id,
        "epoch": key.epoch,
        "lane": key.lane,
        "sequence": key.sequence,
        "digest": incoming.digest,
        "commit_number": number,
    }


def _prune(c: Connection, lane: LaneKey) -> None:
    """Let go of the lane's old digests."""
    mine = [column == value for column, value in zip(LANE, lane, strict=True)]
    counts = ledger.c.commit_number.not_in(select(commits.c.number))
    batches = select(ledger.c.sequence, ledger.c.digest).where(*mine, counts)
    kept = _passed(c, [lane])[lane]
    kept.digests = {row.sequence: row.digest for row in c.execute(batches)}
    if not kept.prune():
        return
    for span in kept.passed:
        c.execute(delete(ledger).where(*mine, ledger.c.sequence.between(*span)))
    agent_id, epoch, name = lane
    same = [spans.c.agent_id == agent_id, spans.c.epoch == epoch, spans.c.lane == name]
    c.execute(delete(spans).where(*same))
    of_lane = {"agent_id": agent_id, "epoch": epoch, "lane": name}
    c.execute(insert(spans), [of_lane | span._asdict() for span in kept.passed])
