"""The tests of one room, and what they read."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_agent.access_tokens import with_access
from broadgauge_agent.budget import is_inside_this_machine
from broadgauge_agent.calibration import FACT, known_calibration, speaks_tls
from broadgauge_agent.config import Config
from broadgauge_agent.errors import AgentError
from broadgauge_agent.heavy import run_by_hand
from broadgauge_agent.identity import load_identity
from broadgauge_agent.known_issuers import issuer_among
from broadgauge_agent.measuring import skip_or_measure
from broadgauge_agent.presence import this_moment
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.runner import probe_request
from broadgauge_agent.slots import Noted, Slots
from broadgauge_agent.spool_file import view_spool
from broadgauge_agent.turns import WAITING, turn
from broadgauge_wire import (
    LatencyResult,
    Reflector,
    Result,
    Settings,
    SkippedResult,
    ThroughputResult,
)

from .progress import Reading

LATENCY_SECONDS = 3.0
"""Thirty round trips: enough for a median, and short for somebody who stands in a doorway."""

PROBES = ("latency", "throughput")
"""In this order: a line that was just full is slow to answer for a moment."""


class SleptError(Exception):
    """The machine slept during the tests: what they read is worth nothing."""


class Surveyed(Struct, frozen=True, kw_only=True):
    """What the tests of a room gave: for the collector, and for the person in the room."""

    results: tuple[Result, ...]
    readings: tuple[Reading, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the nearest server gave a rate both ways: the room need not be tested again."""
        nearest = self.readings[0]
        return None not in (nearest.download_bits_per_second, nearest.upload_bits_per_second)


class _Asked(Struct, frozen=True, kw_only=True):
    """A room and a server; with the facts that the agent here keeps."""

    room: str
    server: Reflector
    facts: dict[str, Any]


def test_room(
    room: str,
    servers: Sequence[Reflector],
    settings: Settings,
    state: Path,
    config: Config,
    say: Callable[[str], None],
) -> Surveyed:
    """Test this room with these servers, one after the other. SleptError if the machine slept."""
    began = this_moment()
    with turn(state, _never, lambda: say(WAITING)):
        facts = _facts(state)
        plain = [_Asked(room=room, server=server, facts=facts) for server in servers]
        slots = _slots(state)
        results = [tuple(_tests(asked, config, settings, slots)) for asked in plain]
    if this_moment().slept_since(began):
        raise SleptError
    return Surveyed(
        results=tuple(result for found in results for result in found),
        readings=tuple(map(reading_of, servers, results)),
    )


def reading_of(server: Reflector, results: Sequence[Result]) -> Reading:
    """What the tests to one server read. The first trouble stands for all."""
    reading = Reading(test_server=server.name, segment=server.segment)
    for result in results:
        trouble = result.reason if isinstance(result, SkippedResult) else result.error
        if reading.trouble is None and trouble:
            reading = replace(reading, trouble=trouble)
        if isinstance(result, LatencyResult):
            lost = result.lost / result.sent if result.sent and result.lost is not None else None
            reading = replace(reading, rtt_seconds=result.rtt_p50_seconds, lost_ratio=lost)
        if isinstance(result, LatencyResult | ThroughputResult) and result.network_link:
            reading = replace(reading, interface=result.network_link.kind)
        if isinstance(result, ThroughputResult) and result.error is None:
            rate = {f"{result.direction}_bits_per_second": result.throughput_bits_per_second}
            reading = replace(reading, **rate)
    return reading


def _tests(
    asked: _Asked, config: Config, settings: Settings, slots: Slots | None
) -> Iterator[Result]:
    for name in PROBES:
        request = with_access(_request(name, asked, config), settings)
        probe = load_probe(name)
        measure = partial(skip_or_measure, name, probe)
        if probe.heavy and not is_inside_this_machine(request):
            wait = config.probes.throughput.max_wait_seconds
            yield from run_by_hand(name, request, slots, measure, wait)
        else:
            yield from measure(request, _never)


def _slots(state: Path) -> Slots | None:
    """None where this machine has not joined, or its key is not for this user."""
    try:
        identity = load_identity(state)
    except AgentError:
        return None
    return Slots(lambda: identity, Noted())


def _request(name: str, asked: _Asked, config: Config) -> ProbeRequest:
    """What a planned test would ask, but for why and where."""
    offset = asked.facts.get("clock_offset_seconds")
    request = probe_request(config, name, asked.room, offset)
    if name == "latency":
        request = replace(request, max_seconds=LATENCY_SECONDS)
    calibration = known_calibration(asked.facts.get(FACT))
    tls = speaks_tls(asked.server)
    return replace(
        request,
        trigger="survey",
        reflector=asked.server,
        calibrated_bits_per_second=calibration.rates(tls=tls) if calibration else {},
        known_issuer=issuer_among(asked.facts, asked.server),
    )


def _facts(state: Path) -> dict[str, Any]:
    """What the agent here knows: its clock's offset, its processor, its issuers."""
    view = view_spool(state)
    return view.facts if view else {}


def _never() -> bool:
    return False
