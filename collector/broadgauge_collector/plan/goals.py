"""Goals as a district set them, in the control database.

Functions take a connection inside a transaction; the one that sets needs a write transaction.
"""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, delete, insert, select

from broadgauge_wire.fields import about

from ..capacity.daypart import Clock, clocks_of
from ..config import DEFAULT_DAYS
from ..errors import Invalid
from ..schools.calendars import calendars
from ..schools.model import Link
from ..schools.repository import list_links, list_schools
from ..store.tables import coverage_goal
from .goal import DEFAULT_GOAL, Goal, unreachable

DISTRICT = UUID(int=0)
"""Names the row of every line, so that there can't be two."""


class LineGoal(Struct, frozen=True, kw_only=True):
    """A line with a goal of its own; wins over that of every line."""

    link_id: Annotated[UUID, about("The line")]
    link: Annotated[str, about("Its name")]
    goal: Annotated[Goal, about("Its goal")]


class Goals(Struct, frozen=True, kw_only=True):
    """What lines are to reach."""

    goal: Annotated[Goal, about("The goal of every line without one of its own")]
    default: Annotated[Goal, about("What it is where nobody sets one")]
    lines: Annotated[tuple[LineGoal, ...], about("Lines with a goal of their own")]

    def of(self, link_id: UUID) -> Goal:
        """The goal of a line."""
        return next((own.goal for own in self.lines if own.link_id == link_id), self.goal)


def list_goals(c: Connection) -> Goals:
    """The district's goal, and lines with one of their own, by name."""
    kept = {row.link_id: _goal(row) for row in c.execute(select(coverage_goal))}
    own = [link for link in list_links(c) if link.id in kept]
    return Goals(
        goal=kept.get(None, DEFAULT_GOAL),
        default=DEFAULT_GOAL,
        lines=tuple(LineGoal(link_id=link.id, link=link.name, goal=kept[link.id]) for link in own),
    )


def set_goal(c: Connection, goal: Goal | None, link: Link | None = None) -> Goals:
    """Set it for a line, or for every line without one of its own; None takes back what was set.

    Invalid, saying which part, for a goal that the calendars leave no room for: that of the line,
    or those of all lines.
    """
    if goal is not None:
        _check(c, goal, link)
    link_id = link.id if link else None
    c.execute(delete(coverage_goal).where(coverage_goal.c.id == (link_id or DISTRICT)))
    if goal is not None:
        c.execute(
            insert(coverage_goal).values(id=link_id or DISTRICT, link_id=link_id, **asdict(goal))
        )
    return list_goals(c)


def _check(c: Connection, goal: Goal, link: Link | None) -> None:
    links = [link] if link else list_links(c)
    refused = unreachable(goal, _clocks(c, links), DEFAULT_DAYS)
    if refused:
        raise Invalid(
            f"No calendar here leaves room for that goal: {' '.join(refused.values())} Give less."
        )


def _clocks(c: Connection, links: list[Link] | tuple[Link, ...]) -> list[tuple[Clock, ...]]:
    of_school = calendars(c, list_schools(c))
    return [clocks_of(of_school[s] for s in one.school_ids) for one in links if one.school_ids]


def _goal(row: Any) -> Goal:
    return Goal(**{name: getattr(row, name) for name in Goal.__struct_fields__})
