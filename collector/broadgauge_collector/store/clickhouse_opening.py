"""What is done when ClickHouse is opened: its tables are made, and they are this control database's
alone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from ..errors import CannotStart
from . import clickhouse_ledger as ledger
from .clickhouse_client import ClickHouse
from .clickhouse_commit import table_of
from .clickhouse_schema import OWNER, Table, adding, making, tables
from .control import ControlStore

COLUMNS = "SELECT table, name FROM system.columns WHERE database = currentDatabase()"

GUIDE = "docs/how-to/many-collectors.md says what to do."


def bring_up_to_date(clickhouse: ClickHouse, cluster: str | None) -> None:
    """Make the tables that aren't there, and add the columns that an older version lacked."""
    present: dict[str, set[str]] = defaultdict(set)
    for name, column in clickhouse.rows(COLUMNS):
        present[name].add(column)
    for table in tables().values():
        for statement in _missing(table, present[table.name], cluster):
            clickhouse.run(statement)


def _missing(table: Table, present: set[str], cluster: str | None) -> Iterator[str]:
    if not present:
        yield from making(table, cluster)
        return
    for column in table.columns:
        if column.name not in present:
            yield from adding(table, column, cluster)


def insert_settings(clickhouse: ClickHouse, cluster: str | None) -> dict[str, Any]:
    """On a cluster, what was answered is on every replica: none that is asked lags behind."""
    if cluster is None:
        return {}
    query = "SELECT max(replica_num) FROM system.clusters WHERE cluster = {cluster:String}"
    return {"insert_quorum": clickhouse.number(query, {"cluster": cluster})}


def claim_results(clickhouse: ClickHouse, control: ControlStore, insert: Mapping[str, Any]) -> UUID:
    """The store's incarnation. CannotStart if ClickHouse has what this control database knows
    nothing of: each would number commits of its own there."""
    newest = clickhouse.number("SELECT max(commit_number) FROM commits")
    with control.begin() as connection:
        incarnation = ledger.incarnation(connection)
        known = ledger.snapshot(connection).upto
    query = "SELECT DISTINCT toString(incarnation) FROM owner"
    if not list(clickhouse.rows(query)):
        clickhouse.insert("owner", table_of(OWNER, [(incarnation,)]), insert)
    if {UUID(found) for (found,) in clickhouse.rows(query)} != {incarnation}:
        raise CannotStart(
            "The results in ClickHouse belong to another control database, or one of the two was "
            f"restored from a backup alone. {GUIDE}"
        )
    if newest > known:
        raise CannotStart(
            f"ClickHouse has results up to commit {newest}, and the control database knows of "
            f"{known}: it was restored from an older backup. {GUIDE}"
        )
    return incarnation
