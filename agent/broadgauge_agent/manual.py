"""One test that a person asked for, to a server named on the command line."""

import socket
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_host.certificates import parse_fingerprint
from broadgauge_wire import Direction, Reflector, Result, ThroughputResult, new_id
from broadgauge_wire.spec import MAX_TEXT

from .errors import ConfigError, UnreachableError
from .identity import load_settings
from .measuring import skip_or_measure
from .probes import ProbeRequest, load_probe

DEFAULT_PORT = 8485
PLAIN = ("http", "ws")
SCHEME_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
CONNECT_SECONDS = 5.0
DIRECTIONS: tuple[Direction, ...] = ("download", "upload")


class Target(Struct, frozen=True, kw_only=True):
    """A test server, and the certificates (PEM) it is trusted by, if not by a pin or the system."""

    reflector: Reflector
    ca: str | None = None


def target_of(
    state: Path, server: str | None, *, ca: str | None = None, fingerprint: str | None = None
) -> Target:
    """The server that was named, else the first one known. ConfigError if there is none, or if
    what vouches for it makes no sense."""
    if ca is None and fingerprint is None:
        return Target(reflector=parse_server(server) if server else known_server(state))
    if server is None or (ca and fingerprint):
        raise ConfigError("--ca or --fingerprint, one of them, vouches for a named --server.")
    if urlsplit(server).scheme in PLAIN:
        raise ConfigError(f"{server} is without TLS, so it has no certificate. Write https://")
    reflector = replace(parse_server(server), tls=True, fingerprint=_pin(fingerprint))
    return Target(reflector=reflector, ca=ca)


def parse_server(text: str) -> Reflector:
    """A test server from `HOST`, `HOST:PORT` or a URL. ConfigError if it is none of these."""
    wrong = f"{text} is not a test server's address. Write HOST, HOST:PORT or https://HOST:PORT"
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        port = parts.port or SCHEME_PORTS.get(parts.scheme, DEFAULT_PORT)
    except ValueError:
        raise ConfigError(wrong) from None
    if not parts.hostname or parts.scheme not in ("", *SCHEME_PORTS):
        raise ConfigError(wrong)
    return Reflector(
        id=new_id(),
        name=text[:MAX_TEXT],
        host=parts.hostname,
        port=port,
        segment="lan",
        tls=parts.scheme in ("https", "wss"),
    )


def known_server(state: Path) -> Reflector:
    """The first test server the collector named. ConfigError if there is none."""
    reflectors = load_settings(state).reflectors
    if not reflectors:
        raise ConfigError("No test server is known. Name one: --server HOST:PORT")
    return reflectors[0]


def check_reachable(reflector: Reflector) -> None:
    """UnreachableError if nothing accepts a connection there."""
    address = f"{reflector.host} port {reflector.port}"
    try:
        socket.create_connection((reflector.host, reflector.port), CONNECT_SECONDS).close()
    except socket.gaierror as error:
        raise UnreachableError(
            f"The name {reflector.host} does not resolve ({error.strerror}). Check it, and DNS."
        ) from error
    except OSError as error:
        why = error.strerror or f"no answer within {CONNECT_SECONDS:g} s"
        raise UnreachableError(
            f"No test server answers at {address}: {why}. "
            "Check that it runs (broadgauge-agent reflector) and that no firewall is in between."
        ) from error


def measure_now(
    target: Target, direction: Literal["download", "upload", "both"], max_seconds: float
) -> tuple[Result, ...]:
    """One throughput test that nobody planned. Its results name no registered server or segment."""
    directions = DIRECTIONS if direction == "both" else (direction,)
    request = ProbeRequest(
        trigger="manual",
        reflector=target.reflector,
        ca=target.ca,
        directions=directions,
        max_seconds=max_seconds,
    )
    results = skip_or_measure("throughput", load_probe("throughput"), request, lambda: False)
    return tuple(_unregistered(result) for result in results)


def _pin(fingerprint: str | None) -> str | None:
    try:
        return fingerprint and parse_fingerprint(fingerprint)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _unregistered(result: Result) -> Result:
    if isinstance(result, ThroughputResult):
        return replace(result, reflector_id=None, segment=None)
    return replace(result, segment=None)
