"""Repair tickets of made-up devices: what wears out with age, what is dropped, what is lost.

Failures follow a power law of age, accidents come evenly, both times what is special to the device
and to the school. Tickets begin four years back: what broke before that, nobody wrote down.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from msgspec import Struct

from .chance import Random, What, chance
from .fleet import Owned, made_on
from .school_year import is_school_day
from .world import District, SimulatedSchool, World

LOG_YEARS = 4
SCHOOLS_WITH_A_SILENT_ONE = 3
REQUESTS_A_DEVICE = 0.06
NO_COST = 0.04


class Issue(NamedTuple):
    """What broke: its share, the middle of its cost in dollars, and of the days it takes."""

    name: str
    share: float
    dollars: float
    days: float


FAILURES = (
    Issue("Battery", 0.24, 48, 5),
    Issue("Charging port", 0.2, 62, 7),
    Issue("Keyboard", 0.16, 41, 5),
    Issue("Screen", 0.12, 68, 8),
    Issue("Touchpad", 0.08, 39, 6),
    Issue("Mainboard", 0.1, 138, 14),
    Issue("Wi-Fi", 0.05, 35, 5),
    Issue("Speaker", 0.05, 27, 5),
)
ACCIDENTS = (
    Issue("Cracked screen", 0.58, 74, 7),
    Issue("Liquid", 0.12, 142, 12),
    Issue("Keyboard", 0.14, 44, 5),
    Issue("Hinge", 0.09, 49, 8),
    Issue("Case", 0.07, 31, 6),
)
WHY = {"failure": "Hardware failure", "accident": "Accidental damage"}


class Ticket(Struct, frozen=True, kw_only=True):
    """A ticket. `cost` in dollars; None: nobody wrote it down."""

    number: str
    tag: str
    serial: str
    school: str
    opened_on: date
    closed_on: date | None
    issue: str
    why: str
    status: str
    under_warranty: bool | None
    cost: float | None


def tells_of_repairs(district: District, school: SimulatedSchool) -> bool:
    """One school of a district keeps its repairs to itself."""
    many = len(district.schools)
    return many < SCHOOLS_WITH_A_SILENT_ONE or school != district.schools[many // 3]


def tickets_of(world: World, school: SimulatedSchool, owned: Iterable[Owned]) -> list[Ticket]:
    """Every ticket of a school's devices."""
    random = chance(world.seed, What.REPAIRS, school.key)
    today = made_on(world)
    careless = float(random.lognormal(0.0, 0.35)) * (1.8 if random.random() < 0.1 else 1.0)
    found = [t for device in owned for t in _of_device(random, device, careless, today)]
    return sorted(found, key=lambda ticket: (ticket.opened_on, ticket.number))


def _of_device(random: Random, device: Owned, careless: float, today: date) -> Iterator[Ticket]:
    begins = today - timedelta(days=round(LOG_YEARS * 365.25))
    ends = device.ended_on or today
    opened = [
        (day, kind)
        for kind, years in _breaks(random, device, careless, ends)
        if begins <= (day := _school_day(_after(device.in_service_on, years))) < ends
    ]
    for n, (day, kind) in enumerate(sorted(opened)):
        yield _repair(random, device, day, kind, n, today)
    if random.random() < REQUESTS_A_DEVICE and ends > begins:
        day = max(begins, device.in_service_on)
        yield _request(device, day + (ends - day) * random.random())
    if device.state in ("Lost", "Stolen") and ends >= begins:
        yield _loss(device, ends)


def _breaks(
    random: Random, device: Owned, careless: float, ends: date
) -> Iterator[tuple[str, float]]:
    """What happens, and how many years after it came into service."""
    model = device.model
    years = max(0.0, (ends - device.in_service_on).days / 365.25)
    failures = random.poisson(device.frailty * (years / model.scale_years) ** model.shape)
    accidents = random.poisson(device.frailty * careless * model.accidents * years)
    yield from (("failure", years * u ** (1 / model.shape)) for u in random.random(failures))
    yield from (("accident", years * u) for u in random.random(accidents))


def _after(day: date, years: float) -> date:
    return day + timedelta(days=int(years * 365.25))


def _school_day(day: date) -> date:
    """The day itself, or the next one with students: nobody brings it before."""
    while not is_school_day(day):
        day += timedelta(days=1)
    return day


def _repair(
    random: Random, device: Owned, day: date, kind: str, number: int, today: date
) -> Ticket:
    issues = FAILURES if kind == "failure" else ACCIDENTS
    issue = issues[random.choice(len(issues), p=[each.share for each in issues])]
    took = float(random.lognormal(0.0, 0.6)) * issue.days
    closed = day + timedelta(days=1 + int(took))
    is_warranty = kind == "failure" and day <= device.warranty_ends_on
    cost = 0.0 if is_warranty else round(issue.dollars * float(random.lognormal(0, 0.25)), 2)
    return Ticket(
        number=f"{device.tag}-{number + 1}",
        tag=device.tag,
        serial=device.serial,
        school=device.school.name,
        opened_on=day,
        closed_on=closed if closed <= today else None,
        issue=issue.name,
        why=WHY[kind],
        status="Closed" if closed <= today else "Open",
        under_warranty=is_warranty,
        cost=None if closed > today or random.random() < NO_COST else cost,
    )


def _request(device: Owned, day: date) -> Ticket:
    return _other(device, day, "R", "Password", "Service request")


def _loss(device: Owned, day: date) -> Ticket:
    return _other(device, day, "L", device.state, device.state)


def _other(device: Owned, day: date, letter: str, issue: str, why: str) -> Ticket:
    return Ticket(
        number=f"{device.tag}-{letter}1",
        tag=device.tag,
        serial=device.serial,
        school=device.school.name,
        opened_on=day,
        closed_on=day,
        issue=issue,
        why=why,
        status="Closed",
        under_warranty=None,
        cost=None,
    )
