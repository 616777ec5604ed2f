"""Letting go of rows in ClickHouse: expired, erased, or left by commits that never counted."""

import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete

from ..errors import Busy
from . import clickhouse_ledger as ledger
from . import schema
from .clickhouse_client import INSERT, ClickHouse
from .clickhouse_schema import DISTRICT, removing, tables
from .clickhouse_seen import Seen, counted, microseconds
from .control import ControlStore
from .questions import Window
from .results import ExpiringKind

WHEN = {"refused": "received_at", schema.HOURLY: "started_at"}
"""What rows of a table expire by, where it isn't the moment."""

OF_SOMEBODY = [table.name for table in tables().values() if DISTRICT in table.columns]
"""Tables whose rows are an agent's: the windows of latency before their hours."""

PATIENCE_SECONDS = 180.0
"""How long erasing waits for other collectors: longer than one has that is gone."""

POLL_SECONDS = 0.1

DAY = timedelta(days=1)
ROWS_AT_ONCE = 20_000_000
"""Latency windows that are laid together by one statement: a few seconds' work."""

HOURS_COLUMNS = """started_at, segment, location, path_kind, simulated, reflector_id, windows,
    failed, sent, lost, rtt_min_seconds, rtt_max_seconds, rtt_p50_seconds, lost_ratio, agent_id,
    school_id, received_at, district_id, commit_number"""

HOURS = """
SELECT toStartOfHour(moment) AS hour, segment, location, path_kind, simulated, reflector_id,
    count(), countIf(error IS NOT NULL), sumIf(sent, error IS NULL), sumIf(lost, error IS NULL),
    min(rtt_min_seconds), max(rtt_max_seconds),
    groupArrayIf(assumeNotNull(rtt_p50_seconds), error IS NULL AND rtt_p50_seconds IS NOT NULL),
    groupArrayIf(assumeNotNull(lost / sent), error IS NULL AND lost IS NOT NULL AND sent > 0),
    agent_id, school_id, max(received_at), district_id
"""

DONE = {"mutations_sync": 2}
"""Rows are gone from every replica when a statement ends."""


class Upkeep(NamedTuple):
    """What it takes to let go of rows."""

    clickhouse: ClickHouse
    control: ControlStore
    cluster: str | None
    insert: Mapping[str, Any]

    def expire(self, kind: ExpiringKind, before: datetime) -> int:
        """Let go of what began before an instant; how many rows."""
        if kind == "latency":
            return self._to_hours(before)
        return self._remove(kind, _before(kind, before))

    def count_before(self, kind: ExpiringKind, before: datetime) -> int:
        """How many rows `expire` would let go of."""
        return self._count(kind, _before(kind, before))

    def erase(self, agent_ids: Collection[UUID], school_ids: Collection[UUID]) -> int:
        """Remove every row of these agents and schools; how many. Busy if another collector takes
        too long over what it began before."""
        asked = [("agent_id", agent_ids), ("school_id", school_ids)]
        given = [f"{column} IN ({_ids(ids)})" for column, ids in asked if ids]
        if not given:
            return 0
        rows = sum(self._erase_from(name, " OR ".join(given)) for name in OF_SOMEBODY)
        with self.control.begin() as connection:
            for table in (ledger.ledger, ledger.spans):
                for some in ledger.in_pieces(list(agent_ids)):
                    connection.execute(delete(table).where(table.c.agent_id.in_(some)))
        return rows

    def remove_void(self, now: datetime) -> None:
        """Remove the rows of commits that were given up, once no more of them can come."""
        with self.control.connect() as connection:
            numbers = ledger.voided(connection, now)
        for some in ledger.in_pieces(numbers):
            listed = ", ".join(map(str, some))
            for table in tables().values():
                if table.counts:
                    self._run_removal(table.name, f"commit_number IN ({listed})")
            with self.control.begin() as connection:
                ledger.forget(connection, some)

    def _to_hours(self, before: datetime) -> int:
        """Lay latency windows together by hours, then remove them.

        They are read as hours from the moment on at which the hours' commit counts.
        """
        with self.control.begin() as connection:
            number = ledger.claim(connection, (), ledger.now()).number
            seen = Seen(self.clickhouse, ledger.snapshot(connection))
        snapshot = seen.snapshot
        until = max(before, snapshot.hours_before or before)
        ended = f"moment < {_moment(until)} AND commit_number <= {snapshot.settled}"
        rows = self._count("latency", ended)
        try:
            for days in _spans(seen, ended):
                self._lay_together(seen, number, f"{ended} AND {_within(days)}")
            with self.control.begin() as connection:
                ledger.count_hours(connection, number, snapshot, until)
        except BaseException:
            ledger.try_to_give_up(self.control, number)
            raise
        self._run_removal("latency", ended)
        return rows

    def _lay_together(self, seen: Seen, number: int, condition: str) -> None:
        """Hours of some latency windows. Years of them at once would take longer than the client
        waits for an answer, and than a commit has before others give it up."""
        with self.control.begin() as connection:
            ledger.go_on(connection, number)
        query = f"""
            INSERT INTO {schema.HOURLY} ({HOURS_COLUMNS}) {HOURS}, {number} FROM latency
            WHERE {counted("latency")} AND {condition}
            GROUP BY hour, segment, location, path_kind, simulated, reflector_id, agent_id,
                school_id, district_id
        """
        seen.run(query, INSERT | dict(self.insert))

    def _erase_from(self, name: str, condition: str) -> int:
        self._until_settled()
        return self._remove(name, condition)

    def _until_settled(self) -> None:
        """Wait for the commits that were claimed by now. Some may have batches of whom is to go, or
        hours of them; none has that is claimed later."""
        with self.control.connect() as connection:
            upto = ledger.snapshot(connection).upto
        end = time.monotonic() + PATIENCE_SECONDS
        while ledger.settled_snapshot(self.control).settled < upto:
            if time.monotonic() > end:
                raise Busy("Another collector has yet to finish what it is storing.")
            time.sleep(POLL_SECONDS)

    def _remove(self, name: str, condition: str) -> int:
        rows = self._count(name, condition)
        self._run_removal(name, condition)
        return rows

    def _count(self, name: str, condition: str) -> int:
        with self.control.connect() as connection:
            seen = Seen(self.clickhouse, ledger.snapshot(connection))
        query = f"SELECT count() FROM {name} WHERE {counted(name)} AND ({condition})"  # noqa: S608 - names of our own
        return seen.number(query, {})

    def _run_removal(self, name: str, condition: str) -> None:
        """Those that never counted too. To look whether there are any costs less than to mutate."""
        query = f"SELECT count() FROM {name} WHERE {condition}"  # noqa: S608 - names of our own
        if not self.clickhouse.number(query):
            return
        self.clickhouse.run(removing(tables()[name], condition, self.cluster), settings=DONE)


def _spans(seen: Seen, condition: str) -> list[Window]:
    """Whole days (UTC) that have such windows: as many as are quickly laid together, or one."""
    query = f"""
        SELECT toInt64(toUnixTimestamp(toStartOfDay(moment))) AS day, count() FROM latency
        WHERE {counted("latency")} AND {condition} GROUP BY day ORDER BY day
    """  # noqa: S608 - names of our own
    spans: list[Window] = []
    rows = 0
    for since, of_day in seen.rows(query, {}):
        day = datetime.fromtimestamp(since, UTC)
        rows += of_day
        if spans and rows <= ROWS_AT_ONCE:
            spans[-1] = spans[-1]._replace(until=day + DAY)
        else:
            spans.append(Window(day, day + DAY))
            rows = of_day
    return spans


def _within(days: Window) -> str:
    return f"moment >= {_moment(days.since)} AND moment < {_moment(days.until)}"


def _before(kind: ExpiringKind, before: datetime) -> str:
    return f"{WHEN.get(kind, 'moment')} < {_moment(before)}"


def _moment(moment: datetime) -> str:
    return f"fromUnixTimestamp64Micro({microseconds(moment)}, 'UTC')"


def _ids(ids: Collection[UUID]) -> str:
    return ", ".join(f"toUUID('{id_}')" for id_ in ids)
