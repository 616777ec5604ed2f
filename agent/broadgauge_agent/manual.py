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

from .access_tokens import token_for
from .config import Config
from .errors import ConfigError, UnreachableError
from .identity import load_settings
from .known_issuers import issuer_among
from .known_lines import lines_among
from .measuring import readiness, skip_or_measure
from .probes import ProbeRequest, load_probe
from .probes.base import KnownLine
from .probes.other_servers import place_of, unregistered
from .runner import probe_request
from .spool_file import spool_facts

DEFAULT_PORT = 8485
PLAIN = ("http", "ws")
SCHEME_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
CONNECT_SECONDS = 5.0
OURS = " (broadgauge-agent reflector)"
DIRECTIONS: tuple[Direction, ...] = ("download", "upload")
Ways = Literal["download", "upload", "both"]


class Target(Struct, frozen=True, kw_only=True):
    """A test server, and the certificates (PEM) it is trusted by, if not by a pin or the system.
    The access token is the collector's, for a test server of its own; the issuer of its certificate
    is known to the agent here."""

    reflector: Reflector
    ca: str | None = None
    access_token: str | None = None
    known_issuer: str | None = None
    known_lines: tuple[KnownLine, ...] = ()
    """What the agent here knows of the line to it. Only a test that is asked about a rate uses
    that: another one by hand is to find out for itself."""


def target_of(
    state: Path, server: str | None, *, ca: str | None = None, fingerprint: str | None = None
) -> Target:
    """The server that was named, else the first one known. ConfigError if there is none, or if
    what vouches for it makes no sense."""
    if ca is None and fingerprint is None:
        return Target(reflector=parse_server(server)) if server else known_target(state)
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


def known_target(state: Path) -> Target:
    """The first test server the collector named. ConfigError if there is none."""
    settings = load_settings(state)
    if not settings.reflectors:
        raise ConfigError("No test server is known. Name one: --server HOST:PORT")
    first, facts = settings.reflectors[0], spool_facts(state)
    return Target(
        reflector=first,
        access_token=token_for(first, settings),
        known_issuer=issuer_among(facts, first),
        known_lines=lines_among(facts, first),
    )


def check_reachable(reflector: Reflector, *, started_by: str = OURS) -> None:
    """UnreachableError if nothing accepts a connection there. `started_by` is said in its words."""
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
            f"Check that it runs{started_by} and that no firewall is in between."
        ) from error


def manual_request(
    name: str,
    config: Config,
    direction: Ways,
    max_streams: int | None,
    asked_bits_per_second: float | None = None,
) -> ProbeRequest:
    """A test by this probe that nobody planned, within what the configuration allows. It finds all
    that the line carries, unless it is asked about a line rate."""
    request = probe_request(config, name, location=None, clock_offset_seconds=None)
    return replace(
        request,
        trigger="manual",
        directions=DIRECTIONS if direction == "both" else (direction,),
        max_streams=max_streams or request.max_streams,
        target_bits_per_second=asked_bits_per_second,
    )


def measure_now(target: Target, request: ProbeRequest) -> tuple[Result, ...]:
    """One throughput test. Its results name no registered server or segment."""
    to_target = replace(
        request,
        reflector=target.reflector,
        ca=target.ca,
        access_token=target.access_token,
        known_issuer=target.known_issuer,
        known_lines=target.known_lines if request.target_bits_per_second else (),
    )
    results = _measure("throughput", to_target)
    return tuple(_unregistered(result) for result in results)


def measure_elsewhere(
    name: str, request: ProbeRequest, server: str | None, ca: str | None
) -> tuple[Result, ...]:
    """One test by another probe, to the server that was named or else configured.

    ConfigError if the probe can't run so, UnreachableError if nobody answers there.
    """
    asked = replace(request, server_url=server or request.server_url, ca=ca)
    if asked.server_url:
        place = place_of(asked.server_url)
        check_reachable(unregistered(place.host, place.port), started_by="")
    ready = readiness(load_probe(name), asked)
    if not ready.ok:
        raise ConfigError("; ".join(ready.reasons))
    return _measure(name, asked)


def _measure(name: str, request: ProbeRequest) -> tuple[Result, ...]:
    return skip_or_measure(name, load_probe(name), request, lambda: False)


def _pin(fingerprint: str | None) -> str | None:
    try:
        return fingerprint and parse_fingerprint(fingerprint)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _unregistered(result: Result) -> Result:
    if isinstance(result, ThroughputResult):
        return replace(result, reflector_id=None, segment=None)
    return replace(result, segment=None)
