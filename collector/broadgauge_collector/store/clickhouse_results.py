"""Results in ClickHouse, shared by several collectors."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import UUID

import pyarrow as pa

from ..errors import Busy, CannotStart, CollectorError, Invalid
from . import clickhouse_ledger as ledger
from .clickhouse_changes import read_changes
from .clickhouse_client import ClickHouse, read_address
from .clickhouse_commit import Writing, districts_of, write
from .clickhouse_opening import bring_up_to_date, claim_results, insert_settings
from .clickhouse_questions import ClickHouseQuestions
from .clickhouse_reading import (
    Asked,
    find_result,
    read_refused,
    read_results,
    tally_refused,
)
from .clickhouse_seen import Seen
from .clickhouse_upkeep import Upkeep
from .control import ControlStore
from .results import (
    Changes,
    ExpiringKind,
    Incoming,
    Outcome,
    Place,
    RefusedRecord,
    RefusedTally,
)


class ClickHouseResults:
    """One table for each kind of result, and refused records. Which of their rows count is kept in
    the control database, with the ledger of batches.

    As in every store, a result is stored once because its batch is. What is asked and answered, the
    protocol says.
    """

    def __init__(self, clickhouse: ClickHouse, control: ControlStore, cluster: str | None) -> None:
        self._clickhouse = clickhouse
        self._control = control
        self._cluster = cluster
        self._insert = insert_settings(clickhouse, cluster)
        bring_up_to_date(clickhouse, cluster)
        self._incarnation = claim_results(clickhouse, control, self._insert)

    @classmethod
    def open(cls, url: str, control: ControlStore) -> Self:
        """Results at a URL, whose batches the control database knows.

        CannotStart if ClickHouse isn't there, or has results that the control database knows
        nothing of.
        """
        address = read_address(url)
        clickhouse = ClickHouse.connect(address)
        try:
            return cls(clickhouse, control, address.cluster)
        except CannotStart:
            clickhouse.close()
            raise
        except CollectorError as error:
            clickhouse.close()
            raise CannotStart(
                f"{address.name} can't be used: see to it that its user may make tables there, and "
                "that there is room."
            ) from error

    @property
    def incarnation(self) -> UUID:
        return self._incarnation

    def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        """A batch that another collector is storing is `under_way`, one of whom another has erased
        is `erased`."""
        with self._control.begin() as connection:
            claim = ledger.claim(connection, group, ledger.now())
        try:
            outcomes = write(self._writing(claim, group), group)
            stored = [i.key for i, o in zip(group, outcomes, strict=True) if o.state == "stored"]
            with self._control.begin() as connection:
                counts = ledger.finish(connection, claim.number, stored)
        except BaseException:
            ledger.try_to_give_up(self._control, claim.number)
            raise
        if not counts:
            raise Busy(ledger.GIVEN_UP)
        return outcomes

    def select(
        self,
        kind: str,
        *,
        school_id: UUID | None = None,
        agent_id: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: Place | None = None,
        limit: int,
    ) -> pa.Table:
        asked = Asked(school_id=school_id, agent_id=agent_id, since=since, until=until)
        return read_results(self._seen(), kind, asked, before, limit)

    def find(self, kind: str, result_id: UUID) -> pa.Table:
        return find_result(self._seen(), kind, result_id)

    @contextmanager
    def questions(self) -> Iterator[ClickHouseQuestions]:
        yield ClickHouseQuestions(self._seen())

    def changes(self, after: int, limit: int) -> Changes:
        """No commit is passed that a slower collector has yet to finish."""
        seen = Seen(self._clickhouse, ledger.settled_snapshot(self._control))
        return read_changes(seen, after, limit)

    def refused(
        self,
        *,
        school_id: UUID | None = None,
        agent_id: UUID | None = None,
        reason: str | None = None,
        since: datetime | None = None,
        limit: int,
    ) -> list[RefusedRecord]:
        asked = Asked(school_id=school_id, agent_id=agent_id, reason=reason, since=since)
        return read_refused(self._seen(), asked, limit)

    def tally_refused(self) -> list[RefusedTally]:
        return tally_refused(self._seen())

    def seal(self, before: datetime) -> int:  # noqa: ARG002 - for other stores
        """ClickHouse lays parts together by itself: there is nothing to do."""
        return 0

    def compact(self) -> None:
        """Remove what commits left behind that were given up."""
        self._upkeep().remove_void(ledger.now())

    def expire(self, kind: ExpiringKind, before: datetime) -> int:
        return self._upkeep().expire(kind, before)

    def count_before(self, kind: ExpiringKind, before: datetime) -> int:
        return self._upkeep().count_before(kind, before)

    def erase(self, *, agent_ids: Collection[UUID] = (), school_ids: Collection[UUID] = ()) -> int:
        """ClickHouse deletes the files that they were in some minutes later."""
        return self._upkeep().erase(agent_ids, school_ids)

    def backup(self, directory: Path) -> None:  # noqa: ARG002 - for other stores
        """Invalid: a backup of ClickHouse is made by ClickHouse."""
        raise Invalid(
            "Results are in ClickHouse, which makes its own backups: BACKUP DATABASE ... TO ... "
            "See docs/how-to/many-collectors.md for what goes with it."
        )

    def check(self) -> None:
        self._clickhouse.number("SELECT 1")

    def close(self) -> None:
        """Let go of the connections."""
        self._clickhouse.close()

    def _seen(self) -> Seen:
        with self._control.connect() as connection:
            return Seen(self._clickhouse, ledger.snapshot(connection))

    def _writing(self, claim: ledger.Claim, group: Sequence[Incoming]) -> Writing:
        school_ids = {incoming.school_id for incoming in group}
        with self._control.connect() as connection:
            return Writing(
                seen=Seen(self._clickhouse, ledger.snapshot(connection)),
                claim=claim,
                districts=districts_of(connection, school_ids),
                insert=self._insert,
            )

    def _upkeep(self) -> Upkeep:
        return Upkeep(self._clickhouse, self._control, self._cluster, self._insert)
