"""Districts, schools, people and links, as the rest of the collector sees them."""

from datetime import date, datetime, time
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import DroppedResults, Segment
from broadgauge_wire.fields import about

CalendarKind = Literal["holiday", "half_day", "blackout"]


class DayHours(Struct, frozen=True, kw_only=True):
    """Hours of one weekday, Monday as 0. One weekday may have several that don't overlap."""

    weekday: Annotated[int, about("Day of the week, Monday as 0")]
    opens: Annotated[time, about("When students arrive, local time")]
    closes: Annotated[time, about("When students leave, local time")]


class SchoolHours(Struct, frozen=True, kw_only=True):
    """When students are on the link: local times, and weekdays with Monday as 0."""

    opens: Annotated[time, about("When students arrive, local time")] = time(7, 30)
    closes: Annotated[time, about("When students leave, local time")] = time(16, 0)
    weekdays: Annotated[tuple[int, ...], about("Days with students, Monday as 0")] = (0, 1, 2, 3, 4)
    by_weekday: Annotated[
        tuple[DayHours, ...], about("Hours of weekdays that differ; they win on those days")
    ] = ()

    def on(self, weekday: int) -> tuple[tuple[time, time], ...]:
        """When it opens and closes on a weekday, Monday as 0; nothing on days without students."""
        own = sorted((h.opens, h.closes) for h in self.by_weekday if h.weekday == weekday)
        return tuple(own) or (((self.opens, self.closes),) if weekday in self.weekdays else ())


class CalendarDay(Struct, frozen=True, kw_only=True):
    """A day, or several on end, that is not like the others of its weekday.

    On a holiday nobody is there; on a half day school closes early; in a blackout, such as state
    testing, no heavy test is made, for whole days or between two times of each.
    """

    first: Annotated[date, about("First day")]
    last: Annotated[date, about("Last day, the same for a single one")]
    kind: Annotated[CalendarKind, about("What is different on it")]
    name: Annotated[str, about("What people call it")]
    begins: Annotated[
        time | None, about("When a blackout begins on each day, local time; null: at midnight")
    ] = None
    closes: Annotated[
        time | None, about("When a half day closes, or a blackout ends, local time; null: midnight")
    ] = None
    school_id: Annotated[UUID | None, about("The school; null: every school")] = None
    id: Annotated[UUID | None, about("What the collector calls it")] = None


class People(Struct, frozen=True, kw_only=True):
    """Counts from a date on, never names. `concurrent_users`: the peak online at once, if known."""

    since: Annotated[date, about("First day these counts hold")]
    students: Annotated[int, about("Number of students")]
    staff: Annotated[int, about("Number of staff")] = 0
    concurrent_users: Annotated[int | None, about("Most people online at once, if known")] = None


class School(Struct, frozen=True, kw_only=True):
    """A site with students. `people` is ascending by date; the last on or before a day counts."""

    id: Annotated[UUID, about("What the collector calls it")]
    name: Annotated[str, about("What people call it")]
    timezone: Annotated[str, about("IANA time zone")]
    hours: Annotated[SchoolHours, about("When students are on the line")] = SchoolHours()
    people: Annotated[tuple[People, ...], about("Counts, ascending by date")] = ()
    simulated: Annotated[bool, about("Made up for a demonstration, with all that is in it")] = False
    least_used_hours: Annotated[
        tuple[int, ...] | None,
        about("Hours of the day that count as closed where closed hours hardly exist, as chosen"),
    ] = None

    def people_on(self, day: date) -> People | None:
        """The counts in force on a day; None before the first."""
        return next((p for p in reversed(self.people) if p.since <= day), None)

    def people_then(self, day: date, today: date) -> People | None:
        """The counts to hold tests of a day up to today against: before the first counts, those;
        before the first peak that is known, that. What begins after today is not known yet."""
        known = [p for p in self.people if p.since <= today]
        found = next((p for p in reversed(known) if p.since <= day), known[0] if known else None)
        if found is None or found.concurrent_users is not None:
            return found
        peaks = (p.concurrent_users for p in known if p.since > found.since)
        return replace(found, concurrent_users=next((n for n in peaks if n is not None), None))


class SchoolCount(Struct, frozen=True):
    """How many schools there are, and how many of them are made up."""

    total: int
    simulated: int


class Link(Struct, frozen=True, kw_only=True):
    """A stretch of network that the schools behind it depend on; on screen, a line."""

    id: Annotated[UUID, about("What the collector calls it")]
    name: Annotated[str, about("What people call it")]
    segment: Annotated[Segment, about("Kind of line")]
    school_ids: Annotated[tuple[UUID, ...], about("Schools that depend on it")]
    contracted_bits_per_second: Annotated[float | None, about("Rate that was bought", "bit/s")] = (
        None
    )
    simulated: Annotated[bool, about("All schools that depend on it are made up")] = False
    upstream_id: Annotated[
        UUID | None, about("The line that it hangs on, such as a WAN circuit on the Internet line")
    ] = None
    price_per_month: Annotated[
        float | None, about("What it costs a month, in the district's currency")
    ] = None
    contract_ends: Annotated[date | None, about("Last day of its contract")] = None


class Reflector(Struct, frozen=True, kw_only=True):
    """A registered test server. With a link, it ends that link, for the schools behind it only."""

    id: Annotated[UUID, about("What the collector calls it")]
    name: Annotated[str, about("What people call it")]
    host: Annotated[str, about("Address or name agents reach it at")]
    port: Annotated[int, about("TCP and UDP port agents reach it at")]
    segment: Annotated[Segment, about("Stretch of network that a test to it goes over")]
    link_id: Annotated[UUID | None, about("The one line it ends, if it ends only one")] = None
    tls: Annotated[bool, about("Whether it speaks TLS")] = False
    fingerprint: Annotated[
        str | None, about("SHA-256 of the certificate it shows, where no authority vouches for it")
    ] = None
    has_access_key: Annotated[
        bool, about("Whether agents get access tokens from here that it asks for")
    ] = False


class Agent(Struct, frozen=True, kw_only=True):
    """One installation on one machine, as last heard."""

    id: Annotated[UUID, about("What the collector calls it")]
    name: Annotated[str, about("What people call it")]
    school_id: Annotated[UUID, about("School its token was for")]
    location: Annotated[str | None, about("Room, wing or wiring closet it is in")]
    version: Annotated[str, about("Its version, as last heard")]
    joined_at: Annotated[datetime, about("When it joined, UTC")]
    last_seen_at: Annotated[datetime | None, about("When it was last heard, UTC")]
    spooled_results: Annotated[int | None, about("Results that waited to be sent, as last said")]
    revoked_at: Annotated[datetime | None, about("When it was shut out, UTC")]
    asleep_since: Annotated[
        datetime | None,
        about("Since when it has been away from school networks, UTC; null if it isn't"),
    ] = None
    dropped_results: Annotated[
        tuple[DroppedResults, ...],
        about("What it ever dropped unsent because its spool was full, as last said"),
    ] = ()
    damaged_results: Annotated[
        int, about("Results that its disk ever damaged before they were sent, as last said")
    ] = 0
    simulated: Annotated[bool, about("Its school is made up")] = False
    forked_from: Annotated[
        UUID | None, about("Agent whose spool it was a copy of; null if it joined by itself")
    ] = None
    clock_offset_seconds: Annotated[
        float | None,
        about(
            "How far its clock was behind the collector's, where that was found to be wrong; its "
            "results' times are corrected",
            "s",
        ),
    ] = None


class SchoolNetwork(Struct, frozen=True, kw_only=True):
    """A subnet whose addresses only machines on the district's network have."""

    id: Annotated[UUID, about("What the collector calls it")]
    subnet: Annotated[str, about("Subnet in CIDR notation")]
    note: Annotated[str, about("What people say of it")]
    caution: Annotated[
        str | None,
        about("Who else has such addresses: agents would measure there too; null if nobody does"),
    ]


SettingValue = bool | float | str


class SchoolSetting(Struct, frozen=True, kw_only=True):
    """What a setting is for the agents of one school."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    value: Annotated[SettingValue, about("Value for its agents; wins over that for every school")]


class AgentSetting(Struct, frozen=True, kw_only=True):
    """One setting of agents' probes, set here or not."""

    key: Annotated[str, about("Its dotted key, as in an agent's file")]
    value: Annotated[
        SettingValue | None,
        about("Value for every school; null if none is set, and agents go by file or default"),
    ]
    default: Annotated[SettingValue, about("What it is where nothing is set")]
    unit: Annotated[str, about("Unit of the value, empty if it has none")]
    meaning: Annotated[str, about("What it does")]
    expected: Annotated[str, about("What it may be, in words")]
    schools: Annotated[tuple[SchoolSetting, ...], about("Schools with a value of their own")]
