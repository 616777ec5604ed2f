"""The agents of a school: which machine each runs on, where it stands, and what it is called."""

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct

from .chance import What, chance, ids
from .lines import begins
from .machines import Machine, wired, wireless
from .world import District, SimulatedSchool, World

AGENTS_MOST = 100
"""Of one school: places for them among the keys of all."""

PLACES = ("Main office", "Library", "Computer lab", "Media center", "Front desk")
SLOW_ROOMS = 0.15


class SimulatedAgent(Struct, frozen=True, kw_only=True):
    """One agent. `core`: it stands where the district's line to the Internet comes in."""

    key: int
    name: str
    location: str
    school: SimulatedSchool
    machine: Machine
    epoch: UUID
    core: bool = False


def agents_of(world: World, district: District) -> Iterator[SimulatedAgent]:
    """Every agent of a district, school by school."""
    for number, school in enumerate(district.schools):
        for place in range(world.agents_per_school):
            yield _agent(world, school, place)
        if number == 0:
            yield _core(world, district, school)


def agents_in_all(world: World) -> int:
    """How many there are."""
    return world.schools * world.agents_per_school + world.districts


def _agent(world: World, school: SimulatedSchool, place: int) -> SimulatedAgent:
    """The first stands on a cable, unless the school has none; the others are laptops in rooms."""
    key = school.key * AGENTS_MOST + place
    random = chance(world.seed, What.AGENT, key)
    room = f"Room {int(random.integers(1, 5))}{int(random.integers(1, 30)):02d}"
    if place == 0 and school.story != "only_wifi":
        machine = wired(random, school.students * 1e6, world.since)
        location = PLACES[random.integers(len(PLACES))]
    else:
        slow = school.story != "only_wifi" and random.random() < SLOW_ROOMS
        machine = wireless(random, world.since, slow_room=slow)
        location = room
    name = f"{location} {'laptop' if machine.is_laptop else 'PC'}"
    return SimulatedAgent(
        key=key,
        name=name,
        location=location,
        school=school,
        machine=machine,
        epoch=_epoch(world, key),
    )


def _core(world: World, district: District, school: SimulatedSchool) -> SimulatedAgent:
    key = (school.key + 1) * AGENTS_MOST - 1
    random = chance(world.seed, What.AGENT, key)
    return SimulatedAgent(
        key=key,
        name="Network core",
        location="Network core",
        school=school,
        machine=wired(random, district.internet.bits_per_second, world.since, core=True),
        epoch=_epoch(world, key),
        core=True,
    )


def _epoch(world: World, key: int) -> UUID:
    began = begins(world.since, "UTC").timestamp()
    return ids([began], chance(world.seed, What.EPOCH, key))[0]
