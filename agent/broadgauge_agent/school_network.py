"""Whether this machine stands on a school network, proven. dd-007 says what proves it and why.

The words are for IT staff at this machine. They name listed subnets and registered servers, never
an address of this machine or of the network it is on.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial

from msgspec import Struct

from broadgauge_host.addresses import Address, endpoint
from broadgauge_host.certificates import pinned_context
from broadgauge_wire import Reflector, Settings
from broadgauge_wire.spec import WIDEST_PREFIX

from .errors import ConfigError, UnreachableError
from .identity import Identity
from .network import (
    MAX_ADDRESSES,
    ON_A_NETWORK,
    addresses_on_networks,
    answers,
    canonical,
    interface_towards,
    is_own_address,
    is_private,
    network_link,
    resolve_all,
)
from .trust import tls_context

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network

RESOLVE_SECONDS = 2.0
TRY_SECONDS = 2.0
"""For each step of a connection. What proves a school network is nearby."""

LIMIT_SECONDS = 5.0
"""For all far ends together, which are asked at the same time."""

MAX_ASKED = 16
"""Test servers that are asked; every one of them in a district would be too many at home."""

EVERYWHERE = tuple(
    map(ipaddress.ip_network, ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"))
)
"""Every machine has such addresses, wherever it is."""

COLLECTOR = "collector"
NOTHING_LISTED = "no subnet is listed"
NOT_LISTED = "no address of this machine is in a listed subnet"


class Proof(Struct, frozen=True, kw_only=True):
    """Whether it is proven, and by what, or why not."""

    proven: bool
    words: str
    by: str | None = None
    """Whose key proved it: the collector's, or a test server's id."""
    silent: frozenset[str] = frozenset()
    """Of those that could have, who did not answer at all."""


class Finding(Struct, frozen=True, kw_only=True):
    """What asking one far end for its key came to."""

    who: str
    words: str
    proven: bool = False
    silent: bool = False


class FarEnd(Struct, frozen=True, kw_only=True):
    """A registered far end, found: who it is, its name in words, and where it is."""

    who: str
    name: str
    host: str
    addresses: tuple[Address, ...]


def prove(identity: Identity, settings: Settings) -> Proof:
    """Look now. Takes LIMIT_SECONDS at most."""
    if subnet := _listed_subnet(settings.school_networks):
        return Proof(proven=True, words=f"an address of this machine is in {subnet}")
    if _is_loopback(endpoint(identity.collector_url)[0]):
        return Proof(proven=True, words="the collector runs on this machine")
    asked = [partial(_by_test_server, reflector) for reflector in _provers(settings)]
    return _judged(_ask([partial(_by_collector, identity), *asked]), settings)


def usable_subnets(listed: Iterable[str]) -> list[Subnet]:
    """Those of the listed subnets that can tell a network from others."""
    subnets = []
    for text in listed:
        try:
            subnet = ipaddress.ip_network(text)
        except ValueError:
            continue
        everywhere = any(
            subnet.version == one.version and subnet.overlaps(one) for one in EVERYWHERE
        )
        if subnet.prefixlen >= WIDEST_PREFIX[subnet.version] and not everywhere:
            subnets.append(subnet)
    return subnets


def _listed_subnet(listed: Iterable[str]) -> Subnet | None:
    subnets = usable_subnets(listed)
    if not subnets:
        return None
    here = {address for _, address in addresses_on_networks()}
    return next((net for net in subnets if any(address in net for address in here)), None)


def _is_loopback(host: str) -> bool:
    """Whether this machine is meant, without asking a name service, which may say anything."""
    try:
        return host == "localhost" or canonical(host).is_loopback
    except ValueError:
        return False


def _provers(settings: Settings) -> list[Reflector]:
    known = (r for r in settings.reflectors if r.fingerprint and r.segment != "internet")
    return list(known)[:MAX_ASKED]


def _ask(questions: Sequence[Callable[[], Finding]]) -> list[Finding]:
    """All at the same time; until one proves it, all answered, or the time is over."""
    found: queue.SimpleQueue[Finding] = queue.SimpleQueue()
    for question in questions:
        threading.Thread(target=lambda q=question: found.put(q()), daemon=True).start()
    end = time.monotonic() + LIMIT_SECONDS
    findings: list[Finding] = []
    while len(findings) < len(questions) and not (findings and findings[-1].proven):
        try:
            findings.append(found.get(timeout=max(0.0, end - time.monotonic())))
        except queue.Empty:
            break
    return findings


def _judged(findings: list[Finding], settings: Settings) -> Proof:
    for finding in findings:
        if finding.proven:
            return Proof(proven=True, words=finding.words, by=finding.who)
    asked = {COLLECTOR, *(str(reflector.id) for reflector in _provers(settings))}
    heard = {finding.who for finding in findings if not finding.silent}
    listed = NOT_LISTED if usable_subnets(settings.school_networks) else NOTHING_LISTED
    words = "; ".join([listed, *sorted(finding.words for finding in findings)])
    return Proof(proven=False, words=words, silent=frozenset(asked - heard))


def _by_test_server(reflector: Reflector) -> Finding:
    context = pinned_context(reflector.fingerprint or "")
    far_end = FarEnd(
        who=str(reflector.id),
        name=f"test server {reflector.name}",
        host=reflector.host,
        addresses=_addresses(reflector.host, reflector.port),
    )
    return _by_key(far_end, context)


def _by_collector(identity: Identity) -> Finding:
    host, port = endpoint(identity.collector_url)
    addresses = _addresses(host, port)
    far_end = FarEnd(who=COLLECTOR, name="the collector", host=host, addresses=addresses)
    if not identity.collector_url.startswith("https://"):
        return _by_plain_collector(addresses)
    try:
        return _by_key(far_end, _trust(identity.ca, identity.fingerprint))
    except ConfigError:
        words = "the certificate to trust the collector by is damaged"
        return Finding(who=COLLECTOR, words=words)


def _by_plain_collector(addresses: Sequence[Address]) -> Finding:
    """One without a key proves it only from this machine."""
    own = [a for a in addresses if is_own_address(a.ip) and not canonical(a.ip).is_unspecified]
    # Name services answer for what they block with this machine's own address.
    if any(map(answers, own)):
        return Finding(who=COLLECTOR, words="the collector runs on this machine", proven=True)
    words = "the collector speaks plain http, which proves nothing"
    return Finding(who=COLLECTOR, words=words, silent=bool(own))


def _addresses(host: str, port: int) -> tuple[Address, ...]:
    try:
        return resolve_all(host, port, RESOLVE_SECONDS)[:MAX_ADDRESSES]
    except UnreachableError:
        return ()


@lru_cache(maxsize=2)
def _trust(ca: str | None, fingerprint: str | None) -> ssl.SSLContext:
    return tls_context(ca=ca, fingerprint=fingerprint)


def _by_key(far_end: FarEnd, context: ssl.SSLContext) -> Finding:
    who, name = far_end.who, far_end.name
    if not far_end.addresses:
        return Finding(who=who, words=f"{name} was not found", silent=True)
    near = [a for a in far_end.addresses if is_private(a.ip) or is_own_address(a.ip)]
    if not near:
        return Finding(who=who, words=f"{name} has a public address, which proves nothing")
    ways = [a for a in near if _leads_over_a_network(a)]
    if not ways:
        return Finding(who=who, words=f"no way leads to {name} but a VPN or a mobile line, if any")
    shown = [_shows_its_key(address, context, far_end.host) for address in ways]
    if True in shown:
        return Finding(who=who, words=f"{name} answers with its key", proven=True)
    if False in shown:
        return Finding(who=who, words=f"something else answers at the address of {name}")
    return Finding(who=who, words=f"{name} does not answer", silent=True)


def _leads_over_a_network(address: Address) -> bool:
    """Whether the way there is neither a VPN nor a mobile line."""
    if is_own_address(address.ip):
        return not canonical(address.ip).is_unspecified
    interface = interface_towards(address)
    return interface is not None and network_link(interface).kind in ON_A_NETWORK


def _shows_its_key(address: Address, context: ssl.SSLContext, host: str) -> bool | None:
    """Whether the expected certificate's key is there; None if nothing answers.

    The handshake itself proves the key, and says nothing about this agent.
    """
    try:
        with socket.socket(address.family, socket.SOCK_STREAM) as plain:
            plain.settimeout(TRY_SECONDS)
            plain.connect(address.sockaddr)
            context.wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLEOFError:  # a balancer whose server is down, or a server with too much to do
        return None
    except ssl.SSLError:
        return False
    except (OSError, ValueError):  # ValueError is a name that can't be one
        return None
    return True
