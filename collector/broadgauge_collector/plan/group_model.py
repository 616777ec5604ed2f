"""Group tests: what is said of them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Bound, Direction
from broadgauge_wire.fields import about

from ..schools.model import Link, Reflector
from .groups import Member

State = Literal["called", "running", "done", "failed"]

MemberState = Literal["called", "busy", "ready", "cannot"]

CalledBy = Literal["plan", "hand"]


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
