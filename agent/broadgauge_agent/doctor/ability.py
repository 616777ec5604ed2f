"""What this machine can say about a line, however good the line is."""

import socket
from collections.abc import Iterator, Mapping
from typing import Any

from broadgauge_agent import network
from broadgauge_agent.calibration import FACT, Calibration, known_calibration, speaks_tls
from broadgauge_agent.tcp_info import read_tcp_info
from broadgauge_agent.words import calibration_words
from broadgauge_host.addresses import look_up
from broadgauge_host.diagnosis import Check, unknown, well
from broadgauge_wire import NetworkLink, Reflector

NAME = "what this machine can measure"
PROCESSOR = "this machine's processor"

FAST_BITS_PER_SECOND = 2e9
"""Twice what nearly every cable in a school carries."""

FLOOR = "Its readings will say: the line is this fast or faster."


def check_ability(reflector: Reflector, facts: Mapping[str, Any]) -> Iterator[Check]:
    """Whether tests to this server can be full readings, as far as this machine decides it.
    `facts` are the spool's."""
    yield from _processor(known_calibration(facts.get(FACT)), tls=speaks_tls(reflector))
    found = look_up(reflector.host, reflector.port).addresses
    interface = network.interface_towards(found[0]) if found else None
    if interface is None:
        yield unknown(NAME, "not known without a way to a test server")
        return
    link = network.network_link(interface)
    if link.kind == "loopback":
        yield well(NAME, "nothing of a line: the test server is on this machine")
        return
    detail = f"goes out on {link.name} ({link.kind}{_speed(link)})"
    yield well(NAME, detail, _limit(link))


def _processor(calibration: Calibration | None, *, tls: bool) -> Iterator[Check]:
    if calibration is None:
        yield well(PROCESSOR, "not measured yet", "It is, before the agent's first planned test.")
        return
    slowest = min(calibration.rates(tls=tls).values(), default=None)
    if slowest is None:
        yield unknown(PROCESSOR, "could not be measured; the agent tries again after a day")
        return
    yield well(PROCESSOR, calibration_words(calibration), _up_to(slowest))


def _up_to(slowest_bits_per_second: float) -> str | None:
    """Said where it matters: few networks reach more than what most processors carry."""
    if slowest_bits_per_second >= FAST_BITS_PER_SECOND:
        return None
    return f"Near {slowest_bits_per_second / 1e6:.0f} Mbps, its readings may be its own limit."


def tells_what_held_a_test_back() -> bool:
    """Whether this system's kernel says so of a TCP connection (TCP_INFO)."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as trial,
    ):
        info = read_tcp_info(trial)
    return info is not None and info.busy_seconds is not None


def _limit(link: NetworkLink) -> str | None:
    if link.kind == "wifi":
        return f"Wi-Fi is slower than most lines. {FLOOR} Use a wired machine for full readings."
    if link.speed_bits_per_second is None:
        return f"The speed of its own connection isn't known. {FLOOR}"
    if not tells_what_held_a_test_back():
        return f"This system doesn't tell what held a test back. {FLOOR}"
    return "Full readings up to about nine tenths of that speed."


def _speed(link: NetworkLink) -> str:
    speed = link.speed_bits_per_second
    return f", {speed / 1e6:.0f} Mbps" if speed is not None else ""
