"""Each test server: the way there, its certificate, and whether its echo comes back."""

from collections.abc import Iterator, Mapping
from typing import Any

from broadgauge_agent import network
from broadgauge_agent.probes.latency.udp_echo import Pace, measure_udp
from broadgauge_agent.trust import tls_context
from broadgauge_host.addresses import Address
from broadgauge_host.diagnosis import (
    Check,
    Names,
    Trust,
    check_tls,
    connector,
    lead,
    trouble,
    well,
)
from broadgauge_wire import Reflector

from .access import check_access
from .filters import check_filters

PACE = Pace(window_seconds=0.5, interval_seconds=0.025, timeout_seconds=1.0, silence_seconds=1.0)
LOSSY_SHARE = 0.2
"""Of twenty echoes, four: not chance on a line that anybody would want to talk over."""

ECHO = "UDP echo"

NONE_KNOWN = trouble(
    "test servers",
    "none is known, so nothing can be measured",
    "Register one on the server (broadgauge reflectors add --help); agents hear of it in minutes.",
)


def check_test_server(
    reflector: Reflector, names: Names, facts: Mapping[str, Any], token: str | None
) -> Iterator[Check]:
    """Step by step, as far as one leads to the next. `facts` are what the agent noted, `token` is
    what the collector gave for this test server."""
    name = f"test server {reflector.name}"
    where = (reflector.host, reflector.port)
    checks, address = lead(name, where, names, "broadgauge-agent reflector --help")
    yield from checks
    if address is None:  # the way comes first: UDP isn't what is wrong
        return
    certificate_ok = True
    if reflector.tls or reflector.fingerprint:
        certificate = check_tls(
            f"{name}, certificate", reflector.host, connector(address), _trust_of(reflector)
        )
        certificate_ok = certificate.state == "ok"
        yield certificate
    filters = list(check_filters(reflector, address, facts, certificate_ok=certificate_ok))
    yield from filters
    if certificate_ok and filters[0].state != "trouble":  # else a filter's word is no test server's
        yield from check_access(name, reflector, token, address)
    yield _echo(f"{name}, {ECHO}", reflector.port, address)
    yield from _way(f"{name}, way", address)


def _trust_of(reflector: Reflector) -> Trust:
    return Trust(
        context=tls_context,
        own_issuer="add it to this system",
        fingerprint=reflector.fingerprint,
        own_certificate="say so on the server: broadgauge reflectors set --help",
    )


def _echo(name: str, port: int, address: Address) -> Check:
    window = measure_udp(address, PACE)
    back = len(window.rtts_seconds)
    if not back:
        return trouble(
            name,
            f"no echo comes back from {address.ip} port {port}, though TCP gets through",
            f"Let UDP port {port} through the firewalls, both ways. Meanwhile latency is told from "
            "TCP connections, which say less.",
        )
    lost = window.sent - back
    detail = f"{1000 * sorted(window.rtts_seconds)[back // 2]:.1f} ms, {lost} of {window.sent} lost"
    if lost >= LOSSY_SHARE * window.sent:
        return trouble(
            name,
            detail,
            "UDP gets through, but much of it is lost: look for a full line, weak Wi-Fi, or a "
            "firewall that limits UDP.",
        )
    return well(name, detail)


def _way(name: str, address: Address) -> Iterator[Check]:
    """What results over this way are marked as, where they aren't of the district's network."""
    interface = network.interface_towards(address)
    link = network.network_link(interface) if interface else None
    kind = network.path_kind(address, link)
    if kind == "network" or link is None:
        return
    words = {
        "vpn": f"over a VPN ({link.name})",
        "failover": f"over a mobile connection ({link.name})",
        "loopback": "inside this machine",
    }
    yield well(name, words[kind], "Such results are marked, and never count towards a verdict.")
