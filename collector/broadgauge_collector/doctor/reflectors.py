"""Test servers as seen from the server. What counts is how agents see them: they ask themselves."""

import secrets
import socket
import ssl
from collections.abc import Iterator

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
from broadgauge_host.echo import REQUEST, Echo, decode_echo, encode_echo

from ..schools.model import Reflector
from .access import check_access

ATTEMPTS = 5
ECHO_SECONDS = 0.4
LONGEST_DATAGRAM = 2048


def check_test_server(reflector: Reflector, token: str | None, names: Names) -> Iterator[Check]:
    """Step by step, as far as one leads to the next. `token` is signed with its access key."""
    name = f"test server {reflector.name}"
    where = (reflector.host, reflector.port)
    checks, address = lead(name, where, names, "broadgauge-agent reflector --help")
    yield from checks
    if address is None:
        return
    certificate = None
    if reflector.tls or reflector.fingerprint:
        certificate = check_tls(
            f"{name}, certificate", reflector.host, connector(address), _trust(reflector)
        )
        yield certificate
    if certificate is None or certificate.state == "ok":
        yield from check_access(name, reflector, token, address)
    yield _echo(f"{name}, UDP echo", reflector.port, address)


def _trust(reflector: Reflector) -> Trust:
    return Trust(
        context=ssl.create_default_context,
        own_issuer="have this system and those of the agents trust it",
        fingerprint=reflector.fingerprint,
        own_certificate="register its new fingerprint: broadgauge reflectors set --help",
    )


def _echo(name: str, port: int, address: Address) -> Check:
    with socket.socket(address.family, socket.SOCK_DGRAM) as channel:
        channel.settimeout(ECHO_SECONDS)
        if any(_comes_back(channel, address, sequence) for sequence in range(ATTEMPTS)):
            return well(name, "comes back")
    advice = f"Let UDP port {port} through the firewalls, both ways."
    return trouble(name, f"no echo comes back from {address.ip} port {port}", advice)


def _comes_back(channel: socket.socket, address: Address, sequence: int) -> bool:
    session = secrets.randbits(64)
    try:
        channel.sendto(encode_echo(Echo(REQUEST, session, sequence, 0)), address.sockaddr)
        answer = decode_echo(channel.recv(LONGEST_DATAGRAM))
    except OSError:
        return False
    return answer is not None and answer.session == session
