"""What every result of a probe says about where it went and why, filled in one way."""

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from broadgauge_agent.errors import AgentError, ConfigError
from broadgauge_agent.network import (
    interface_towards,
    network_link,
    path_kind,
    resolve,
)
from broadgauge_agent.version import agent_version
from broadgauge_host.addresses import Address
from broadgauge_wire import NetworkLink, Reflector, new_id
from broadgauge_wire.spec import MAX_TEXT

from .base import ProbeRequest, Readiness

RESOLVE_SECONDS = 5.0
"""The system's resolver asks again after five seconds; a test server's name should not need it."""


class Run:
    """One run: its id and when it began."""

    def __init__(self, request: ProbeRequest) -> None:
        self.request = request
        self.id = new_id()
        self._started_at = datetime.now(UTC)
        self._began = perf_counter()

    def common_fields(self) -> dict[str, Any]:
        """The fields every kind of result has, as of now."""
        return {
            "id": self.id,
            "started_at": self._started_at,
            "duration_seconds": perf_counter() - self._began,
            "clock_offset_seconds": self.request.clock_offset_seconds,
            "location": self.request.location,
            "trigger": self.request.trigger,
            "agent_version": agent_version(),
        }


class FarEnd:
    """The test server of one run, found, with the interface that leads to it."""

    def __init__(self, reflector: Reflector) -> None:
        self.reflector = reflector
        self.address: Address = resolve(reflector.host, reflector.port, RESOLVE_SECONDS)
        self.interface = interface_towards(self.address)
        self.link: NetworkLink | None = network_link(self.interface) if self.interface else None
        self.path_kind = path_kind(self.address, self.link)

    def fields(self) -> dict[str, Any]:
        """What a result says of the path it measured."""
        return server_fields(self.reflector) | {
            "path_kind": self.path_kind,
            "network_link": self.link,
        }


def far_end_of(request: ProbeRequest) -> FarEnd | None:
    """The far end of the test, if there is one and it can be found."""
    try:
        return FarEnd(known_server(request))
    except AgentError:
        return None  # the test itself says what is wrong


def known_server(request: ProbeRequest) -> Reflector:
    """The test server to measure to. ConfigError if there is none."""
    if request.reflector is None:
        raise ConfigError("no test server is known: join a collector that has one")
    return request.reflector


def server_fields(reflector: Reflector | None) -> dict[str, Any]:
    """What a result says of its test server, even if it could not be found."""
    if reflector is None:
        return {"server": ""}
    host = f"[{reflector.host}]" if ":" in reflector.host else reflector.host
    return {
        "server": f"{host}:{reflector.port}"[:MAX_TEXT],
        "reflector_id": reflector.id,
        "segment": reflector.segment,
    }


def server_readiness(request: ProbeRequest) -> Readiness:
    """Whether a test server is known, has an address, and a way leads there."""
    try:
        far_end = FarEnd(known_server(request))
    except AgentError as error:
        return Readiness(ok=False, reasons=(str(error),))
    if far_end.link is None:
        return Readiness(ok=False, reasons=("no interface leads to the test server",))
    return Readiness(ok=True, reasons=(f"goes out on {far_end.link.name} ({far_end.link.kind})",))
