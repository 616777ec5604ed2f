"""Why no test came about: one that a middlebox prevented, told from a server that isn't well."""

import ssl
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from broadgauge_host.addresses import Address
from broadgauge_host.certificates import WrongCertificateError
from broadgauge_host.diagnosis import connector
from broadgauge_host.diagnosis.tls import certificate_shown
from broadgauge_wire import Reflector

from .certificates import recognise_tls
from .finding import SEEN, Finding, finding
from .looks import Answer, Look, ask_plainly, ask_to_upgrade, speaks_tls

HEALTHY = b"ok"
SIGN_IN_FIRST = 511
"""Network Authentication Required (RFC 6585), made for captive portals."""

REDIRECTS = (301, 302, 303, 307, 308)
SWITCHING_PROTOCOLS = 101
NOT_OURS = (404, 405, 410)
SERVERS_OWN = (401, 403, 429, 503)
"""What a test server itself answers to whom it doesn't serve, or not now."""

ARRIVED_CHANGED = (400, 426)
"""What a test server answers to an upgrade that lost its headers on the way (RFC 9110, 15.5.22)."""


class Way(NamedTuple):
    """What stands in a test's way, if that was recognized, and whether a test could begin."""

    finding: Finding | None
    is_open: bool = False


def recognise_connect_failure(
    error: BaseException,
    reflector: Reflector,
    address: Address,
    known_issuer: str | None = None,
) -> Finding | None:
    """Name what kept a test from beginning, or None if it is nothing of the kind.

    Asks the test server, or whoever is in its place, up to three short questions, each within
    LOOK_SECONDS, and tells nobody anything that matters.
    """
    causes = tuple(_causes(error))
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return None
    for cause in causes:
        if isinstance(cause, WrongCertificateError):
            return recognise_tls(
                cause.shown, reflector, known_issuer
            )  # a stranger is asked nothing
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _recognise_stranger(reflector, address, known_issuer)
    return look_at_way(reflector, address).finding


def look_at_way(reflector: Reflector, address: Address, *, is_trusted: bool = True) -> Way:
    """Whether ordinary requests, and then WebSockets, get through to a test server.

    Where its certificate is one to trust, whatever page it answers with is its own.
    """
    tls = speaks_tls(reflector)
    plain = ask_plainly(reflector, address, tls=tls)
    if plain == "no_tls":
        return Way(recognise_page(ask_plainly(reflector, address, tls=False), reflector))
    if not is_healthy(plain):
        return Way(None if tls and is_trusted else recognise_page(plain, reflector))
    upgrade = ask_to_upgrade(reflector, address, tls=tls)
    is_open = isinstance(upgrade, Answer) and upgrade.status == SWITCHING_PROTOCOLS
    return Way(recognise_refusal(upgrade, reflector), is_open)


def is_healthy(look: Look) -> bool:
    """Whether a reflector answered an ordinary request."""
    return isinstance(look, Answer) and look.status == 200 and look.body.strip() == HEALTHY


def recognise_page(look: Look, reflector: Reflector) -> Finding | None:
    """Name a page for people where a test server should have said that it is well. Pure."""
    if not isinstance(look, Answer):
        return None
    if look.status == SIGN_IN_FIRST:
        return _portal(f"HTTP {look.status}", reflector)
    if look.status in REDIRECTS and _leads_elsewhere(look.location, reflector):
        return _portal(f"HTTP {look.status}, to another server", reflector)
    if look.status == 200 and look.is_page and not is_healthy(look):
        return _portal("a web page", reflector)
    return None


def recognise_refusal(look: Look, reflector: Reflector) -> Finding | None:
    """Name what became of a WebSocket upgrade, asked of a server that answers otherwise. Pure."""
    if look in ("cut_off", "silent"):
        how = "cut off" if look == "cut_off" else "never answered"
        return _blocked(f"the request for one is {how}", reflector)
    if (
        not isinstance(look, Answer)
        or look.status == SWITCHING_PROTOCOLS
        or look.status in NOT_OURS
    ):
        return None
    if look.status in ARRIVED_CHANGED and not look.is_page:
        return _blocked(
            f"the request for one reaches the test server without its headers (HTTP {look.status})",
            reflector,
        )
    if look.status in SERVERS_OWN and not look.is_page:
        return None
    return _blocked(f"the request for one is answered with HTTP {look.status}", reflector)


def _recognise_stranger(
    reflector: Reflector, address: Address, known_issuer: str | None
) -> Finding | None:
    """Who it is that shows a certificate which isn't trusted."""
    page = ask_plainly(reflector, address, tls=True)
    if portal := recognise_page(page, reflector):
        return portal
    shown = _shown(reflector, address)
    return recognise_tls(shown, reflector, known_issuer) if shown else None


def _shown(reflector: Reflector, address: Address) -> bytes | None:
    try:
        return certificate_shown(reflector.host, connector(address))
    except (OSError, ValueError):
        return None


def _leads_elsewhere(location: str, reflector: Reflector) -> bool:
    try:
        host = urlsplit(location).hostname
    except ValueError:
        return False
    return host is not None and host != reflector.host.lower()


def _portal(what: str, reflector: Reflector) -> Finding:
    return finding("captive_portal", f"{SEEN['captive_portal']} ({what})", reflector)


def _blocked(how: str, reflector: Reflector) -> Finding:
    return finding("websocket_blocked", f"{SEEN['websocket_blocked']}: {how}", reflector)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what is beneath it, each once: an error may be its own cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
