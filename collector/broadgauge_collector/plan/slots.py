"""Slots: permission for one test to load its lines for a short time, durable once it is given.

Functions take a connection inside a write transaction. Writers come one after the other, also
those of several collectors on one database, so no two see the same line free.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import to_builtins
from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from broadgauge_wire import SlotAnswer, SlotEnd, SlotPass, SlotRequest
from broadgauge_wire.spec import MAX_SLOT_LINES, MAX_SLOT_WAIT_SECONDS

from ..access.access_keys import slot_token
from ..errors import Blackout, BudgetUsedUp, Invalid, LineBusy, NotFound
from ..schools.calendar import SchoolCalendar
from ..schools.model import Agent, CalendarDay, Reflector, SchoolHours
from ..schools.repository import get_reflector, get_school
from ..store.tables import (
    calendar_day,
    link,
    link_school,
    link_upstream,
    school,
    slot,
    slot_asker,
    slot_line,
)
from .budgets import accounts, charge, forget_old, give_back
from .slot_rules import GUARD, LineOfSchool, Span, first_free, lines_loaded

KEPT = timedelta(days=40)
"""Of slots: an agent that was away for a month may still tell what its test used."""

FURTHEST = timedelta(seconds=MAX_SLOT_WAIT_SECONDS)
"""What begins later was given before the clock was set back, and is over."""


def give_slot(c: Connection, agent: Agent, wish: SlotRequest, now: datetime) -> SlotAnswer:
    """Give an agent its lines, and set its bytes aside. Asked again, the same.

    LineBusy, Blackout or BudgetUsedUp if it may not test, each with words and when to ask again;
    Invalid for a test server that isn't its, or a slot that is over.
    """
    now = shared_now(c, now)
    given = c.execute(select(slot).where(slot.c.id == wish.id)).one_or_none()
    if given is not None:
        return _again(c, agent, given, now)
    _forget_old(c, now)
    end = _reflector(c, agent, wish.reflector_id)
    lines = lines_loaded(agent.school_id, lines_of(c, agent.school_id), end)[:MAX_SLOT_LINES]
    begins = _begin(c, lines, wish, now)
    length = timedelta(seconds=wish.seconds)
    for moment in (begins, begins + length):
        check_blackout(c, agent.school_id, lines, moment)
    num_bytes = set_aside(c, agent, wish, begins)
    row = _row(c, agent, wish, begins, num_bytes)
    c.execute(insert(slot).values(row))
    held = {"slot_id": wish.id, "begins_at": begins, "ends_at": begins + length}
    c.execute(insert(slot_line), [held | {"line_id": line} for line in lines])
    _note_asker(c, agent)
    return _answer(c, row, lines, now)


def end_slot(c: Connection, agent: Agent, slot_id: UUID, said: SlotEnd, now: datetime) -> None:
    """The test is over: its line is free, and what it didn't use is given back. Saying so again
    changes nothing. NotFound for a slot that isn't the agent's."""
    now = shared_now(c, now)
    query = select(slot).where(slot.c.id == slot_id, slot.c.agent_id == agent.id)
    given = c.execute(query).one_or_none()
    if given is None:
        raise NotFound(f"This agent has no slot {slot_id}.")
    if given.used_bytes is not None:
        return
    same = slot.c.id == slot_id
    c.execute(update(slot).where(same).values(used_bytes=said.bytes_used))
    over = (slot_line.c.slot_id == slot_id) & (slot_line.c.ends_at > now)
    # Moved before its beginning, where that is still to come, it is in nobody's way.
    c.execute(update(slot_line).where(over).values(ends_at=now))
    give_back(
        c,
        school_id=given.school_id,
        agent_id=agent.id,
        day=given.day,
        num_bytes=given.reserved_bytes - said.bytes_used,
    )


def held_spans(c: Connection, lines: Collection[UUID], now: datetime) -> tuple[Span, ...]:
    """When any of the lines is given away, from now on."""
    query = select(slot_line.c.begins_at, slot_line.c.ends_at).where(
        slot_line.c.line_id.in_(lines),
        slot_line.c.ends_at > now - GUARD,
        slot_line.c.begins_at <= now + FURTHEST,
    )
    spans = (Span(row.begins_at, row.ends_at) for row in c.execute(query))
    return tuple(span for span in spans if span.begins_at < span.ends_at)


def count_held(c: Connection, now: datetime) -> int:
    """Slots that hold now, whose end wasn't told."""
    here = (slot.c.begins_at <= now, slot.c.ends_at > now, slot.c.used_bytes.is_(None))
    return c.execute(select(func.count()).select_from(slot).where(*here)).scalar_one()


def lines_of(c: Connection, school_id: UUID) -> tuple[LineOfSchool, ...]:
    """The lines that a school depends on."""
    others = link_school.alias()
    behind = (
        select(func.count())
        .where(others.c.link_id == link.c.id)
        .correlate(link)
        .scalar_subquery()
        .label("schools")
    )
    query = (
        select(link.c.id, link.c.segment, link_upstream.c.upstream_id, behind)
        .join(link_school, link_school.c.link_id == link.c.id)
        .outerjoin(link_upstream, link_upstream.c.link_id == link.c.id)
        .where(link_school.c.school_id == school_id)
    )
    return tuple(
        LineOfSchool(
            id=row.id,
            segment=row.segment,
            upstream_id=row.upstream_id,
            is_shared=row.schools > 1,
        )
        for row in c.execute(query)
    )


def shared_now(c: Connection, now: datetime) -> datetime:
    """The clock that slots go by: the database server's, where several collectors share one."""
    if c.dialect.name != "postgresql":
        return now
    told: datetime = c.execute(select(func.clock_timestamp())).scalar_one()
    return told


def _reflector(c: Connection, agent: Agent, reflector_id: UUID | None) -> Reflector | None:
    if reflector_id is None:
        return None
    try:
        end = get_reflector(c, reflector_id)
    except NotFound as error:  # for an agent, 404 is a server that knows of no slots
        raise Invalid(str(error)) from error
    own = link_school.c.school_id == agent.school_id
    here = select(link_school.c.link_id).where(own, link_school.c.link_id == end.link_id)
    if end.link_id is not None and c.execute(here).first() is None:
        raise Invalid(f"The test server {end.name!r} ends a line of other schools.")
    return end


def _begin(c: Connection, lines: Collection[UUID], wish: SlotRequest, now: datetime) -> datetime:
    begins = first_free(held_spans(c, lines, now), now, wish.seconds)
    wait = (begins - now).total_seconds()
    if wait > wish.waits_seconds:
        raise LineBusy(
            f"Other tests are on the line: it is free for this one in {ceil(wait)} s.", ceil(wait)
        )
    return begins


def check_blackout(
    c: Connection, school_id: UUID, lines: Collection[UUID], moment: datetime
) -> None:
    """Also of the schools that share a line with this one: their exam goes over it."""
    behind = select(link_school.c.school_id).where(link_school.c.link_id.in_(lines))
    day = timedelta(days=1)
    query = (
        select(calendar_day, school.c.timezone)
        .outerjoin(school, school.c.id == calendar_day.c.school_id)
        .where(
            calendar_day.c.kind == "blackout",
            calendar_day.c.first <= (moment + day).date(),
            calendar_day.c.last >= (moment - day).date(),
            or_(
                calendar_day.c.school_id.is_(None),
                calendar_day.c.school_id == school_id,
                calendar_day.c.school_id.in_(behind),
            ),
        )
    )
    rows = c.execute(query).all()
    own = get_school(c, school_id).timezone if rows else ""
    for row in rows:
        name = _calendar_with(row, row.timezone or own).blackout(moment)
        if name is not None:
            raise Blackout(
                f"The calendar says {name!r}: no test loads the line until that is over."
            )


def _calendar_with(row: Row[Any], timezone: str) -> SchoolCalendar:
    only = CalendarDay(
        first=row.first,
        last=row.last,
        kind="blackout",
        name=row.name,
        begins=row.begins,
        closes=row.closes,
    )
    return SchoolCalendar(timezone=timezone, hours=SchoolHours(), days=(only,))


def set_aside(c: Connection, agent: Agent, wish: SlotRequest, begins: datetime) -> int:
    """What the test may cost at most, of what is left; it has to be what it is expected to."""
    timezone = get_school(c, agent.school_id).timezone
    charged = accounts(
        c, school_id=agent.school_id, agent_id=agent.id, timezone=timezone, at=begins
    )
    expected = max(1, min(wish.bytes_expected, wish.bytes_at_most))
    tightest = min(charged, key=lambda account: account.left_bytes)
    if tightest.left_bytes < expected:
        wait = max(1, ceil((tightest.ends_at - begins).total_seconds()))
        raise BudgetUsedUp(tightest.words(wish.bytes_expected), wait)
    num_bytes = min(wish.bytes_at_most, tightest.left_bytes)
    charge(c, charged, num_bytes)
    return num_bytes


def _row(
    c: Connection, agent: Agent, wish: SlotRequest, begins: datetime, num_bytes: int
) -> dict[str, Any]:
    timezone = get_school(c, agent.school_id).timezone
    return {
        "id": wish.id,
        "agent_id": agent.id,
        "school_id": agent.school_id,
        "reflector_id": wish.reflector_id,
        "begins_at": begins,
        "ends_at": begins + timedelta(seconds=wish.seconds),
        "day": begins.astimezone(ZoneInfo(timezone)).date(),
        "reserved_bytes": num_bytes,
    }


def _again(c: Connection, agent: Agent, given: Row[Any], now: datetime) -> SlotAnswer:
    if given.agent_id != agent.id or given.used_bytes is not None or given.ends_at <= now:
        raise Invalid("That slot is over, or another agent's. Ask for one with an id of its own.")
    lines = c.execute(select(slot_line.c.line_id).where(slot_line.c.slot_id == given.id))
    return _answer(c, given._asdict(), tuple(lines.scalars()), now)


def _answer(
    c: Connection, given: dict[str, Any], lines: tuple[UUID, ...], now: datetime
) -> SlotAnswer:
    begins, ends = given["begins_at"], given["ends_at"]
    passed = SlotPass(
        id=given["id"],
        lines=lines,
        begins=begins.timestamp(),
        seconds=(ends - begins).total_seconds(),
        bytes=given["reserved_bytes"],
    )
    end = given["reflector_id"]
    return SlotAnswer(
        slot_id=given["id"],
        token=end
        and slot_token(c, end, subject=str(given["agent_id"]), slot=to_builtins(passed), now=now),
        begins_in_seconds=max(0.0, (begins - now).total_seconds()),
        holds_seconds=(ends - max(begins, now)).total_seconds(),
        bytes_at_most=given["reserved_bytes"],
    )


def _note_asker(c: Connection, agent: Agent) -> None:
    same = slot_asker.c.agent_id == agent.id
    known = c.execute(select(slot_asker.c.version).where(same)).scalar_one_or_none()
    if known is None:
        c.execute(insert(slot_asker).values(agent_id=agent.id, version=agent.version))
    elif known != agent.version:
        c.execute(update(slot_asker).where(same).values(version=agent.version))


def _forget_old(c: Connection, now: datetime) -> None:
    old = select(slot.c.id).where(slot.c.ends_at < now - KEPT)
    if c.execute(old.limit(1)).first() is None:
        return
    c.execute(delete(slot_line).where(slot_line.c.slot_id.in_(old)))
    c.execute(delete(slot).where(slot.c.ends_at < now - KEPT))
    forget_old(c, now)
