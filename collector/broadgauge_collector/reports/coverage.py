"""Which days, hours and locations each line was tested in, and what of its goal is missing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ..capacity.columns import Columns, columns, since_change
from ..capacity.daypart import Clock, local_day, local_hours, placed, window_of
from ..capacity.exclusions import place_of
from ..capacity.method import METHOD
from ..capacity.model import Need, UnknownNeed
from ..capacity.need import bits_on
from ..capacity.targets import applies, find_target
from ..capacity.votes import exclusions
from ..errors import NotFound
from ..plan.cells import HOURS, NOWHERE, Cell, Place, PlacedTests, cells
from ..plan.coverage import Circumstances, Covered, Crew, Have, Missing, cover, have, missing, share
from ..plan.goal import Goal, why_not
from ..plan.goals import Goals, list_goals
from ..schools.changes import changed_on
from ..schools.checks import name_key
from ..schools.locations import all_locations
from ..schools.model import Agent, Link
from ..store import Stores
from .asked import Asked
from .district import District, Ways, read_district
from .link_tests import links_of
from .needed import Needed

LATELY = timedelta(days=3)
"""An agent heard within that is one that tests: school machines are off over a weekend."""

NO_PEOPLE = (
    "What this line needs isn't known, so that tests count by whatever machine. {} Then those by "
    "machines that could not have seen the need stop counting."
)
SHOWS_A_ROOM = ("no_need", "unknown_ceiling", "machine_too_slow", "not_planned")
"""Why a test may have no say on the line, and yet shows what its room gets."""

WALKS = ("not_planned", "group_part")
"""Made by hand, not by the plan; or counted with others as one."""


class LocationCoverage(Struct, frozen=True, kw_only=True):
    """A location of a line's schools, and its tests."""

    school: Annotated[str, about("Its school")]
    location: Annotated[str, about("Room, wing or wiring closet")]
    tests: Annotated[int, about("Tests that show what it gets")]
    want: Annotated[int, about("How many are wanted")]
    agents: Annotated[int, about("Agents there that weren't shut out")]
    heard: Annotated[int, about("Those of them that were heard lately")]


class LineCoverage(Struct, frozen=True, kw_only=True):
    """How far one line is from its goal."""

    link: Annotated[Link, about("The line")]
    schools: Annotated[tuple[str, ...], about("Schools behind it")]
    goal: Annotated[Goal, about("What it is to reach")]
    complete: Annotated[bool, about("Whether that is reached")]
    share: Annotated[float, about("How much of it is reached, from 0 to 1")]
    tests: Annotated[int, about("Tests that agents made as planned, counting or not")]
    counting_tests: Annotated[int, about("Those of them that count, by the rule of judging")]
    parts: Annotated[tuple[Have, ...], about("Each part of the goal, but for locations")]
    locations: Annotated[tuple[LocationCoverage, ...], about("Every location of its schools")]
    missing: Annotated[tuple[Missing, ...], about("What is missing, and what to do about it")]
    agents: Annotated[int, about("Agents at its schools that weren't shut out")]
    heard: Annotated[int, about("Those of them that were heard lately")]
    note: Annotated[str | None, about("What else to know about it")]


class CoverageReport(Struct, frozen=True, kw_only=True):
    """Every line, those that lack most first."""

    target: Annotated[str, about("Key of the target whose need decides which machines are fit")]
    days: Annotated[int, about("Days looked at")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    lines: Annotated[tuple[LineCoverage, ...], about("Every line that the target is about")]


class DayShown(Struct, frozen=True, kw_only=True):
    """A local day of a line, tested or not."""

    day: Annotated[date, about("Local day")]
    school_hours: Annotated[tuple[int, ...], about("Hours of it with students on the line")]
    blackout: Annotated[str | None, about("Name of a blackout on it")]


class LineGrid(Struct, frozen=True, kw_only=True):
    """One line by day, hour and location."""

    line: Annotated[LineCoverage, about("How far it is")]
    days: Annotated[int, about("Days looked at")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    timezone: Annotated[str, about("Whose local days and hours these are")]
    calendar: Annotated[tuple[DayShown, ...], about("Each day looked at, in order")]
    cells: Annotated[tuple[Cell, ...], about("Every day, hour and location with a test")]


class Standing(Struct, frozen=True):
    """One line as it stands, for its coverage and for the plan."""

    link: Link
    clocks: tuple[Clock, ...]
    goal: Goal
    need: Need | UnknownNeed
    places: tuple[Place, ...]
    tests: PlacedTests
    covered: Covered
    crew: Crew
    too_slow: int


class Standings(Struct, frozen=True):
    """Lines by id, with the district they are of."""

    district: District
    lines: Mapping[UUID, Standing]
    asked: Asked


def coverage(stores: Stores, target_key: str, days: int, now: datetime) -> CoverageReport:
    """Every line that the target is about. NotFound for an unknown target."""
    found = standings(stores, target_key, days, now)
    lines = [_line(found, one) for one in found.lines.values()]
    lines.sort(key=lambda line: (line.complete, line.share, name_key(line.link.name)))
    return CoverageReport(target=target_key, days=days, as_of=now, lines=tuple(lines))


def line_grid(
    stores: Stores,
    link_id: UUID,
    location: str | None,
    target_key: str,
    days: int,
    now: datetime,
) -> LineGrid:
    """One line, in one location or in all. NotFound for one that is unknown, or that the target
    isn't about."""
    found = standings(stores, target_key, days, now, link_id)
    standing = found.lines.get(link_id)
    if standing is None:
        raise NotFound("The target is not about that line. Choose another target.")
    zone = standing.clocks[0].timezone
    first, _ = window_of(now, days, zone)
    shown = cells(standing.tests, standing.places)
    if location is not None:
        shown = _only(shown, location, standing.places)
    return LineGrid(
        line=_line(found, standing),
        days=days,
        as_of=now,
        timezone=zone,
        calendar=tuple(_day(found, standing, first + timedelta(days=n)) for n in range(days)),
        cells=shown,
    )


def standings(
    stores: Stores, target_key: str, days: int, now: datetime, link_id: UUID | None = None
) -> Standings:
    """Every line with schools behind it that the target is about, or one of them."""
    asked = Asked(find_target(target_key), days, now)
    district = read_district(stores)
    with stores.control.connect() as c:
        rooms, goals = all_locations(c), list_goals(c)
    links = [
        link
        for link in district.links.values()
        if link.school_ids
        and applies(asked.target, link.segment)
        and (link_id is None or link.id == link_id)
    ]
    if not links:
        return Standings(district, {}, asked)
    return Standings(district, _standings(stores, district, asked, links, rooms, goals), asked)


def _standings(
    stores: Stores,
    district: District,
    asked: Asked,
    links: Sequence[Link],
    rooms: Mapping[UUID, tuple[str, ...]],
    goals: Goals,
) -> dict[UUID, Standing]:
    schools = list({school_id for link in links for school_id in link.school_ids})
    servers = list(district.reflectors)
    with stores.results.questions() as questions:
        table = questions.tests(
            asked.fetched(), asked.target.direction, schools, servers, with_location=True
        )
    of_link = links_of(table, Ways(district), schools, servers, [link.id for link in links])
    order = np.argsort(of_link, kind="stable")
    starts = np.searchsorted(of_link[order], np.arange(len(links) + 1))
    crews = _People(district, asked)
    rows = _Rows(table, schools)
    own = {link.id: goals.of(link.id) for link in links} if goals.lines else {}
    return {
        link.id: _standing(
            district,
            asked,
            link,
            rows,
            order[starts[n] : starts[n + 1]],
            rooms,
            own.get(link.id, goals.goal),
            crews,
        )
        for n, link in enumerate(links)
    }


class _Rows:
    """The columns that placing needs, read once for all lines."""

    def __init__(self, table: pa.Table, schools: Sequence[UUID]) -> None:
        self.moment: NDArray[np.int64] = table["moment"].cast(pa.int64()).to_numpy()
        self.school: NDArray[np.int64] = table["school"].to_numpy()
        self.schools = schools
        words = table["location"].combine_chunks().dictionary_encode()
        # Keys that differ in case or blanks only are one location; none is the last.
        self.keys = [name_key(word) for word in words.dictionary.to_pylist()]
        self.words = words.dictionary.to_pylist()
        self.location: NDArray[np.int64] = (
            words.indices.fill_null(len(self.keys)).to_numpy().astype(np.int64)
        )
        nothing = np.zeros(len(self.moment), np.int64)
        self.columns = columns(table, nothing, nothing == 1)


def _standing(
    district: District,
    asked: Asked,
    link: Link,
    rows: _Rows,
    mine: NDArray[np.int64],
    rooms: Mapping[UUID, tuple[str, ...]],
    goal: Goal,
    crews: "_People",
) -> Standing:
    clocks = district.clocks(link)
    zone = clocks[0].timezone
    first, last = (day.toordinal() for day in window_of(asked.now, asked.days, zone))
    day, closed = placed(rows.moment[mine], clocks)
    inside = (day >= first) & (day <= last)
    mine, day, closed = mine[inside], day[inside], closed[inside]
    today = date.fromordinal(last)
    need = crews.needed.by(link, today)
    of_link = rows.columns.where(mine)._replace(day=day)
    why = _why(since_change(of_link, changed_on(district.changes, link, today)), need)
    place, places = _places(district, link, rows, mine, rooms)
    excused = [place_of(word) for word in SHOWS_A_ROOM]
    counts = (why == 0) | (why == place_of("no_need"))
    tests = PlacedTests(
        day=day,
        hour=local_hours(rows.moment[mine], zone),
        closed=closed,
        place=place,
        counts=counts,
        shows=counts | np.isin(why, excused),
    )
    planned = ~np.isin(why, [place_of(word) for word in WALKS])
    slow = np.isin(why, [place_of("machine_too_slow"), place_of("unknown_ceiling")])
    return Standing(
        link=link,
        clocks=clocks,
        goal=goal,
        need=need,
        places=places,
        tests=tests,
        covered=cover(tests, len(places), last, int(planned.sum())),
        crew=crews.of(link, places),
        too_slow=int(slow.sum()),
    )


def _why(tests: Columns, need: Need | UnknownNeed) -> NDArray[np.int8]:
    """Why each test has no say, as in judging: a line with real tests drops simulated ones."""
    real = bool(((tests.unfit == 0) & ~tests.simulated).any())
    return exclusions(tests, bits_on(need, tests.day), METHOD, drop_simulated=real)


def _places(
    district: District,
    link: Link,
    rows: _Rows,
    mine: NDArray[np.int64],
    rooms: Mapping[UUID, tuple[str, ...]],
) -> tuple[NDArray[np.int64], tuple[Place, ...]]:
    """Each test's place, and the places: locations that are known at the line's schools. A test
    that names another is nowhere: its agent's file says a room that nobody else knows."""
    found = dict[tuple[UUID, str], int]()
    places = list[Place]()
    for school_id in link.school_ids:
        for name in rooms.get(school_id, ()):
            found[school_id, name_key(name)] = len(places)
            places.append(Place(school_id, district.schools[school_id].name, name))
    width = len(rows.keys) + 1
    pairs, of_pair = np.unique(rows.school[mine] * width + rows.location[mine], return_inverse=True)
    known = [
        NOWHERE
        if pair % width == width - 1
        else found.get((rows.schools[pair // width], rows.keys[pair % width]), NOWHERE)
        for pair in pairs.tolist()
    ]
    place: NDArray[np.int64] = np.array(known, np.int64)[of_pair]
    return place, tuple(places)


class _People:
    """Agents by school and location, and what lines need for the people behind them."""

    def __init__(self, district: District, asked: Asked) -> None:
        self._district = district
        self._now = asked.now
        self.needed = Needed(district, asked.target, asked.fetched().since.date())
        self._at = defaultdict[UUID, list[Agent]](list)
        for agent in district.agents:
            if agent.revoked_at is None:
                self._at[agent.school_id].append(agent)

    def of(self, link: Link, places: Sequence[Place]) -> Crew:
        """Those of a line's schools."""
        by_place = defaultdict[tuple[UUID, str], list[bool]](list)
        bare, silent, everybody = list[str](), list[str](), list[bool]()
        for school_id in link.school_ids:
            heard = [heard_lately(agent, self._now) for agent in self._at[school_id]]
            everybody += heard
            name = self._district.schools[school_id].name
            if not heard:
                bare.append(name)
            elif not any(heard):
                silent.append(name)
            for agent, is_heard in zip(self._at[school_id], heard, strict=True):
                if agent.location:
                    by_place[school_id, name_key(agent.location)].append(is_heard)
        there = [by_place[place.school_id, name_key(place.location)] for place in places]
        return Crew(
            agents=len(everybody),
            heard=sum(everybody),
            at=tuple(len(one) for one in there),
            heard_at=tuple(sum(one) for one in there),
            bare_schools=tuple(bare),
            silent_schools=tuple(silent),
        )


def heard_lately(agent: Agent, now: datetime) -> bool:
    """Whether it is one that tests."""
    return agent.last_seen_at is not None and now - agent.last_seen_at <= LATELY


def _line(found: Standings, standing: Standing) -> LineCoverage:
    covered, goal, crew = standing.covered, standing.goal, standing.crew
    return LineCoverage(
        link=standing.link,
        schools=tuple(school.name for school in found.district.behind(standing.link)),
        goal=goal,
        complete=covered.complete(goal),
        share=round(share(covered, goal), 4),
        tests=covered.made,
        counting_tests=covered.counted,
        parts=have(covered, goal),
        locations=tuple(
            LocationCoverage(
                school=place.school,
                location=place.location,
                tests=covered.by_place[n],
                want=goal.location_tests,
                agents=crew.at[n],
                heard=crew.heard_at[n],
            )
            for n, place in enumerate(standing.places)
        ),
        missing=()
        if covered.complete(goal)
        else missing(covered, goal, standing.places, crew, _around(found, standing)),
        agents=crew.agents,
        heard=crew.heard,
        note=_note(standing),
    )


def _around(found: Standings, standing: Standing) -> Circumstances:
    asked = found.asked
    first, last = window_of(asked.now, asked.days, standing.clocks[0].timezone)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    school_days = sum(any(clock.is_school_day(day) for clock in standing.clocks) for day in days)
    no_room = why_not(standing.goal, standing.clocks, asked.days)
    return Circumstances(standing.too_slow, school_days, no_room)


def _note(standing: Standing) -> str | None:
    said = list[str]()
    if isinstance(standing.need, UnknownNeed):
        said.append(NO_PEOPLE.format(standing.need.explanation))
    if standing.crew.bare_schools and standing.crew.agents:
        said.append(f"No agent at {', '.join(standing.crew.bare_schools[:5])}.")
    return " ".join(said) or None


def _day(found: Standings, standing: Standing, day: date) -> DayShown:
    calendars = [found.district.calendars[s] for s in standing.link.school_ids]
    names = (
        entry.name
        for calendar in calendars
        for entry in calendar.days
        if entry.kind == "blackout" and entry.first <= day <= entry.last
    )
    return DayShown(
        day=day, school_hours=_school_hours(standing.clocks, day), blackout=next(names, None)
    )


def _school_hours(clocks: Iterable[Clock], day: date) -> tuple[int, ...]:
    """Hours of a day that are in school hours for some of their time, on the first clock."""
    hours = set[int]()
    for clock in clocks:
        for opens, closes in clock.wall_hours(day):
            ends = closes.hour if closes.minute or closes.second else closes.hour - 1
            hours.update(range(opens.hour, min(ends, HOURS - 1) + 1))
    return tuple(sorted(hours))


def _only(shown: tuple[Cell, ...], location: str, places: Sequence[Place]) -> tuple[Cell, ...]:
    key = name_key(location)
    known = {name_key(place.location): place.location for place in places}
    if key not in known:
        named = ", ".join(list(known.values())[:20])
        rest = (
            f"Known: {named}." if named else "None is known yet: agents name theirs as they join."
        )
        raise NotFound(f"There is no location {location[:100]!r} on that line. {rest}")
    return tuple(cell for cell in shown if name_key(cell.location or "") == key)


def today_of(standing: Standing, now: datetime) -> date:
    """The line's own day."""
    return local_day(now, standing.clocks[0].timezone)
