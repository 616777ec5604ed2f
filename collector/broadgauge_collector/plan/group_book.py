"""Group tests in the control database: who is called, who is ready, and when all begin.

Whatever is said to an agent is kept before it is said, so a collector that is killed goes on where
it was. Functions take a connection; those that change something, one inside a write transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct, to_builtins
from sqlalchemy import Connection, Row, delete, insert, select, update

from broadgauge_wire import (
    Bound,
    Direction,
    GroupAnswer,
    GroupAsk,
    GroupBegin,
    GroupCall,
    SlotPass,
    SlotRequest,
    new_id,
)
from broadgauge_wire.fields import about
from broadgauge_wire.spec import MAX_SLOT_LINES

from ..access.access_keys import slot_token
from ..capacity.daypart import clocks_of, place
from ..errors import BudgetUsedUp, CollectorError, Conflict, Invalid, NotFound
from ..schools.calendars import calendars
from ..schools.model import Agent, Link, Reflector
from ..schools.repository import get_reflector, get_school, list_links
from ..store.tables import (
    agent,
    group_asker,
    group_member,
    group_test,
    link,
    reflector,
    school,
    slot,
    slot_line,
)
from .budgets import accounts
from .groups import (
    GROUP_SECONDS,
    LEAST_MEMBERS,
    Candidate,
    Member,
    connections,
    part_bytes,
    stages,
)
from .slot_rules import first_free, lines_loaded
from .slots import check_blackout, held_spans, lines_of, set_aside, shared_now

State = Literal["called", "running", "done", "failed"]
MemberState = Literal["called", "busy", "ready", "cannot"]
CalledBy = Literal["plan", "hand"]

CALL_AHEAD = timedelta(seconds=75)
"""Of a wanted time: when agents are called, who ask once a minute at the least."""

ANSWER_WITHIN = timedelta(seconds=110)
"""Who has not answered by then is not waited for."""

LEAD = timedelta(seconds=8)
"""Between saying when it begins and the begin: all members ask every two seconds, and one whose
answer got lost asks again."""

SLOT_AHEAD = timedelta(seconds=1)
"""Of the begin: an agent counts from the middle of question and answer, and may be a little early.
"""

SLOT_AFTER = timedelta(seconds=4)
"""Of the end: connections close, and the server of an upload hears it out."""

LINE_FREE_WITHIN = timedelta(minutes=5)
"""Of the first time that all were ready. A line that isn't free for so long is not waited for."""

CALLED_ASKS_SECONDS = 2.0
KEPT = timedelta(days=400)

OPEN: tuple[State, ...] = ("called", "running")


class GroupMember(Struct, frozen=True, kw_only=True):
    """One agent of a group test."""

    agent_id: Annotated[UUID, about("The agent")]
    agent: Annotated[str, about("Its name")]
    school: Annotated[str, about("Its school's name")]
    state: Annotated[MemberState, about("How it stands to the test")]
    why_not: Annotated[str | None, about("Why it takes no part, if it doesn't")]
    ceiling_bits_per_second: Annotated[
        float | None, about("Line rate that its machine could see in its last test", "bit/s")
    ]
    joins_after_seconds: Annotated[
        float | None, about("When it joins, from the begin; null if it isn't set", "s")
    ]
    result_id: Annotated[UUID | None, about("Its own result; null if it isn't set")]


class GroupTest(Struct, frozen=True, kw_only=True):
    """Several agents that test one line at once. What came of it is the test of the same id."""

    id: Annotated[UUID, about("What the collector calls it, and the test that is its sum")]
    link_id: Annotated[UUID, about("The line")]
    line: Annotated[str, about("Name of the line")]
    reflector: Annotated[str, about("Name of the test server")]
    direction: Annotated[Direction, about("Direction tested")]
    state: Annotated[State, about("called, running, done or failed")]
    reason: Annotated[str | None, about("Why it failed, if it did")]
    called_by: Annotated[CalledBy, about("Whether the plan or a person started it")]
    called_at: Annotated[datetime, about("When it was started, UTC")]
    wanted_at: Annotated[datetime, about("When it is to begin at the earliest, UTC")]
    in_school_hours: Annotated[bool, about("Whether it may run in school hours")]
    wanted_bits_per_second: Annotated[
        float | None, about("Line rate that the machines together should see", "bit/s")
    ]
    begins_at: Annotated[datetime | None, about("When it begins, UTC; null if it isn't set")]
    line_bits_per_second: Annotated[float | None, about("Line rate of the sum", "bit/s")]
    bound: Annotated[Bound | None, about("What the sum says of the line")]
    members: Annotated[tuple[GroupMember, ...], about("Its agents")]


class Wish(Struct, frozen=True, kw_only=True):
    """A group test to be."""

    link: Link
    reflector: Reflector
    direction: Direction
    called_by: CalledBy
    wanted_at: datetime
    in_school_hours: bool
    wanted: float | None


class Begun(Struct, frozen=True, kw_only=True):
    """What a sum is made from: the group, and its members that were told to begin."""

    id: UUID
    link: Link
    reflector: Reflector
    direction: Direction
    begins_at: datetime
    ends_at: datetime
    members: tuple[tuple[Member, UUID], ...]
    """Each with its result's id."""


def call_group(c: Connection, wish: Wish, members: Sequence[Candidate], now: datetime) -> UUID:
    """Start one: whoever is called is told so when it asks. Without members, they are chosen when
    its time comes. Conflict while another is under way on the line; Invalid in school hours,
    Blackout or BudgetUsedUp where it may not run."""
    now = shared_now(c, now)
    _check_free(c, wish.link)
    check_hours(c, wish.link, max(now, wish.wanted_at), in_school_hours=wish.in_school_hours)
    for school_id in {one.school_id for one in members}:
        check_blackout(c, school_id, _lines(c, school_id, wish.reflector), wish.wanted_at)
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


def is_called(c: Connection) -> frozenset[UUID]:
    """Agents that are called to a test that isn't over."""
    query = (
        select(group_member.c.agent_id)
        .join(group_test, group_test.c.id == group_member.c.group_id)
        .where(group_test.c.state.in_(OPEN))
    )
    return frozenset(c.execute(query).scalars())


def note_asker(c: Connection, asker: Agent) -> None:
    """This agent's version knows of group tests."""
    same = group_asker.c.agent_id == asker.id
    if not c.execute(update(group_asker).where(same).values(version=asker.version)).rowcount:
        c.execute(insert(group_asker).values(agent_id=asker.id, version=asker.version))


def askers(c: Connection) -> dict[UUID, str]:
    """Agents that ever asked for group tests, and in which version."""
    return {row.agent_id: row.version for row in c.execute(select(group_asker))}


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
            _set_member(c, member.group_id, asker.id, state=said.state, why_not=said.why_not)
        settle(c, member.group_id, now)
        member = _member(c, asker)
        if member is None:
            return GroupAnswer(ask_again_seconds=idle_seconds)
    call = GroupCall(
        group_id=member.group_id,
        reflector_id=member.reflector_id,
        direction=member.direction,
        bytes_at_most=member.bytes_at_most,
        begin=_begin(c, member, now) if member.group_state == "running" else None,
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
            _set_begin(c, group, ready, now, wait_until=since + LINE_FREE_WITHIN)
    except _NotYetError:
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


def open_groups(c: Connection) -> tuple[tuple[UUID, State, datetime, datetime | None, bool], ...]:
    """Those that aren't over: id, state, when wanted, when they end, and whether agents were
    called."""
    has_members = (
        select(group_member.c.agent_id).where(group_member.c.group_id == group_test.c.id).exists()
    )
    query = select(
        group_test.c.id,
        group_test.c.state,
        group_test.c.wanted_at,
        group_test.c.ends_at,
        has_members.label("is_called"),
    ).where(group_test.c.state.in_(OPEN))
    return tuple(
        (row.id, row.state, row.wanted_at, row.ends_at, bool(row.is_called))
        for row in c.execute(query)
    )


def begun(c: Connection, group_id: UUID) -> Begun:
    """One that runs, or has run. NotFound for any other."""
    row = c.execute(select(group_test).where(group_test.c.id == group_id)).one_or_none()
    if row is None or row.begins_at is None:
        raise NotFound(f"No group test {group_id} has begun.")
    same = (group_member.c.group_id == group_id) & group_member.c.result_id.is_not(None)
    members = c.execute(select(group_member).where(same)).all()
    return Begun(
        id=row.id,
        link=next(one for one in list_links(c) if one.id == row.link_id),
        reflector=get_reflector(c, row.reflector_id),
        direction=row.direction,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        members=tuple((_as_member(one), one.result_id) for one in members),
    )


def wish_of(c: Connection, group_id: UUID) -> Wish:
    """What was wished for."""
    row = c.execute(select(group_test).where(group_test.c.id == group_id)).one()
    return Wish(
        link=next(one for one in list_links(c) if one.id == row.link_id),
        reflector=get_reflector(c, row.reflector_id),
        direction=row.direction,
        called_by=row.called_by,
        wanted_at=row.wanted_at,
        in_school_hours=row.in_school_hours,
        wanted=row.wanted_bits_per_second,
    )


def list_groups(
    c: Connection, *, link_id: UUID | None = None, limit: int = 100
) -> tuple[GroupTest, ...]:
    """The newest first."""
    query = select(group_test.c.id).order_by(group_test.c.called_at.desc(), group_test.c.id)
    if link_id is not None:
        query = query.where(group_test.c.link_id == link_id)
    return _groups(c, c.execute(query.limit(limit)).scalars().all())


def get_group(c: Connection, group_id: UUID) -> GroupTest:
    """NotFound if there is no such group test."""
    found = _groups(c, [group_id])
    if not found:
        raise NotFound(f"There is no group test {group_id}.")
    return found[0]


def last_called(c: Connection, link_id: UUID) -> datetime | None:
    """When one was last started on a line."""
    query = select(group_test.c.called_at).where(group_test.c.link_id == link_id)
    return c.execute(query.order_by(group_test.c.called_at.desc()).limit(1)).scalar_one_or_none()


def check_hours(c: Connection, line: Link, at: datetime, *, in_school_hours: bool) -> None:
    """Invalid in school hours, unless that was asked for."""
    if in_school_hours:
        return
    schools = [get_school(c, school_id) for school_id in line.school_ids]
    clocks = clocks_of(calendars(c, schools)[school_id] for school_id in line.school_ids)
    if place(at, clocks)[1] == "school":
        raise Invalid(
            f"At {at:%Y-%m-%d %H:%M} UTC it is school hours on {line.name!r}, and a group test "
            "fills the line. Choose another time, or say that it may run in school hours."
        )


class _NotYetError(Exception):
    """The line isn't free soon: it is asked again."""


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


def _begin(c: Connection, member: Row[Any], now: datetime) -> GroupBegin:
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


def _set_begin(
    c: Connection, group: Row[Any], ready: Sequence[Row[Any]], now: datetime, wait_until: datetime
) -> None:
    """Give all of them their lines and bytes at one moment. CollectorError where that may not be,
    _NotYetError if others are on the lines."""
    end = get_reflector(c, group.reflector_id)
    wish = wish_of(c, group.id)
    loaded = {one.agent_id: _lines(c, one.school_id, end) for one in ready}
    lines = {line for own in loaded.values() for line in own}
    length = SLOT_AHEAD + timedelta(seconds=GROUP_SECONDS) + SLOT_AFTER
    earliest = max(now + LEAD, group.wanted_at) - SLOT_AHEAD
    opens = first_free(held_spans(c, lines, now), earliest, length.total_seconds())
    if opens > wait_until:
        raise Conflict("Other tests were on the line all the time. Start the group test again.")
    if opens > earliest + LEAD:
        raise _NotYetError
    begins = opens + SLOT_AHEAD
    check_hours(c, wish.link, begins, in_school_hours=wish.in_school_hours)
    for one in ready:
        for moment in (opens, opens + length):
            check_blackout(c, one.school_id, loaded[one.agent_id], moment)
    paid = _paid(c, group, ready, opens)
    for part in stages([_as_candidate(one) for one in paid]):
        slot_id = new_id()
        _hold(c, group, part, loaded[part.agent_id], (opens, opens + length), slot_id, paid)
        _set_member(
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


def _paid(
    c: Connection, group: Row[Any], ready: Sequence[Row[Any]], at: datetime
) -> dict[Row[Any], int]:
    """Who has bytes left for its part, which are set aside. BudgetUsedUp if fewer than two have."""
    paid, refused = dict[Row[Any], int](), list[BudgetUsedUp]()
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
            paid[one] = set_aside(c, _agent(c, one.agent_id), wish, at)
        except BudgetUsedUp as error:
            refused.append(error)
            _set_member(c, group.id, one.agent_id, state="cannot", why_not=error.detail)
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
    paid: dict[Row[Any], int],
) -> None:
    """A slot of the member's own, on its own lines; at the test server it is the group's."""
    begins, ends = span
    num_bytes = next(n for one, n in paid.items() if one.agent_id == part.agent_id)
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


def _lines(c: Connection, school_id: UUID, end: Reflector) -> tuple[UUID, ...]:
    return lines_loaded(school_id, lines_of(c, school_id), end)[:MAX_SLOT_LINES]


def _nobody(members: Sequence[Row[Any]]) -> str:
    """Why there are too few."""
    said = sorted({one.why_not for one in members if one.state == "cannot" and one.why_not})
    silent = sum(one.state in ("called", "busy") for one in members)
    words = [f"{silent} did not answer in time"] if silent else []
    why = "; ".join([*words, *said])
    ready = sum(one.state == "ready" for one in members)
    count = "one" if ready == 1 else "none"
    return f"Of {len(members)} agents that were called, {count} could take part: {why}."


def _as_candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        agent_id=row.agent_id, school_id=row.school_id, ceiling=row.ceiling_bits_per_second
    )


def _as_member(row: Row[Any]) -> Member:
    return Member(
        agent_id=row.agent_id,
        school_id=row.school_id,
        ceiling=row.ceiling_bits_per_second,
        joins_after_seconds=row.joins_after_seconds or 0.0,
    )


def _agent(c: Connection, agent_id: UUID) -> Agent:
    from ..access.agents import list_agents

    return next(one for one in list_agents(c) if one.id == agent_id)


def _set_member(c: Connection, group_id: UUID, agent_id: UUID, **values: Any) -> None:
    same = (group_member.c.group_id == group_id) & (group_member.c.agent_id == agent_id)
    c.execute(update(group_member).where(same).values(values))


def _groups(c: Connection, ids: Sequence[UUID]) -> tuple[GroupTest, ...]:
    query = (
        select(group_test, link.c.name.label("line"), reflector.c.name.label("reflector"))
        .join(link, link.c.id == group_test.c.link_id)
        .join(reflector, reflector.c.id == group_test.c.reflector_id)
        .where(group_test.c.id.in_(ids))
        .order_by(group_test.c.called_at.desc(), group_test.c.id)
    )
    members = _members(c, ids)
    return tuple(
        GroupTest(
            members=tuple(members.get(row.id, ())),
            **{
                name: getattr(row, name)
                for name in GroupTest.__struct_fields__
                if name != "members"
            },
        )
        for row in c.execute(query)
    )


def _members(c: Connection, ids: Sequence[UUID]) -> dict[UUID, list[GroupMember]]:
    query = (
        select(group_member, agent.c.name.label("agent"), school.c.name.label("school"))
        .join(agent, agent.c.id == group_member.c.agent_id)
        .join(school, school.c.id == group_member.c.school_id)
        .where(group_member.c.group_id.in_(ids))
        .order_by(school.c.name, agent.c.name, agent.c.id)
    )
    found: dict[UUID, list[GroupMember]] = {}
    for row in c.execute(query):
        fields = {name: getattr(row, name) for name in GroupMember.__struct_fields__}
        found.setdefault(row.group_id, []).append(GroupMember(**fields))
    return found


def _forget_old(c: Connection, now: datetime) -> None:
    old = select(group_test.c.id).where(group_test.c.called_at < now - KEPT)
    c.execute(delete(group_member).where(group_member.c.group_id.in_(old)))
    c.execute(delete(group_test).where(group_test.c.called_at < now - KEPT))
