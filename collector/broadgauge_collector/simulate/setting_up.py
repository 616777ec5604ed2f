"""Schools, lines, test servers and agents, made over the API as people make them."""

from collections.abc import Callable, Iterable
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from broadgauge_wire import JoinAnswer, JoinRequest, encode
from broadgauge_wire.spec import API_PREFIX
from broadgauge_wire.tokens import parse_join_token

from ..cli.client import ServerClient
from ..errors import ServerRefused
from ..schools.changes import Change, ChangeKind
from ..schools.lines import OUTWARDS
from ..schools.model import Agent, Link, Reflector, School
from ..version import VERSION
from .agents import SimulatedAgent, agents_of
from .saved import Joined, Saved, host_of
from .school_year import first_day
from .world import MEGABIT, District, Line, SimulatedSchool, World, years_of

PORT = 8485
PRICE_OF_ONE_MBPS = 12.0
"""In dollars a month. It falls with the rate to about 1 per Mbps at 500 Mbps, which was the median
of United States districts in 2023."""


class Known(Struct, frozen=True):
    """What the collector has already, by name."""

    schools: dict[str, School]
    links: dict[str, Link]
    reflectors: dict[str, Reflector]


def set_up(client: ServerClient, saved: Saved, keep: Callable[[int], None]) -> None:
    """Make what isn't there yet, a district at a time; after each, `keep` is told its number."""
    known = _known(client)
    _revoke_strays(client, saved, known)
    for index in range(saved.world.districts):
        district = saved.world.district(index)
        agents = tuple(agents_of(saved.world, district))
        if any(agent.key not in saved.joined for agent in agents):
            _make_places(client, saved.world, district, known)
            saved.joined |= _join(client, agents, saved.joined)
            keep(index)


def _known(client: ServerClient) -> Known:
    return Known(
        {school.name: school for school in client.get("/schools", tuple[School, ...])},
        {link.name: link for link in client.get("/links", tuple[Link, ...])},
        {r.name: r for r in client.get("/reflectors", tuple[Reflector, ...])},
    )


def _revoke_strays(client: ServerClient, saved: Saved, known: Known) -> None:
    """Shut out agents that joined just before a run was cut off: nobody has their keys."""
    ours = {joined.agent_id for joined in saved.joined.values()}
    places = {school.id for school in known.schools.values() if school.simulated}
    for agent in client.get("/agents", tuple[Agent, ...]):
        if agent.school_id in places and agent.id not in ours and agent.revoked_at is None:
            client.send("POST", f"/agents/{agent.id}/revoke", Agent)


def _make_places(client: ServerClient, world: World, district: District, known: Known) -> None:
    for school in district.schools:
        if school.name not in known.schools:
            _add_school(client, world, school)
    behind: dict[int, list[SimulatedSchool]] = {}
    for school in district.schools:
        for line in school.lines:
            behind.setdefault(line.key, []).append(school)
    outermost_first = sorted(
        district.lines, key=lambda line: OUTWARDS.index(line.segment), reverse=True
    )
    for line in outermost_first:
        if line.key in behind:
            _add_line(client, line, behind[line.key], known, _contract(line, world, district))


def _add_school(client: ServerClient, world: World, school: SimulatedSchool) -> None:
    first, *later = years_of(world)
    client.send("POST", "/schools", School, _about(school) | _people(school, first))
    for year in later:
        path = f"/schools/{quote(school.name, safe='')}/people"
        client.send("POST", path, School, _people(school, year) | {"since": first_day(year)})


def _about(school: SimulatedSchool) -> dict[str, Any]:
    return {
        "name": school.name,
        "timezone": school.timezone,
        "hours": school.hours,
        "simulated": True,
    }


def _people(school: SimulatedSchool, year: int) -> dict[str, Any]:
    return {
        "students": school.students_in(year),
        "staff": school.staff_in(year),
        "concurrent_users": school.concurrent_in(year),
    }


def _add_line(
    client: ServerClient,
    line: Line,
    behind: list[SimulatedSchool],
    known: Known,
    contract: dict[str, Any],
) -> None:
    if line.name not in known.links:
        body = contract | {
            "name": line.name,
            "segment": line.segment,
            "schools": [school.name for school in behind],
        }
        client.send("POST", "/links", Link, body)
        _mark(client, line)
    name = f"Simulated test server, {line.name}"
    if name not in known.reflectors:
        body = {
            "name": name,
            "host": host_of(behind[0].key, line.segment),
            "port": PORT,
            "segment": line.segment,
            "link": line.name,
        }
        client.send("POST", "/reflectors", Reflector, body)


def _contract(line: Line, world: World, district: District) -> dict[str, Any]:
    """What a line hangs on and costs. Contracts end with a funding year of E-Rate."""
    if not line.contracted:
        return {}
    return {
        "upstream": district.internet.name if line.segment == "wan" else None,
        "contracted_bits_per_second": line.bits_per_second,
        "price_per_month": round(PRICE_OF_ONE_MBPS * (line.bits_per_second / MEGABIT) ** 0.6, -1),
        "contract_ends": date(world.since.year + 2 + line.key % 3, 6, 30),
    }


def _mark(client: ServerClient, line: Line) -> None:
    """What was done to it, as people would mark it."""
    done: list[tuple[date, ChangeKind, str]] = []
    if line.upgraded_on:
        done.append((line.upgraded_on, "new_line", "Faster line"))
    if line.fault:
        done.append((line.fault[1], "other", "Fault repaired"))
    for day, kind, text in done:
        body = {"day": day, "kind": kind, "text": text, "line": line.name}
        client.send("POST", "/changes", Change, body)


def _join(
    client: ServerClient, agents: Iterable[SimulatedAgent], known: dict[int, Joined]
) -> dict[int, Joined]:
    joined: dict[int, Joined] = {}
    by_school: dict[str, list[SimulatedAgent]] = {}
    for agent in agents:
        if agent.key not in known:
            by_school.setdefault(agent.school.name, []).append(agent)
    for school, of in by_school.items():
        token = _token(client, school, len(of))
        joined |= {agent.key: _join_one(client, token, agent) for agent in of}
    return joined


def _token(client: ServerClient, school: str, uses: int) -> str:
    from ..api.tokens import MadeToken

    made = client.send("POST", "/tokens", MadeToken, {"school": school, "uses": uses})
    return parse_join_token(made.token).secret


def _join_one(client: ServerClient, token: str, agent: SimulatedAgent) -> Joined:
    wish = JoinRequest(token=token, agent_version=VERSION, name=agent.name, location=agent.location)
    headers = {"content-type": "application/json"}
    answer = client.exchange("POST", f"{API_PREFIX}/join", encode(wish), headers)
    if answer.status_code != HTTPStatus.OK:
        raise ServerRefused(f"An agent can't join: {answer.text[:500]}", answer.status_code)
    said = msgspec.json.decode(answer.content, type=JoinAnswer)
    nearest = {r.segment: r.id for r in reversed(said.settings.reflectors)}
    return Joined(agent_id=said.agent_id, key=said.key, reflectors=nearest)
