"""Records that were not taken as results: of which agent, why, and how each began."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Lane
from broadgauge_wire.fields import about

from ..store import Stores
from ..store.results import RefusedRecord, RefusedTally
from .district import District, read_district

GONE = "removed"
"""What an agent or school is called that isn't there any more."""


class KeptAsideTally(Struct, frozen=True, kw_only=True):
    """Records of one agent that were kept aside for one reason."""

    agent_id: Annotated[UUID, about("The agent")]
    agent: Annotated[str, about("Its name")]
    school_id: Annotated[UUID, about("Its school")]
    school: Annotated[str, about("The school's name")]
    reason: Annotated[str, about("Why they were kept aside")]
    records: Annotated[int, about("How many")]
    first_at: Annotated[datetime, about("When the first of them was received, UTC")]
    last_at: Annotated[datetime, about("When the last of them was received, UTC")]


class KeptAsideRecord(Struct, frozen=True, kw_only=True):
    """A record that was kept aside. `record` is its beginning as it was sent, whatever that is."""

    received_at: Annotated[datetime, about("When it was received, UTC")]
    agent_id: Annotated[UUID, about("Agent that sent it")]
    agent: Annotated[str, about("Its name")]
    school_id: Annotated[UUID, about("Its school")]
    school: Annotated[str, about("The school's name")]
    epoch: Annotated[UUID, about("Epoch of its batch")]
    lane: Annotated[Lane, about("Lane of its batch")]
    sequence: Annotated[int, about("Number of its batch")]
    index: Annotated[int, about("Place of the record in the batch, from 0")]
    id: Annotated[str | None, about("What it gives as its id, if that could be read")]
    reason: Annotated[str, about("Why it was kept aside")]
    record: Annotated[str, about("How it began, at most 4096 bytes")]


class KeptAside(Struct, frozen=True, kw_only=True):
    """What was kept aside, counted by agent and reason, and records as they were asked for."""

    tallies: Annotated[tuple[KeptAsideTally, ...], about("Everything, the last received first")]
    records: Annotated[tuple[KeptAsideRecord, ...], about("As asked for, the last received first")]


def kept_aside(
    stores: Stores,
    *,
    agent_id: UUID | None = None,
    reason: str | None = None,
    since: datetime | None = None,
    limit: int,
) -> KeptAside:
    """All that was kept aside, counted; and records of an agent, for a reason, since a moment."""
    district = read_district(stores)
    names = {agent.id: agent.name for agent in district.agents}
    found = stores.results.refused(agent_id=agent_id, reason=reason, since=since, limit=limit)
    tallies = stores.results.tally_refused()
    return KeptAside(
        tallies=tuple(_tally(tally, district, names) for tally in tallies),
        records=tuple(_record(record, district, names) for record in found),
    )


def kept_aside_count(stores: Stores) -> int:
    """How many records were kept aside."""
    return sum(tally.records for tally in stores.results.tally_refused())


def _tally(tally: RefusedTally, district: District, names: dict[UUID, str]) -> KeptAsideTally:
    return KeptAsideTally(
        agent_id=tally.agent_id,
        agent=names.get(tally.agent_id, GONE),
        school_id=tally.school_id,
        school=_school(tally.school_id, district),
        reason=tally.reason,
        records=tally.records,
        first_at=tally.first_at,
        last_at=tally.last_at,
    )


def _record(record: RefusedRecord, district: District, names: dict[UUID, str]) -> KeptAsideRecord:
    return KeptAsideRecord(
        received_at=record.received_at,
        agent_id=record.agent_id,
        agent=names.get(record.agent_id, GONE),
        school_id=record.school_id,
        school=_school(record.school_id, district),
        epoch=record.epoch,
        lane=record.lane,
        sequence=record.sequence,
        index=record.index,
        id=record.id,
        reason=record.reason,
        record=record.body,
    )


def _school(school_id: UUID, district: District) -> str:
    school = district.schools.get(school_id)
    return school.name if school else GONE
