"""How many refused records are kept: an agent that sends nothing else may not fill the disk.

The oldest make room, some at once, and are counted: what was refused last says what is wrong now.
"""

from typing import Any

import duckdb

MOST_OF_ONE_AGENT = 1_000

MOST_IN_ALL = 50_000
"""With 4096 bytes of each, 200 MB."""

MADE_ROOM = "made room for later ones"
"""The reason by which those that went are counted."""

AT_ONCE = 0.1
"""The share of a bound that goes at once, so that not each commit has to delete."""


def keep_within(connection: duckdb.DuckDBPyConnection) -> None:
    """In a transaction that set records aside: let the oldest go where there are too many."""
    query = "SELECT agent_id, count(*) FROM refused GROUP BY agent_id"
    in_all = 0
    for agent_id, count in connection.execute(query).fetchall():
        kept = count
        if count > MOST_OF_ONE_AGENT:
            kept = _rest(MOST_OF_ONE_AGENT)
            _let_go(connection, count - kept, "agent_id = ?", [agent_id])
        in_all += kept
    if in_all > MOST_IN_ALL:
        _let_go(connection, in_all - _rest(MOST_IN_ALL), "TRUE", [])


def _rest(bound: int) -> int:
    return bound - int(bound * AT_ONCE)


def _let_go(
    connection: duckdb.DuckDBPyConnection, records: int, condition: str, values: list[Any]
) -> None:
    """The oldest that a condition holds for; counted in refused_gone."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE going AS SELECT rowid AS place, agent_id, school_id, "  # noqa: S608
        f"received_at FROM main.refused WHERE {condition} ORDER BY received_at, rowid LIMIT ?",
        [*values, records],
    )
    connection.execute("DELETE FROM main.refused WHERE rowid IN (SELECT place FROM going)")
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE gone AS
        SELECT agent_id, school_id, min(first_at) AS first_at, max(last_at) AS last_at,
            CAST(sum(records) AS BIGINT) AS records
        FROM (
            FROM main.refused_gone UNION ALL BY NAME
            SELECT agent_id, school_id, received_at AS first_at, received_at AS last_at,
                1 AS records FROM going
        ) GROUP BY ALL
        """
    )
    connection.execute("DELETE FROM main.refused_gone")
    connection.execute("INSERT INTO main.refused_gone BY NAME FROM gone")
    connection.execute("DROP TABLE going")
    connection.execute("DROP TABLE gone")
