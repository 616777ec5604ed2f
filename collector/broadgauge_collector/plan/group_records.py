"""Group tests as the control database has them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from ..errors import NotFound
from ..schools.repository import get_link, get_reflector
from ..store.tables import agent, group_asker, group_member, group_test, link, reflector, school
from .group_model import Begun, GroupMember, GroupTest, State, Wish
from .groups import Member

OPEN: tuple[State, ...] = ("called", "running")


def is_called(c: Connection) -> frozenset[UUID]:
    """Agents that are called to a test that isn't over."""
    query = (
        select(group_member.c.agent_id)
        .join(group_test, group_test.c.id == group_member.c.group_id)
        .where(group_test.c.state.in_(OPEN))
    )
    return frozenset(c.execute(query).scalars())


def askers(c: Connection) -> dict[UUID, str]:
    """Agents that ever asked for group tests, and in which version."""
    return {row.agent_id: row.version for row in c.execute(select(group_asker))}


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
        link=get_link(c, row.link_id),
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
        link=get_link(c, row.link_id),
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


def _as_member(row: Row[Any]) -> Member:
    return Member(
        agent_id=row.agent_id,
        school_id=row.school_id,
        ceiling=row.ceiling_bits_per_second,
        joins_after_seconds=row.joins_after_seconds or 0.0,
    )


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
