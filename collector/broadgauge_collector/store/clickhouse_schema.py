"""Tables of results in ClickHouse, for one server and for a cluster, from the columns of every
store."""

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Struct

from broadgauge_wire import RESULT_KINDS
from broadgauge_wire.catalogue import fields_of

from . import schema
from .schema import Column

MOMENT = schema.moment_column("moment")
"""When it began by the collector's clock: what is asked for, and how rows are laid down."""

DISTRICT = schema.id_column("district_id")
"""Whose it is: a cluster keeps the results of one district together."""

COMMITS = (schema.COMMIT, schema.number_column("results"))
"""How many results a commit brought, so that followers find where to stop without counting."""

OWNER = (schema.id_column("incarnation"),)
"""Which control database numbers the commits."""

TYPES = {
    "UUID": "UUID",
    "TIMESTAMP": "DateTime64(6, 'UTC')",
    "VARCHAR": "String",
    "BIGINT": "Int64",
    "DOUBLE": "Float64",
    "BOOLEAN": "Bool",
    "BLOB": "String",
    "DOUBLE[]": "Array(Float64)",
}

CODECS = {"Int64": "Delta, ZSTD", "DateTime64(6, 'UTC')": "Delta, ZSTD", "Float64": "ZSTD"}

DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"
"""What was answered survives a power cut; left to itself, ClickHouse leaves that to the system."""


class Table(Struct, frozen=True):
    """A table: `key` is how rows are laid down, `month` the moment it is divided by."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    month: str | None
    choices: frozenset[str] = frozenset()

    @property
    def counts(self) -> bool:
        """Whether its rows are of commits, and count or don't."""
        return schema.COMMIT in self.columns

    @property
    def shard(self) -> str:
        """What a cluster divides rows by."""
        return DISTRICT.name if DISTRICT in self.columns else self.key[0]

    @property
    def given(self) -> frozenset[str]:
        """Columns that every row has. Others are null where an older row lacks them."""
        receipt = (column.name for column in (*schema.RECEIPT, DISTRICT, schema.COMMIT))
        return frozenset((*self.key, "started_at", *receipt))


@cache
def tables() -> dict[str, Table]:
    """Every table, by name."""
    made = [_kind(kind) for kind in RESULT_KINDS]
    made.append(
        Table(
            schema.HOURLY,
            (*schema.stored_columns_of(schema.HOURLY), DISTRICT),
            ("school_id", "started_at"),
            "started_at",
        )
    )
    made.append(
        Table(
            "refused",
            (*schema.REFUSED, schema.COMMIT, DISTRICT),
            ("agent_id", "epoch", "lane", "sequence", "index"),
            "received_at",
        )
    )
    made.append(Table("commits", COMMITS, (schema.COMMIT.name,), None))
    made.append(Table("owner", OWNER, ("incarnation",), None))
    return {table.name: table for table in made}


def making(table: Table, cluster: str | None) -> Iterator[str]:
    """Statements that make a table that isn't there.

    On a cluster, rows are in a table of each shard, copied to all of its replicas; the table of the
    plain name finds and divides them.
    """
    columns = ", ".join(f"`{column.name}` {_type(table, column)}" for column in table.columns)
    month = f"PARTITION BY toYYYYMM(`{table.month}`) " if table.month else ""
    key = ", ".join(f"`{name}`" for name in table.key)
    index = ", INDEX by_commit `commit_number` TYPE minmax GRANULARITY 1" if table.counts else ""
    rest = f"{month}ORDER BY ({key}) SETTINGS {DURABLE}"
    yield (
        f"CREATE TABLE IF NOT EXISTS `{local(table, cluster)}` {_everywhere(cluster)}"
        f"({columns}{index}) ENGINE = {_engine(table, cluster)} {rest}"
    )
    if cluster:
        yield (
            f"CREATE TABLE IF NOT EXISTS `{table.name}` {_everywhere(cluster)}"
            f"AS `{local(table, cluster)}` ENGINE = Distributed({_quoted(cluster)}, "
            f"currentDatabase(), {_quoted(local(table, cluster))}, cityHash64(`{table.shard}`))"
        )


def adding(table: Table, column: Column, cluster: str | None) -> Iterator[str]:
    """Statements that add a column to a table of an older version."""
    for name in dict.fromkeys((local(table, cluster), table.name)):
        yield (
            f"ALTER TABLE `{name}` {_everywhere(cluster)}"
            f"ADD COLUMN IF NOT EXISTS `{column.name}` {_type(table, column)}"
        )


def removing(table: Table, condition: str, cluster: str | None) -> str:
    """A statement that removes rows, wherever they are."""
    return f"ALTER TABLE `{local(table, cluster)}` {_everywhere(cluster)}DELETE WHERE {condition}"


def local(table: Table, cluster: str | None) -> str:
    """The table that rows are in."""
    return f"{table.name}_local" if cluster else table.name


def _everywhere(cluster: str | None) -> str:
    return f"ON CLUSTER {_quoted(cluster)} " if cluster else ""


def _engine(table: Table, cluster: str | None) -> str:
    if cluster is None:
        return "MergeTree"
    path = f"/clickhouse/tables/{{shard}}/{{database}}/{local(table, cluster)}"
    return f"ReplicatedMergeTree('{path}', '{{replica}}')"


def _kind(kind: str) -> Table:
    columns = (*schema.stored_columns_of(kind), MOMENT, DISTRICT)
    choices = frozenset(f.name for f in fields_of(kind) if _is_choice(f.type))
    return Table(kind, columns, ("school_id", "moment", "id"), "moment", choices)


def _type(table: Table, column: Column) -> str:
    plain = TYPES[column.sql]
    codec = f" CODEC({CODECS[plain]})" if plain in CODECS else ""
    if column.name in table.given or plain.startswith("Array"):
        return plain + codec
    if column.name in table.choices:
        return f"LowCardinality(Nullable({plain}))"
    return f"Nullable({plain}){codec}"


def _is_choice(hint: Any) -> bool:
    """Whether it is one of a few words."""
    origin = get_origin(hint)
    if origin is Annotated or origin in (Union, UnionType):
        return any(_is_choice(inner) for inner in get_args(hint))
    return origin is Literal


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
