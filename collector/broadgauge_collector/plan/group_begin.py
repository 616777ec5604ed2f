"""The begin of a group test: a slot for each member, at one moment.

Functions that change something take a connection inside a write transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import to_builtins
from sqlalchemy import Connection, Row, insert, select, update

from broadgauge_wire import GroupBegin, SlotPass, SlotRequest, new_id
from broadgauge_wire.spec import MAX_SLOT_LINES

from ..access.access_keys import slot_token
from ..access.agents import get_agent
from ..capacity.daypart import clocks_of, place
from ..errors import BudgetUsedUp, Conflict, Invalid
from ..schools.calendars import calendars
from ..schools.model import Link, Reflector
from ..schools.repository import get_reflector, get_school
from ..store.tables import group_member, group_test, slot, slot_line
from .group_records import wish_of
from .groups import GROUP_SECONDS, LEAST_MEMBERS, Candidate, Member, connections, stages
from .slot_rules import first_free, lines_loaded
from .slots import check_blackout, held_spans, lines_of, set_aside

LEAD = timedelta(seconds=8)
"""Between saying when it begins and the begin: all members ask every two seconds, and one whose
answer got lost asks again."""

SLOT_AHEAD = timedelta(seconds=1)
"""Of the begin: an agent counts from the middle of question and answer, and may be a little early.
"""

SLOT_AFTER = timedelta(seconds=4)
"""Of the end: connections close, and the server of an upload hears it out."""


class NotYetError(Exception):
    """The line isn't free soon: it is asked again."""


def set_begin(
    c: Connection, group: Row[Any], ready: Sequence[Row[Any]], now: datetime, wait_until: datetime
) -> None:
    """Give all of them their lines and bytes at one moment. CollectorError where that may not be,
    NotYetError if others are on the lines."""
    end = get_reflector(c, group.reflector_id)
    wish = wish_of(c, group.id)
    loaded = {one.agent_id: loads(c, one.school_id, end) for one in ready}
    lines = {line for own in loaded.values() for line in own}
    length = SLOT_AHEAD + timedelta(seconds=GROUP_SECONDS) + SLOT_AFTER
    earliest = max(now + LEAD, group.wanted_at) - SLOT_AHEAD
    opens = first_free(held_spans(c, lines, now), earliest, length.total_seconds())
    if opens > wait_until:
        raise Conflict("Other tests were on the line all the time. Start the group test again.")
    if opens > earliest + LEAD:
        raise NotYetError
    begins = opens + SLOT_AHEAD
    check_hours(c, wish.link, begins, in_school_hours=wish.in_school_hours)
    for one in ready:
        for moment in (opens, opens + length):
            check_blackout(c, one.school_id, loaded[one.agent_id], moment)
    paid = _paid(c, group, ready, opens)
    for part in stages([_as_candidate(one) for one in ready if one.agent_id in paid]):
        slot_id, num_bytes = new_id(), paid[part.agent_id]
        _hold(c, group, part, loaded[part.agent_id], (opens, opens + length), slot_id, num_bytes)
        set_member(
            c,
            group.id,
            part.agent_id,
            joins_after_seconds=part.joins_after_seconds,
            result_id=new_id(),
            slot_id=slot_id,
        )
    values = {
        "state": "running",
        "begins_at": begins,
        "ends_at": begins + timedelta(seconds=GROUP_SECONDS),
    }
    c.execute(update(group_test).where(group_test.c.id == group.id).values(values))


def begin_for(c: Connection, member: Row[Any], now: datetime) -> GroupBegin:
    """Said as long as the sum isn't made: whoever hears of it too late says so."""
    slots = select(group_member.c.slot_id).where(group_member.c.group_id == member.group_id)
    own = select(slot_line.c.line_id).where(slot_line.c.slot_id.in_(slots)).distinct()
    lines = sorted(c.execute(own).scalars(), key=str)[:MAX_SLOT_LINES]
    given = c.execute(select(slot).where(slot.c.id == member.slot_id)).one()
    passed = SlotPass(
        id=member.group_id,
        lines=tuple(lines),
        begins=given.begins_at.timestamp(),
        seconds=(given.ends_at - given.begins_at).total_seconds(),
        bytes=given.reserved_bytes,
        member_id=member.agent_id,
    )
    size = select(group_member.c.agent_id).where(
        group_member.c.group_id == member.group_id, group_member.c.slot_id.is_not(None)
    )
    return GroupBegin(
        result_id=member.result_id,
        slot_id=member.slot_id,
        token=slot_token(
            c,
            member.reflector_id,
            subject=str(member.agent_id),
            slot=to_builtins(passed),
            now=now,
        ),
        begins_in_seconds=(member.begins_at - now).total_seconds(),
        joins_after_seconds=member.joins_after_seconds,
        ends_after_seconds=GROUP_SECONDS,
        connections=connections(len(c.execute(size).all())),
        bytes_at_most=given.reserved_bytes,
    )


def check_hours(c: Connection, line: Link, at: datetime, *, in_school_hours: bool) -> None:
    """Invalid in school hours, unless that was asked for."""
    if in_school_hours:
        return
    schools = [get_school(c, school_id) for school_id in line.school_ids]
    if place(at, clocks_of(calendars(c, schools).values()))[1] == "school":
        raise Invalid(
            f"At {at:%Y-%m-%d %H:%M} UTC it is school hours on {line.name!r}, and a group test "
            "fills the line. Choose another time, or say that it may run in school hours."
        )


def _paid(
    c: Connection, group: Row[Any], ready: Sequence[Row[Any]], at: datetime
) -> dict[UUID, int]:
    """The agents that have bytes left for their parts, which are set aside. BudgetUsedUp if fewer
    than two have."""
    paid, refused = dict[UUID, int](), list[BudgetUsedUp]()
    for one in ready:
        wish = SlotRequest(
            id=new_id(),
            reflector_id=group.reflector_id,
            directions=(group.direction,),
            trigger="swarm",
            bytes_expected=one.bytes_at_most,
            bytes_at_most=one.bytes_at_most,
            seconds=GROUP_SECONDS,
        )
        try:
            paid[one.agent_id] = set_aside(c, get_agent(c, one.agent_id), wish, at)
        except BudgetUsedUp as error:
            refused.append(error)
            set_member(c, group.id, one.agent_id, state="cannot", why_not=error.detail)
    if len(paid) < LEAST_MEMBERS:
        raise refused[0]
    return paid


def _hold(
    c: Connection,
    group: Row[Any],
    part: Member,
    lines: Iterable[UUID],
    span: tuple[datetime, datetime],
    slot_id: UUID,
    num_bytes: int,
) -> None:
    """A slot of the member's own, on its own lines; at the test server it is the group's."""
    begins, ends = span
    timezone = get_school(c, part.school_id).timezone
    c.execute(
        insert(slot).values(
            id=slot_id,
            agent_id=part.agent_id,
            school_id=part.school_id,
            reflector_id=group.reflector_id,
            begins_at=begins,
            ends_at=ends,
            day=begins.astimezone(ZoneInfo(timezone)).date(),
            reserved_bytes=num_bytes,
        )
    )
    held = {"slot_id": slot_id, "begins_at": begins, "ends_at": ends}
    c.execute(insert(slot_line), [held | {"line_id": line} for line in lines])


def loads(c: Connection, school_id: UUID, end: Reflector) -> tuple[UUID, ...]:
    return lines_loaded(school_id, lines_of(c, school_id), end)[:MAX_SLOT_LINES]


def set_member(c: Connection, group_id: UUID, agent_id: UUID, **values: Any) -> None:
    same = (group_member.c.group_id == group_id) & (group_member.c.agent_id == agent_id)
    c.execute(update(group_member).where(same).values(values))


def _as_candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        agent_id=row.agent_id, school_id=row.school_id, ceiling=row.ceiling_bits_per_second
    )
