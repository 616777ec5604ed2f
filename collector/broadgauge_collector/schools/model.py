"""Districts, schools, people and links, as the rest of the collector sees them."""

from datetime import date, datetime, time
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Segment


class SchoolHours(Struct, frozen=True, kw_only=True):
    """When students are on the link: local times, and weekdays with Monday as 0."""

    opens: time = time(7, 30)
    closes: time = time(16, 0)
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)


class People(Struct, frozen=True, kw_only=True):
    """Counts from a date on, never names. `concurrent_users`: the peak online at once, if known."""

    since: date
    students: int
    staff: int = 0
    concurrent_users: int | None = None


class School(Struct, frozen=True, kw_only=True):
    """A site with students. `people` is ascending by date; the last on or before a day counts."""

    id: UUID
    name: str
    timezone: str
    hours: SchoolHours = SchoolHours()
    people: tuple[People, ...] = ()

    def people_on(self, day: date) -> People | None:
        """The counts in force on a day; None before the first."""
        return next((p for p in reversed(self.people) if p.since <= day), None)


class Link(Struct, frozen=True, kw_only=True):
    """A stretch of network that the schools behind it depend on; on screen, a line."""

    id: UUID
    name: str
    segment: Segment
    school_ids: tuple[UUID, ...]
    contracted_bits_per_second: float | None = None


class Reflector(Struct, frozen=True, kw_only=True):
    """A registered test server. With a link, it ends that link, for the schools behind it only."""

    id: UUID
    name: str
    host: str
    port: int
    segment: Segment
    link_id: UUID | None = None
    tls: bool = False
    fingerprint: str | None = None


class Agent(Struct, frozen=True, kw_only=True):
    """One installation on one machine, as last heard."""

    id: UUID
    name: str
    school_id: UUID
    location: str | None
    version: str
    joined_at: datetime
    last_seen_at: datetime | None
    spooled_results: int | None
    revoked_at: datetime | None
    asleep_since: datetime | None = None
