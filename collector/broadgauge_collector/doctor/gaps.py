"""What isn't set up yet, and keeps verdicts undecided or agents asleep."""

import ipaddress
from collections.abc import Iterator
from datetime import date

from broadgauge_host.addresses import endpoint
from broadgauge_host.diagnosis import Check, trouble, well

from ..config import is_loopback
from ..schools.model import Link, Reflector, School
from .fleet import named
from .stores import Facts

NETWORKS = "school networks"


def check_gaps(facts: Facts, today: date) -> Iterator[Check]:
    """For each kind of gap, the schools that have it."""
    if not facts.schools:
        yield trouble("schools", "there is none", "Add the first: broadgauge schools add --help")
        return
    gaps = list(_gaps(facts, today))
    yield from gaps
    if not gaps:
        yield well("schools", f"{len(facts.schools)}, with people, lines and agents")


def check_school_networks(facts: Facts, url: str | None) -> Iterator[Check]:
    """Whether agents on other machines can prove that they are on a school network."""
    host, _ = endpoint(url or "")
    if facts.networks:
        cautions = [f"{each.subnet}: {each.caution}" for each in facts.networks if each.caution]
        note = f"Others have such addresses too. {'; '.join(cautions)}." if cautions else None
        yield well(NETWORKS, f"{len(facts.networks)} subnets are listed", note)
    elif any(r.fingerprint and r.segment != "internet" for r in facts.reflectors):
        yield well(NETWORKS, "proven by test servers that show their own certificates")
    elif url and not is_loopback(host):
        yield from _proven_by_the_server(url, host)


def _proven_by_the_server(url: str, host: str) -> Iterator[Check]:
    advice = (
        "List the district's subnets: broadgauge networks add --help. Or register a test server "
        "that shows its own certificate: broadgauge reflectors add --help"
    )
    if url.startswith("http://"):
        detail = "none is listed, and plain http proves nothing: agents on other machines sleep"
        yield trouble(NETWORKS, detail, advice)
    elif _is_public(host):
        detail = "none is listed, and this server's address is public: agents elsewhere sleep"
        yield trouble(NETWORKS, detail, advice)
    else:
        yield well(NETWORKS, "proven by this server's certificate, where its address is private")


def _gaps(facts: Facts, today: date) -> Iterator[Check]:
    schools = facts.schools
    with_agents = {agent.school_id for agent in facts.agents if agent.revoked_at is None}
    with_lines = {school_id for link in facts.links for school_id in link.school_ids}
    yield from _missing(
        "people",
        [school for school in schools if school.people_on(today) is None],
        "Say how many there are: broadgauge schools people --help",
    )
    yield from _missing(
        "lines",
        [school for school in schools if school.id not in with_lines],
        "Say which lines they depend on: broadgauge links add --help",
    )
    yield from _missing(
        "agents",
        [school for school in schools if school.id not in with_agents],
        "Make a token for each: broadgauge token create --help",
    )
    untested = [link.name for link in facts.links if not _is_ended(link, facts.reflectors)]
    if untested:
        yield trouble(
            "lines without a test server",
            named(untested),
            "Put one at the far end of each line (broadgauge-agent reflector), and register it: "
            "broadgauge reflectors add --help",
        )


def _missing(what: str, schools: list[School], advice: str) -> Iterator[Check]:
    if schools:
        yield trouble(f"schools without {what}", named(s.name for s in schools), advice)


def _is_ended(link: Link, reflectors: tuple[Reflector, ...]) -> bool:
    return any(
        r.link_id == link.id or (r.link_id is None and r.segment == link.segment)
        for r in reflectors
    )


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return False
