"""Every check, in the order in which one depends on another."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from broadgauge_agent.access_tokens import token_for
from broadgauge_agent.config import Config
from broadgauge_agent.errors import AgentError
from broadgauge_agent.identity import Identity, load_identity, load_settings
from broadgauge_agent.spool_file import spool_facts
from broadgauge_host.addresses import endpoint
from broadgauge_host.diagnosis import (
    Check,
    Look,
    Names,
    check_honesty,
    once_each,
    side_by_side,
    unknown,
)
from broadgauge_wire import Settings

from .ability import NAME as ABILITY
from .ability import check_ability
from .collector import check_collector
from .files import check_files
from .filters import LAST_TEST
from .other_servers import check_other_server, config_in_force, enabled_others
from .reflectors import ECHO, NONE_KNOWN, check_test_server
from .school import NAME as SCHOOL_NETWORK
from .school import check_school_network
from .sent_settings import check_sent_settings
from .service import check_place, check_service

HERE_SECONDS = 10.0
"""For what is on this machine. Looking through a large spool takes longest."""

NETWORK_SECONDS = 20.0
"""For what is on the network: whatever is wrong, the whole takes half a minute."""


def examine(state: Path, config_file: Path, *, required: bool) -> Iterator[Check]:
    """Checks as they come. A cause that several share is told once."""
    return once_each(_examine(state, config_file, required=required))


def _examine(state: Path, config_file: Path, *, required: bool) -> Iterator[Check]:
    here = partial(check_files, state, config_file, required=required)
    looks = (
        Look("service, state directory", HERE_SECONDS, partial(check_place, state)),
        Look("this machine", HERE_SECONDS, here),
        Look("service", HERE_SECONDS, partial(check_service, state)),
    )
    yield from side_by_side(looks)
    try:
        identity = load_identity(state)
    except (AgentError, OSError):
        words = "skipped: without an identity nobody knows which collector"
        yield unknown("collector, test servers and school network", words)
        return
    settings = load_settings(state)
    config = config_in_force(config_file, settings, required=required)
    yield from _network(identity, settings, config, spool_facts(state))


def _network(
    identity: Identity, settings: Settings, config: Config | None, facts: Mapping[str, Any]
) -> Iterator[Check]:
    yield from check_sent_settings(settings)
    hosts = [endpoint(identity.collector_url)[0], *(r.host for r in settings.reflectors)]
    honesty, names = check_honesty(hosts)
    yield honesty
    looks = [*_looks(identity, settings, names, facts), *_looks_elsewhere(config)]
    yield from _awake_or_why_not(side_by_side(looks))


def _awake_or_why_not(checks: Iterable[Check]) -> Iterator[Check]:
    """An agent that can't reach those who would prove its network sleeps: no second fault."""
    first: str | None = None
    for check in checks:
        if check.name == SCHOOL_NETWORK and check.state == "trouble" and first:
            yield unknown(check.name, f"{check.detail}. First see to {first!r}")
            continue
        if (
            check.state == "trouble"
            and first is None
            and not check.name.endswith((ECHO, LAST_TEST))
        ):
            first = check.name
        yield check


def _looks_elsewhere(config: Config | None) -> Iterator[Look]:
    for name in enabled_others(config):
        if config:
            yield Look(name, NETWORK_SECONDS, partial(check_other_server, name, config))


def _looks(
    identity: Identity, settings: Settings, names: Names, facts: Mapping[str, Any]
) -> Iterator[Look]:
    yield Look("collector", NETWORK_SECONDS, partial(check_collector, identity, names))
    if not settings.reflectors:
        yield Look("test servers", NETWORK_SECONDS, lambda: [NONE_KNOWN])
    for reflector in settings.reflectors:
        token = token_for(reflector, settings)
        look = partial(check_test_server, reflector, names, facts, token)
        yield Look(f"test server {reflector.name}", NETWORK_SECONDS, look)
    yield Look(SCHOOL_NETWORK, NETWORK_SECONDS, partial(check_school_network, identity, settings))
    for reflector in settings.reflectors[:1]:
        yield Look(ABILITY, NETWORK_SECONDS, partial(check_ability, reflector, facts))
