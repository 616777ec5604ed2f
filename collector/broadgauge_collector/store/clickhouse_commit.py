"""A group of batches on its way into ClickHouse, under a number that counts once all of it is in.

The numbers are the ledger's: what is inserted here is seen by nobody until `finish` said so there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from sqlalchemy import Connection, select

from broadgauge_wire import BatchKey, Refusal, kind_of

from . import schema, tables
from .arrow_rows import result_tables
from .aside_rows import OTHER_CONTENT, every_row, refused_rows
from .clickhouse_ledger import Claim, in_pieces
from .clickhouse_schema import COMMITS, DISTRICT, MOMENT
from .clickhouse_seen import Seen, counted, listed
from .results import Incoming, Outcome

Batch = tuple[BatchKey, bytes]
"""A batch and its content."""

UNTOUCHED = frozenset({"new", "under_way", "erased"})
"""How batches stand of which nothing was stored before, or nothing is looked for."""

MICROSECONDS = 1_000_000


class Writing(Struct, frozen=True, kw_only=True):
    """A claimed group: what counted when it was claimed, the district of each school (a school that
    none is known of stands alone), and how inserts are made."""

    seen: Seen
    claim: Claim
    districts: Mapping[UUID, UUID]
    insert: Mapping[str, Any]


def write(writing: Writing, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
    """Insert what is new of a group; an outcome for each batch."""
    standing = list(zip(group, writing.claim.standings, strict=True))
    new = [incoming for incoming, stands in standing if stands == "new"]
    known = [incoming for incoming, stands in standing if stands not in UNTOUCHED]
    refusals = _refused_before(writing, known) if known else {}
    refusals |= {_batch(each): tuple(a.refusal for a in each.refused) for each in new}
    conflicts: dict[Batch, Incoming] = {}
    outcomes = []
    for incoming, stands in standing:
        before = refusals.get(_batch(incoming), ())
        if stands == "under_way" or stands == "erased":
            outcomes.append(Outcome(state=stands))
        elif stands == "new":
            outcomes.append(Outcome(state="stored", refused=before))
        elif stands in ("seen", "repeated") or (
            stands == "forgotten" and _is_stored(writing, incoming, before)
        ):
            outcomes.append(Outcome(state="seen", refused=before))
        else:
            if not before:
                conflicts[_batch(incoming)] = incoming
            outcomes.append(Outcome(state="conflict"))
    _insert(writing, new, conflicts.values())
    return tuple(outcomes)


def _insert(writing: Writing, new: Sequence[Incoming], conflicts: Collection[Incoming]) -> None:
    results = result_tables(new)
    for kind, table in results.items():
        moments = with_moments(table)
        writing.seen.clickhouse.insert(kind, _numbered(writing, moments), writing.insert)
    aside = [row for incoming in new for row in refused_rows(incoming)]
    aside += [row for incoming in conflicts for row in every_row(incoming)]
    if aside:
        refused = table_of(schema.REFUSED, aside)
        writing.seen.clickhouse.insert("refused", _numbered(writing, refused), writing.insert)
    if results:  # followers look for commits that brought some
        count = sum(table.num_rows for table in results.values())
        row = table_of(COMMITS, [(writing.claim.number, count)])
        writing.seen.clickhouse.insert("commits", row, writing.insert)


def with_moments(table: pa.Table) -> pa.Table:
    """The same with the moment by the collector's clock."""
    offsets = pc.round(pc.multiply(table["clock_offset_seconds"], float(MICROSECONDS)))
    micros = pc.fill_null(pc.cast(offsets, pa.int64()), 0)
    moments = pc.add(table["started_at"], pc.cast(micros, pa.duration("us")))
    return table.append_column(MOMENT.name, moments)


def table_of(columns: Sequence[schema.Column], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows as a table."""
    arrays = [
        column.array(values)
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    return pa.table(arrays, [column.name for column in columns])


def _numbered(writing: Writing, table: pa.Table) -> pa.Table:
    number = pa.repeat(pa.scalar(writing.claim.number, pa.int64()), table.num_rows)
    schools = table["school_id"].to_pylist()
    districts = DISTRICT.array([writing.districts.get(school, school) for school in schools])
    numbered = table.append_column(schema.COMMIT.name, number)
    return numbered.append_column(DISTRICT.name, districts)


def _batch(incoming: Incoming) -> Batch:
    return incoming.key, incoming.digest


def _is_stored(writing: Writing, incoming: Incoming, before: tuple[Refusal, ...]) -> bool:
    """The ledger forgot this batch, but what it left is there."""
    if any(refusal.reason != OTHER_CONTENT for refusal in before):
        return True
    return not incoming.refused and all(
        _has_all(writing, incoming, kind, ids) for kind, ids in _ids_by_kind(incoming).items()
    )


def _ids_by_kind(incoming: Incoming) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    for result in incoming.accepted:
        found[kind_of(result)].append(result.id)
    return found


def _has_all(writing: Writing, incoming: Incoming, kind: str, ids: list[UUID]) -> bool:
    query = f"""
        SELECT uniqExact(id) FROM {kind}
        WHERE school_id = {{school:UUID}} AND agent_id = {{agent:UUID}}
            AND id IN (SELECT arrayJoin({listed(ids)})) AND {counted(kind)}
    """  # noqa: S608 - names of our own
    values = {"school": incoming.school_id, "agent": incoming.key.agent_id}
    return writing.seen.number(query, values) == len(ids)


def _refused_before(
    writing: Writing, batches: Iterable[Incoming]
) -> dict[Batch, tuple[Refusal, ...]]:
    """What was refused of these batches, by batch and content."""
    agents = {incoming.key.agent_id for incoming in batches}
    digests = {incoming.digest.hex().upper() for incoming in batches}
    query = f"""
        SELECT toString(agent_id), toString(epoch), lane, sequence, hex(digest), `index`, id, reason
        FROM refused WHERE agent_id IN (SELECT arrayJoin({listed(agents)}))
            AND hex(digest) IN (SELECT arrayJoin({listed(digests, "String")}))
            AND {counted("refused")}
        ORDER BY `index` LIMIT 1 BY agent_id, epoch, lane, sequence, digest, `index`
    """  # noqa: S608 - names of our own
    found: dict[Batch, list[Refusal]] = defaultdict(list)
    rows = writing.seen.rows(query, {})
    for agent, epoch, lane, sequence, digest, index, id_, reason in rows:
        key = BatchKey(agent_id=UUID(agent), epoch=UUID(epoch), lane=lane, sequence=sequence)
        found[key, bytes.fromhex(digest)].append(Refusal(index=index, id=id_, reason=reason))
    return {batch: tuple(refusals) for batch, refusals in found.items()}


def districts_of(connection: Connection, school_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The district of each of these schools that is known."""
    school = tables.school
    found: dict[UUID, UUID] = {}
    for some in in_pieces(list(school_ids)):
        query = select(school.c.id, school.c.district_id).where(school.c.id.in_(some))
        found |= {row.id: row.district_id for row in connection.execute(query)}
    return found
