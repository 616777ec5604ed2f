"""Results and refused records as they were sent, from ClickHouse."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from msgspec import Struct

from .clickhouse_seen import Seen, counted, microseconds, moment_of, shown
from .results import MOST_TALLIES, Place, RefusedRecord, RefusedTally

NEWEST_RESULTS = "t.moment DESC, toUInt128(t.id) DESC"
BEFORE = f"(t.moment, toUInt128(t.id)) < ({moment_of('before')}, toUInt128({{before_id:UUID}}))"

Conditions = tuple[list[str], dict[str, Any]]
"""In SQL, and their values."""


class Asked(Struct, frozen=True, kw_only=True):
    """Which rows are asked for: all, but for what is given."""

    school_id: UUID | None = None
    agent_id: UUID | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self, moment: str) -> Conditions:
        """`moment` is the column that `since` and `until` are of."""
        values = {
            "school": self.school_id,
            "agent": self.agent_id,
            "reason": self.reason,
            "since": self.since and microseconds(self.since),
            "until": self.until and microseconds(self.until),
        }
        conditions = {
            "school": "t.school_id = {school:UUID}",
            "agent": "t.agent_id = {agent:UUID}",
            "reason": "t.reason = {reason:String}",
            "since": f"t.{moment} >= {moment_of('since')}",
            "until": f"t.{moment} < {moment_of('until')}",
        }
        given = {name: value for name, value in values.items() if value is not None}
        return [conditions[name] for name in given], given


def read_results(seen: Seen, kind: str, asked: Asked, before: Place | None, limit: int) -> pa.Table:
    """Results of one kind, newest first; see the store. KeyError for an unknown kind."""
    conditions, values = asked.conditions("moment")
    if before is not None:
        conditions.append(BEFORE)
        values |= {"before": microseconds(before.moment), "before_id": before.id}
    query = f"""
        SELECT {shown(kind)} FROM {kind} AS t
        WHERE {" AND ".join([counted(kind), *conditions])}
        ORDER BY {NEWEST_RESULTS} LIMIT {{limit:Int64}}
    """  # noqa: S608 - names of our own
    return seen.table(query, values | {"limit": limit})


def find_result(seen: Seen, kind: str, result_id: UUID) -> pa.Table:
    """The result with this id; see the store."""
    query = f"""
        SELECT {shown(kind)} FROM {kind} AS t
        WHERE {counted(kind)} AND t.id = {{id:UUID}} LIMIT 1
    """  # noqa: S608 - names of our own
    return seen.table(query, {"id": result_id})


def read_refused(seen: Seen, asked: Asked, limit: int) -> list[RefusedRecord]:
    """Records that were set aside, the last received first."""
    conditions, values = asked.conditions("received_at")
    query = f"""
        SELECT toString(agent_id), toString(school_id), received_at, toString(epoch), lane,
            sequence, `index`, id, reason, body
        FROM refused AS t WHERE {" AND ".join([counted("refused"), *conditions])}
        ORDER BY received_at DESC, agent_id, sequence, `index`
        LIMIT 1 BY agent_id, epoch, lane, sequence, digest, `index` LIMIT {{limit:Int64}}
    """  # noqa: S608 - names of our own
    return [_refused(row) for row in seen.rows(query, values | {"limit": limit})]


def tally_refused(seen: Seen) -> list[RefusedTally]:
    """How many records were set aside of each agent for each reason."""
    query = f"""
        SELECT toString(agent_id), toString(school_id), reason,
            uniqExact(epoch, lane, sequence, digest, `index`), min(received_at) AS first_at,
            max(received_at) AS last_at
        FROM refused WHERE {counted("refused")} GROUP BY agent_id, school_id, reason
        ORDER BY last_at DESC, agent_id, reason LIMIT {MOST_TALLIES}
    """  # noqa: S608 - names of our own
    return [_tally(row) for row in seen.rows(query, {})]


def _refused(row: tuple[Any, ...]) -> RefusedRecord:
    agent, school, received_at, epoch, *rest = row
    received = received_at.replace(tzinfo=UTC)
    return RefusedRecord(UUID(agent), UUID(school), received, UUID(epoch), *rest)


def _tally(row: tuple[Any, ...]) -> RefusedTally:
    agent, school, reason, records, *received = row
    first_at, last_at = (at.replace(tzinfo=UTC) for at in received)
    return RefusedTally(UUID(agent), UUID(school), reason, records, first_at, last_at)
