"""What the control store knows of a district, read at one moment, and which link a test is of."""

import time
from collections import defaultdict
from datetime import date
from uuid import UUID
from weakref import WeakKeyDictionary

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Segment

from ..access.agents import list_agents
from ..capacity.daypart import Clock, clocks_of
from ..capacity.need import Headcount
from ..errors import NotFound
from ..schools.calendar import SchoolCalendar
from ..schools.calendars import calendars
from ..schools.changes import Change, list_changes
from ..schools.model import Agent, Link, Reflector, School
from ..schools.repository import list_links, list_reflectors, list_schools
from ..store import ControlStore, Stores
from ..store.questions import Latest, Measured

KEPT_SECONDS = 5.0


class District(Struct, frozen=True):
    """Schools and links by id, in order of name; changes by day."""

    schools: dict[UUID, School]
    links: dict[UUID, Link]
    reflectors: dict[UUID, Reflector]
    agents: tuple[Agent, ...]
    calendars: dict[UUID, SchoolCalendar]
    changes: tuple[Change, ...]

    def school(self, school_id: UUID) -> School:
        """NotFound if there is no such school."""
        if school_id not in self.schools:
            raise NotFound(f"There is no school with the id {school_id}.")
        return self.schools[school_id]

    def behind(self, link: Link) -> tuple[School, ...]:
        """The schools that depend on a link."""
        return tuple(self.schools[school_id] for school_id in link.school_ids)

    def clocks(self, link: Link) -> tuple[Clock, ...]:
        """The different calendars of those schools, that of the first one first."""
        return clocks_of(self.calendars[school_id] for school_id in link.school_ids)

    def headcounts(self, schools: tuple[School, ...], day: date) -> tuple[Headcount, ...]:
        """Their people on a day."""
        return tuple(Headcount(school.name, school.people_on(day)) for school in schools)


class _Kept(Struct, frozen=True):
    """What was read, how many writes were counted before, and until when it is believed."""

    district: District
    writes: int
    until: float


_kept = WeakKeyDictionary[ControlStore, _Kept]()


def read_district(stores: Stores) -> District:
    """Everything, agents as they are this moment and the rest as it was after the last edit.

    Where several collectors share a control database, another's edit shows within KEPT_SECONDS.
    """
    control = stores.control
    kept, writes = _kept.get(control), control.writes
    with control.connect() as connection:
        if kept and kept.writes == writes and time.monotonic() < kept.until:
            return replace(kept.district, agents=list_agents(connection))
        schools = {school.id: school for school in list_schools(connection)}
        found = District(
            schools,
            {link.id: link for link in list_links(connection)},
            {reflector.id: reflector for reflector in list_reflectors(connection, removed=True)},
            list_agents(connection),
            calendars(connection, schools.values()),
            list_changes(connection),
        )
    _kept[control] = _Kept(found, writes, time.monotonic() + KEPT_SECONDS)
    return found


class Ways:
    """Which link a test went over.

    The link its test server is registered to, if the agent's school is behind it; else the one
    link of the test's segment that is. With two such links it can't be told, and none is said.
    """

    def __init__(self, district: District) -> None:
        self._reflectors = district.reflectors
        self._found: dict[tuple[UUID, Segment | None, UUID | None], Link | None] = {}
        self._of_segment: dict[tuple[UUID, Segment], list[Link]] = defaultdict(list)
        for link in district.links.values():
            for school_id in link.school_ids:
                self._of_segment[school_id, link.segment].append(link)

    def link_of(self, test: Measured | Latest) -> Link | None:
        """None where it can't be told, or no link is known."""
        return self.link(test.school_id, test.segment, test.reflector_id)

    def link(
        self, school_id: UUID, segment: Segment | None, reflector_id: UUID | None
    ) -> Link | None:
        """The same for any test of this school, segment and test server."""
        way = school_id, segment, reflector_id
        if way not in self._found:
            self._found[way] = self._find(*way)
        return self._found[way]

    def _find(
        self, school_id: UUID, segment: Segment | None, reflector_id: UUID | None
    ) -> Link | None:
        if segment is None:
            return None
        possible = self._of_segment.get((school_id, segment), [])
        reflector = self._reflectors.get(reflector_id) if reflector_id else None
        if reflector is not None and reflector.link_id is not None:
            return next((link for link in possible if link.id == reflector.link_id), None)
        return possible[0] if len(possible) == 1 else None
