"""What counted at one moment, asked of ClickHouse."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa

from . import schema
from .clickhouse_client import ClickHouse
from .clickhouse_ledger import Snapshot

COUNTED = "commit_number <= {upto:Int64} AND commit_number NOT IN {not_counted:Array(Int64)}"

KEPT_AS_HOURS = "moment < {hours_before} AND commit_number <= {{hours_upto:Int64}}"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(name: str) -> str:
    """A moment given as a value, in SQL."""
    return f"fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')"


def counted(table: str) -> str:
    """The condition of rows of a table that count. Every question has it."""
    if table != "latency":
        return COUNTED
    as_hours = KEPT_AS_HOURS.format(hours_before=moment_of("hours_before"))
    return f"{COUNTED} AND NOT ({as_hours})"


def microseconds(moment: datetime) -> int:
    """A moment as a value."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class Seen(NamedTuple):
    """ClickHouse as it was at one moment: its queries say `counted` of each table."""

    clickhouse: ClickHouse
    snapshot: Snapshot

    def table(self, query: str, values: Mapping[str, Any]) -> pa.Table:
        """What a query answers."""
        return self.clickhouse.table(query, self._with_snapshot(values))

    def rows(self, query: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """The same, row by row."""
        return self.clickhouse.rows(query, self._with_snapshot(values))

    def run(self, statement: str, settings: Mapping[str, Any]) -> None:
        """A statement that reads what counted, and answers nothing."""
        self.clickhouse.run(statement, self._with_snapshot({}), settings)

    def number(self, query: str, values: Mapping[str, Any]) -> int:
        """The one number that a query answers."""
        return self.clickhouse.number(query, self._with_snapshot(values))

    def _with_snapshot(self, values: Mapping[str, Any]) -> dict[str, Any]:
        snapshot = self.snapshot
        return {
            "upto": snapshot.upto,
            "not_counted": list(snapshot.not_counted),
            "hours_before": microseconds(snapshot.hours_before or EPOCH),
            "hours_upto": snapshot.hours_upto,
            **values,
        }


def listed(ids: Iterable[UUID | str], type_: str = "UUID") -> str:
    """Ids or digests in SQL, however many: what is sent as a value may have 128 KiB."""
    quoted = ", ".join(f"'{id_}'" for id_ in ids)
    return f"CAST([{quoted}] AS Array({type_}))"


def shown(kind: str) -> str:
    """The columns of one kind that are shown, in SQL: ids as text."""
    return ", ".join(_shown(column) for column in schema.columns_of(kind))


def _shown(column: schema.Column) -> str:
    name = f"t.`{column.name}`"
    value = f"toString({name})" if column.sql == "UUID" else name
    return f"{value} AS `{column.name}`"
