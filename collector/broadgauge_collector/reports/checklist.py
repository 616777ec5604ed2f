"""The guide's five broadband steps, ticked by evidence."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct

from broadgauge_wire.fields import about

from ..capacity.carry import fits_in, load_of
from ..capacity.method import METHOD
from ..capacity.words import some
from ..store import Stores
from ..store.questions import SchoolClock, Window
from .carry import carried
from .model import LinkVerdict
from .planning import Planning, read_planning

State = Literal["done", "started", "not_started"]

LEAST_HOURS, LEAST_PLACES = 4, 2
"""Various times and various places, in numbers: the guide gives none."""


class Step(Struct, frozen=True, kw_only=True):
    """One of the five steps, and what shows how far it is."""

    number: Annotated[int, about("Its place in the guide, from 1")]
    title: Annotated[str, about("What is to be done")]
    state: Annotated[State, about("How far it is, by the evidence alone")]
    evidence: Annotated[tuple[str, ...], about("What there is and what is missing, in words")]
    page: Annotated[str, about("Page of the dashboard that shows it; empty if there is none")]


class Checklist(Struct, frozen=True, kw_only=True):
    """The five steps, in order."""

    days: Annotated[int, about("Days of tests it rests on")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    steps: Annotated[tuple[Step, ...], about("All five")]


class Tested(Struct, frozen=True):
    """How a school was tested."""

    tests: int
    days: int
    hours: int
    places: int

    @property
    def enough(self) -> bool:
        """Ten or more tests, on various days, at various times, in various places."""
        return (
            self.tests >= METHOD.minimum_tests
            and self.days >= METHOD.minimum_days
            and self.hours >= LEAST_HOURS
            and self.places >= LEAST_PLACES
        )


def checklist(stores: Stores, days: int, now: datetime) -> Checklist:
    """By what was measured in the last so many days, and what is known today."""
    planning = read_planning(stores, days, now)
    tested = _tested(stores, planning)
    steps = (
        _assessed(planning, tested),
        _carried(planning),
        _wanted(planning),
        _every_part(planning),
        _funded(planning),
    )
    return Checklist(days=days, as_of=now, steps=steps)


def _state(done: int, of: int, begun: bool = False) -> State:
    if of and done == of:
        return "done"
    return "started" if done or begun else "not_started"


def _tested(stores: Stores, planning: Planning) -> dict[UUID, Tested]:
    district = planning.district
    clocks = [SchoolClock(school.id, school.timezone) for school in district.schools.values()]
    window = Window(planning.now - timedelta(days=planning.days), planning.now)
    with stores.results.questions() as questions:
        found = questions.percentiles("download", window, clocks)
    tests, hours = Counter[UUID](), defaultdict[UUID, set[int]](set)
    for place, hour, size in zip(
        *(found[column].to_pylist() for column in ("school", "hour", "size")), strict=True
    ):
        tests[clocks[place].school_id] += size
        hours[clocks[place].school_id].add(hour)
    voting, places = _days_voting(planning), defaultdict[UUID, set[str]](set)
    for agent in district.agents:
        if agent.location and agent.revoked_at is None and agent.last_seen_at is not None:
            places[agent.school_id].add(agent.location.casefold())
    return {s: Tested(tests[s], voting[s], len(hours[s]), len(places[s])) for s in district.schools}


def _days_voting(planning: Planning) -> Counter[UUID]:
    """Days on which a school's best tested line has a vote."""
    days = Counter[UUID]()
    for line in planning.lines:
        for school_id in line.link.school_ids:
            days[school_id] = max(days[school_id], len(line.verdict.votes))
    return days


def _assessed(planning: Planning, tested: dict[UUID, Tested]) -> Step:
    schools = planning.district.schools
    done = sum(one.enough for one in tested.values())
    want = (
        ("tests", METHOD.minimum_tests, "10 or more download tests"),
        ("days", METHOD.minimum_days, f"tests that count on {METHOD.minimum_days} or more days"),
        ("hours", LEAST_HOURS, f"tests at {LEAST_HOURS} or more hours of the day"),
        ("places", LEAST_PLACES, f"agents that say they are in {LEAST_PLACES} or more places"),
    )
    met = [
        f"{words}: {_of(sum(getattr(t, name) >= least for t in tested.values()), len(schools))}"
        for name, least, words in want
    ]
    missing = [schools[s].name for s, one in tested.items() if not one.enough]
    return Step(
        number=1,
        title="Assess performance",
        state=_state(done, len(schools), begun=any(one.tests for one in tested.values())),
        evidence=(*(_capital(one) for one in met), *_missing(missing)),
        page="/",
    )


def _carried(planning: Planning) -> Step:
    schools = list(planning.district.schools.values())
    known = [s for s in carried(planning, schools) if s.models]
    ranged = [s.school for s in known if all(m.carries.students_low is not None for m in s.models)]
    missing = [school.name for school in schools if school.name not in set(ranged)]
    said = f"How many students at once, with a range: {_of(len(ranged), len(schools))}"
    return Step(
        number=2,
        title="Say what today's performance can carry",
        state=_state(len(ranged), len(schools)),
        evidence=(said, *_missing(missing)),
        page="/needs",
    )


def _wanted(planning: Planning) -> Step:
    schools = list(planning.district.schools.values())
    chosen = [s for s in schools if planning.held(s).model is not None]
    known = [s for s in chosen if not isinstance(planning.demand(s), str)]
    missing = [s.name for s in schools if s not in known]
    return Step(
        number=3,
        title="Define the model wanted and the bandwidth it needs",
        state=_state(len(known), len(schools), begun=bool(chosen)),
        evidence=(
            f"A model is chosen: {_of(len(chosen), len(schools))}",
            f"Its need is known, since people are counted: {_of(len(known), len(schools))}",
            *_missing(missing),
        ),
        page="/needs",
    )


def _every_part(planning: Planning) -> Step:
    """By segment: of its lines, those that surely carry the need of the models wanted."""
    by_segment: dict[str, list[bool | None]] = {"internet": [], "wan": [], "lan": []}
    for line in planning.lines:
        by_segment[line.link.segment].append(_carries_need(planning, line))
    evidence = tuple(_segment(name, found) for name, found in by_segment.items())
    every = [one for found in by_segment.values() for one in found]
    parts = len(every) + sum(not found for found in by_segment.values())
    return Step(
        number=4,
        title="Make every part carry it",
        state=_state(
            sum(one is True for one in every), parts, begun=any(one is not None for one in every)
        ),
        evidence=evidence,
        page="/needs",
    )


_SEGMENTS = {"internet": "Internet lines", "wan": "District lines", "lan": "Networks in schools"}


def _segment(name: str, found: list[bool | None]) -> str:
    if not found:
        return f"{_SEGMENTS[name]}: none is known here, so nothing shows that this part carries it"
    surely, open_ = sum(one is True for one in found), sum(one is None for one in found)
    short = len(found) - surely - open_
    more = f", {short} surely not" if short else ""
    more += f", {open_} can't be told yet" if open_ else ""
    return f"{_SEGMENTS[name]}: {surely} of {len(found)} surely carry it{more}"


def _carries_need(planning: Planning, line: LinkVerdict) -> bool | None:
    """None if it can't be told."""
    demands, why = planning.demands(line.link)
    if why or line.verdict.capacity is None:
        return None
    fits = fits_in(line.verdict.capacity, load_of(demands).bits_per_second)
    return None if fits == "unsure" else fits == "yes"


def _funded(planning: Planning) -> Step:
    """Nothing is known here of budgets, so no evidence can tick this."""
    links = [line.link for line in planning.lines]
    prices = sum(link.price_per_month is not None for link in links)
    contracts = sum(link.contract_ends is not None for link in links)
    return Step(
        number=5,
        title="Fund it",
        state=_state(0, len(links), begun=bool(prices or contracts)),
        evidence=(
            f"The price is known: {_of(prices, len(links), 'line')}",
            f"The end of the contract is known: {_of(contracts, len(links), 'line')}",
            "Cost scenarios can't be made here yet, so nothing shows that the money is there",
        ),
        page="",
    )


def _of(count: int, of: int, thing: str = "school") -> str:
    return f"{count:,} of {of:,} {thing}{'' if of == 1 else 's'}"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _missing(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (f"Still to do: {some(names, 4)}",)
