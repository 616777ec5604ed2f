"""Group tests in the control database: who is called, who is ready, and when all begin.

Whatever is said to an agent is kept before it is said, so a collector that is killed goes on where
it was. Functions take a connection; those that change something, one inside a write transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select, update

from broadgauge_wire import Bound, GroupAnswer, GroupAsk, GroupCall, new_id

from ..errors import BudgetUsedUp, CollectorError, Conflict
from ..schools.model import Agent, Link
from ..schools.repository import get_school
from ..store.tables import group_asker, group_member, group_test
from .budgets import accounts
from .group_begin import LEAD, NotYetError, begin_for, check_hours, loads, set_begin, set_member
from .group_model import Wish
from .group_records import OPEN
from .groups import LEAST_MEMBERS, Candidate, part_bytes
from .slots import check_blackout, shared_now

CALL_AHEAD = timedelta(seconds=75)
"""Of a wanted time: when agents are called, who ask once a minute at the least."""

ANSWER_WITHIN = timedelta(seconds=110)
"""Who has not answered by then is not waited for."""

LINE_FREE_WITHIN = timedelta(minutes=5)
"""Of the first time that all were ready. A line that isn't free for so long is not waited for."""

CALLED_ASKS_SECONDS = 2.0

KEPT = timedelta(days=400)


def call_group(c: Connection, wish: Wish, members: Sequence[Candidate], now: datetime) -> UUID:
    """Start one: whoever is called is told so when it asks. Without members, they are chosen when
    its time comes. Conflict while another is under way on the line; Invalid in school hours,
    Blackout or BudgetUsedUp where it may not run."""
    now = shared_now(c, now)
    _check_free(c, wish.link)
    check_hours(c, wish.link, max(now, wish.wanted_at), in_school_hours=wish.in_school_hours)
    for school_id in {one.school_id for one in members}:
        check_blackout(c, school_id, loads(c, school_id, wish.reflector), wish.wanted_at)
    _forget_old(c, now)
    group_id = new_id()
    c.execute(
        insert(group_test).values(
            id=group_id,
            link_id=wish.link.id,
            reflector_id=wish.reflector.id,
            direction=wish.direction,
            state="called",
            called_by=wish.called_by,
            called_at=now,
            wanted_at=wish.wanted_at,
            in_school_hours=wish.in_school_hours,
            wanted_bits_per_second=wish.wanted,
        )
    )
    if members and wish.wanted_at - CALL_AHEAD <= now:
        call_members(c, group_id, members, wish.wanted_at)
    return group_id


def call_members(c: Connection, group_id: UUID, members: Sequence[Candidate], at: datetime) -> None:
    """These agents are called. BudgetUsedUp if the bytes of all but one are spent."""
    rows, refused = [], list[BudgetUsedUp]()
    for one in members:
        try:
            num_bytes = _affordable(c, one, at)
        except BudgetUsedUp as error:
            refused.append(error)
            continue
        rows.append(
            {
                "group_id": group_id,
                "agent_id": one.agent_id,
                "school_id": one.school_id,
                "state": "called",
                "ceiling_bits_per_second": one.ceiling,
                "bytes_at_most": num_bytes,
            }
        )
    if len(rows) < LEAST_MEMBERS:
        raise refused[0]
    c.execute(insert(group_member), rows)


def note_asker(c: Connection, asker: Agent) -> None:
    """This agent's version knows of group tests."""
    same = group_asker.c.agent_id == asker.id
    if not c.execute(update(group_asker).where(same).values(version=asker.version)).rowcount:
        c.execute(insert(group_asker).values(agent_id=asker.id, version=asker.version))


def answer_to(
    c: Connection, asker: Agent, said: GroupAsk, now: datetime, *, idle_seconds: float
) -> GroupAnswer:
    """Note how an agent stands to what it is called to, and tell it what there is."""
    now = shared_now(c, now)
    member = _member(c, asker)
    if member is None:
        return GroupAnswer(ask_again_seconds=idle_seconds)
    if said.group_id == member.group_id and member.group_state == "called":
        if said.state != "idle" and member.state != "cannot":
            set_member(c, member.group_id, asker.id, state=said.state, why_not=said.why_not)
        settle(c, member.group_id, now)
        member = _member(c, asker)
        if member is None:
            return GroupAnswer(ask_again_seconds=idle_seconds)
    call = GroupCall(
        group_id=member.group_id,
        reflector_id=member.reflector_id,
        direction=member.direction,
        bytes_at_most=member.bytes_at_most,
        begin=begin_for(c, member, now) if member.group_state == "running" else None,
    )
    return GroupAnswer(call=call, ask_again_seconds=CALLED_ASKS_SECONDS)


def settle(c: Connection, group_id: UUID, now: datetime) -> None:
    """Set when it begins, if all that are waited for have answered; or give it up."""
    now = shared_now(c, now)
    group = c.execute(select(group_test).where(group_test.c.id == group_id)).one_or_none()
    if group is None or group.state != "called" or now < group.wanted_at - LEAD:
        return
    same = group_member.c.group_id == group_id
    members = c.execute(select(group_member).where(same).order_by(group_member.c.agent_id)).all()
    since = max(group.called_at, group.wanted_at - CALL_AHEAD)
    is_late = now > since + ANSWER_WITHIN
    if not members or (not is_late and any(one.state in ("called", "busy") for one in members)):
        return
    ready = [one for one in members if one.state == "ready"]
    if len(ready) < LEAST_MEMBERS:
        fail(c, group_id, _nobody(members))
        return
    try:
        with c.begin_nested():
            set_begin(c, group, ready, now, wait_until=since + LINE_FREE_WITHIN)
    except NotYetError:
        return
    except CollectorError as error:
        fail(c, group_id, error.detail)


def fail(c: Connection, group_id: UUID, reason: str) -> None:
    """It comes to nothing."""
    same = group_test.c.id == group_id
    c.execute(update(group_test).where(same).values(state="failed", reason=reason[:1000]))


def finish(c: Connection, group_id: UUID, line: float, bound: Bound | None) -> None:
    """Its sum is stored."""
    same = group_test.c.id == group_id
    values = {"state": "done", "line_bits_per_second": line, "bound": bound}
    c.execute(update(group_test).where(same).values(values))


def _check_free(c: Connection, line: Link) -> None:
    same = (group_test.c.link_id == line.id) & group_test.c.state.in_(OPEN)
    if c.execute(select(group_test.c.id).where(same).limit(1)).first() is not None:
        raise Conflict(
            f"A group test is under way on {line.name!r}, or is to begin. Wait until it has ended: "
            "broadgauge groups list"
        )


def _affordable(c: Connection, one: Candidate, at: datetime) -> int:
    """The bytes of a part, if its school and agent have them left."""
    num_bytes = part_bytes(one.ceiling, float("inf"))
    timezone = get_school(c, one.school_id).timezone
    for account in accounts(
        c, school_id=one.school_id, agent_id=one.agent_id, timezone=timezone, at=at
    ):
        if account.left_bytes < num_bytes:
            wait = max(1, int((account.ends_at - at).total_seconds()))
            raise BudgetUsedUp(account.words(num_bytes), wait)
    return num_bytes


def _member(c: Connection, asker: Agent) -> Row[Any] | None:
    """The agent's part in a test that isn't over."""
    query = (
        select(
            group_member,
            group_test.c.state.label("group_state"),
            group_test.c.reflector_id,
            group_test.c.direction,
            group_test.c.begins_at,
            group_test.c.ends_at,
        )
        .join(group_test, group_test.c.id == group_member.c.group_id)
        .where(group_member.c.agent_id == asker.id, group_test.c.state.in_(OPEN))
        .order_by(group_test.c.called_at)
        .limit(1)
    )
    found = c.execute(query).one_or_none()
    is_out = found is not None and found.group_state == "running" and found.slot_id is None
    return None if is_out else found


def _nobody(members: Sequence[Row[Any]]) -> str:
    """Why there are too few."""
    said = sorted({one.why_not for one in members if one.state == "cannot" and one.why_not})
    silent = sum(one.state in ("called", "busy") for one in members)
    words = [f"{silent} did not answer in time"] if silent else []
    why = "; ".join([*words, *said])
    ready = sum(one.state == "ready" for one in members)
    count = "one" if ready == 1 else "none"
    return f"Of {len(members)} agents that were called, {count} could take part: {why}."


def _forget_old(c: Connection, now: datetime) -> None:
    old = select(group_test.c.id).where(group_test.c.called_at < now - KEPT)
    c.execute(delete(group_member).where(group_member.c.group_id.in_(old)))
    c.execute(delete(group_test).where(group_test.c.called_at < now - KEPT))
