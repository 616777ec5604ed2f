"""Everything in the control database that goes with a school or an agent.

Functions take a connection inside a transaction; the one that removes needs a write transaction.
"""

from collections.abc import Collection, Iterator
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Column, Connection, Table, delete, func, select, update

from ..access.agents import list_agents
from ..errors import Conflict, NotFound
from ..fleet.erasing import forget_agents, sweep
from ..plan.groups import groups_of
from ..rooms.results import browsers_of
from ..schools.model import Agent
from ..schools.repository import find_school
from ..store import tables
from ..store.erased import Kind


class Going(Struct, frozen=True, kw_only=True):
    """A school or an agent that is to go, and by id what goes with it."""

    kind: Kind
    id: UUID
    name: str
    school_ids: tuple[UUID, ...] = ()
    agent_ids: tuple[UUID, ...] = ()
    link_ids: tuple[UUID, ...] = ()
    reflector_ids: tuple[UUID, ...] = ()


def going_school(c: Connection, name_or_id: str) -> Going:
    """A school with its agents, and the lines and test servers that are its alone."""
    school = find_school(c, name_or_id)
    behind = tables.link_school.c.school_id == school.id
    shared = select(tables.link_school.c.link_id).where(~behind)
    alone = select(tables.link_school.c.link_id).where(
        behind, tables.link_school.c.link_id.not_in(shared)
    )
    link_ids = tuple(c.execute(alone).scalars())
    ends = select(tables.reflector.c.id).where(tables.reflector.c.link_id.in_(link_ids))
    agents = select(tables.agent.c.id).where(tables.agent.c.school_id == school.id)
    return Going(
        kind="school",
        id=school.id,
        name=school.name,
        school_ids=(school.id,),
        agent_ids=tuple(c.execute(agents).scalars()),
        link_ids=link_ids,
        reflector_ids=tuple(c.execute(ends).scalars()),
    )


def going_agent(c: Connection, name_or_id: str) -> Going:
    """One agent. NotFound, or Conflict if several have this name."""
    found = [a for a in list_agents(c) if name_or_id in (a.name, str(a.id))]
    if not found:
        raise NotFound(f"There is no agent called {name_or_id!r}. See: broadgauge agents")
    if len(found) > 1:
        raise Conflict(
            f"Several agents are called {name_or_id!r}. Name one by its id: broadgauge agents"
        )
    return _going(found[0])


def names_of(c: Connection, table: Table, ids: Collection[UUID]) -> tuple[str, ...]:
    """What people call these, in order."""
    rows = c.execute(select(table.c.name).where(table.c.id.in_(ids)).order_by(table.c.name))
    return tuple(rows.scalars())


def rooms_of(c: Connection, going: Going) -> int:
    """How many rooms with a code go."""
    here = tables.room.c.school_id.in_(going.school_ids)
    return c.execute(select(func.count()).select_from(tables.room).where(here)).scalar_one()


def still_named(c: Connection, going: Going) -> Iterator[str]:
    """Where its name stands in what stays."""
    going_ids = {*going.school_ids, *going.agent_ids, *going.link_ids, *going.reflector_ids}
    for words, table, column in (
        ("the note of the subnet", tables.school_network, tables.school_network.c.note),
        ("the line", tables.link, tables.link.c.name),
        ("the test server", tables.reflector, tables.reflector.c.name),
        ("the agent", tables.agent, tables.agent.c.name),
    ):
        shown = table.c.subnet if table is tables.school_network else table.c.name
        for row in c.execute(select(table.c.id, column.label("text"), shown.label("shown"))):
            if row.id not in going_ids and going.name.casefold() in row.text.casefold():
                yield f"{words} {row.shown}"


def remove(c: Connection, going: Going) -> None:
    """Every row that is theirs, and every row that points there."""
    _adopt_copies(c, going)
    forget_agents(c, going.agent_ids)
    c.execute(delete(tables.sink_refused))  # reasons may quote anybody's results
    for table, ids in (
        (tables.reflector, going.reflector_ids),
        (tables.link, going.link_ids),
        (tables.agent, going.agent_ids),
        (tables.school, going.school_ids),
    ):
        _remove(c, table, ids)
    sweep(c)


def _adopt_copies(c: Connection, going: Going) -> None:
    """A copy of an agent that goes is one of whom that was a copy of, so that all copies of one
    original are counted as such."""
    copies = tables.agent.c.forked_from.in_(going.agent_ids)
    gone = tables.agent.alias()
    above = select(gone.c.forked_from).where(gone.c.id == tables.agent.c.forked_from)
    c.execute(update(tables.agent).where(copies).values(forked_from=above.scalar_subquery()))


def result_ids(going: Going) -> dict[str, tuple[UUID, ...]]:
    """Under which ids the store of results has theirs. Browsers at a school have one of their
    own, and so have its group tests."""
    browsers = tuple(browsers_of(school_id) for school_id in going.school_ids)
    groups = tuple(groups_of(school_id) for school_id in going.school_ids)
    agent_ids = (*going.agent_ids, *browsers, *groups)
    return {"agent_ids": agent_ids, "school_ids": going.school_ids}


def _going(agent: Agent) -> Going:
    return Going(kind="agent", id=agent.id, name=agent.name, agent_ids=(agent.id,))


def _remove(c: Connection, table: Table, ids: Collection[UUID]) -> None:
    if not ids:
        return
    for column in _pointing_at(table):
        points = column.in_(ids)
        if "id" in column.table.c:
            _remove(
                c, column.table, tuple(c.execute(select(column.table.c.id).where(points)).scalars())
            )
        else:
            c.execute(delete(column.table).where(points))
    c.execute(delete(table).where(table.c.id.in_(ids)))


def _pointing_at(table: Table) -> Iterator[Column[UUID]]:
    for other in tables.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table:
                yield key.parent
