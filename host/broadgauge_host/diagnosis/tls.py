"""Whose certificate a server shows, and whether it is to be trusted: first seen, then judged."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from broadgauge_host.certificates import fingerprint_of

from .check import Check, trouble, well
from .filters import filter_named_in

if TYPE_CHECKING:
    from cryptography import x509

SECONDS = 5.0
SOON = timedelta(days=21)
"""A certificate that ends within this time should be on somebody's list."""

OTHER_NAME = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH (x509_vfy.h)."""

MAX_HEAD_BYTES = 16 * 1024
MAX_WORDS = 200


Connect = Callable[[], socket.socket]
"""Makes a fresh TCP connection to whoever is to show a certificate."""


class Trust(Struct, frozen=True):
    """Whom to trust: one certificate alone, or whomever a context does. `own_issuer` says what to
    do about an issuer that isn't known and should be."""

    context: Callable[[], ssl.SSLContext]
    own_issuer: str
    fingerprint: str | None = None
    own_certificate: str = ""
    """What to do where the pinned certificate was replaced on purpose."""


class Shown(Struct, frozen=True, kw_only=True):
    """What a certificate says of itself."""

    fingerprint: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def check_tls(name: str, host: str, connect: Connect, trust: Trust) -> Check:
    """Shake hands without trust to see what is shown; then, unless it is pinned, with it."""
    try:
        shown = read_certificate(certificate_shown(host, connect))
        if trust.fingerprint:
            return _pinned(name, host, shown, trust)
        with handshake(host, connect, trust.context()):
            return _trusted(name, shown)
    except ssl.SSLCertVerificationError as error:
        return _not_trusted(name, (host, connect), shown, error, trust)
    except (OSError, ValueError) as error:
        return _no_handshake(name, host, error)


def read_certificate(der: bytes) -> Shown:
    """What a certificate in DER form says. ValueError if it can't be read."""
    from cryptography import x509  # only those who look at one need it

    certificate = x509.load_der_x509_certificate(der)
    return Shown(
        fingerprint=fingerprint_of(der),
        subject=_name_words(certificate.subject),
        issuer=_name_words(certificate.issuer),
        names=_names(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


@contextmanager
def handshake(host: str, connect: Connect, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    """A TLS connection. OSError, of which ssl.SSLError is one, if none comes about."""
    with connect() as plain:
        plain.settimeout(SECONDS)
        with context.wrap_socket(plain, server_hostname=host) as secured:
            yield secured


def certificate_shown(host: str, connect: Connect) -> bytes:
    """The certificate (DER) of whoever answers; the handshake proves that they hold its key.

    Nothing is said to them. OSError, of which ssl.SSLError is one, if none comes about.
    """
    with handshake(host, connect, _trusting_anybody()) as secured:
        return secured.getpeercert(binary_form=True) or b""


def _trusting_anybody() -> ssl.SSLContext:
    """For looking only: nothing that matters is said over such a connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _name_words(name: "x509.Name") -> str:
    """The parts of a distinguished name that people know it by."""
    from cryptography.x509.oid import NameOID

    oids = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    values = [str(found[0].value) for oid in oids if (found := name.get_attributes_for_oid(oid))]
    words = ", ".join(dict.fromkeys(values)) or name.rfc4514_string() or "nobody named"
    return "".join(c if c.isprintable() else "?" for c in words[:MAX_WORDS])


def _names(certificate: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(
        str(each.value) for each in found.value if isinstance(each, (x509.DNSName, x509.IPAddress))
    )


def _pinned(name: str, host: str, shown: Shown, trust: Trust) -> Check:
    if shown.fingerprint == trust.fingerprint:
        return well(name, "shows the one certificate that is expected of it")
    if product := filter_named_in(shown.issuer):
        return _inspected(name, host, shown.issuer, product)
    return trouble(
        name,
        f"shows another certificate than expected, by {shown.issuer} "
        f"(its fingerprint is {shown.fingerprint})",
        f"If the server's certificate was replaced, {trust.own_certificate}. If not, something on "
        f"the way inspects TLS: exempt {host} from that.",
        cause=f"another certificate by {shown.issuer}",
    )


def _trusted(name: str, shown: Shown) -> Check:
    note = None
    if shown.not_after - datetime.now(UTC) < SOON:
        note = "It ends soon: renew it on the server, or every agent stops trusting it that day."
    return well(name, f"certificate by {shown.issuer}, valid until {_day(shown.not_after)}", note)


def _not_trusted(
    name: str,
    far_end: tuple[str, Connect],
    shown: Shown,
    error: ssl.SSLCertVerificationError,
    trust: Trust,
) -> Check:
    """Why, in the order of what is to be done about it. Some systems' stores give no code."""
    host, connect = far_end
    if product := filter_named_in(shown.issuer):
        return _inspected(name, host, shown.issuer, product)
    if not shown.not_before <= datetime.now(UTC) <= shown.not_after:
        return _out_of_time(name, shown, _their_clock(host, connect))
    if error.verify_code in OTHER_NAME:
        return trouble(
            name,
            f"the certificate is for {', '.join(shown.names) or 'no name'}, not for {host}",
            "Use the name that the certificate is for, or have one made for this name.",
            cause=f"certificate of {host}",
        )
    return trouble(
        name,
        f"its certificate is by {shown.issuer}, which this system doesn't know",
        f"If that is the district's own authority, {trust.own_issuer}. If it isn't, a content "
        f"filter probably inspects TLS: exempt {host} from that.",
        cause=f"issuer {shown.issuer}",
    )


def _inspected(name: str, host: str, issuer: str, product: str) -> Check:
    return trouble(
        name,
        f"the certificate shown was made by {issuer}: probably {product}, which inspects TLS here",
        f"Exempt {host} from TLS inspection in {product}. Nothing is sent meanwhile.",
        cause=f"inspected by {product}",
    )


def _out_of_time(name: str, shown: Shown, theirs: datetime | None) -> Check:
    now = datetime.now(UTC)
    early = now < shown.not_before
    said = f"not valid before {_day(shown.not_before)}" if early else "expired"
    until = "" if early else f" on {_day(shown.not_after)}"
    detail = f"the certificate is {said}{until}; this machine's clock says {_day(now)}"
    if early or (theirs and shown.not_before <= theirs <= shown.not_after):
        advice = "Set this machine's clock: turn on network time (NTP)."
        return trouble(name, detail, advice, cause="clock")
    return trouble(name, detail, "Renew the certificate on the server.")


def _no_handshake(name: str, host: str, error: Exception) -> Check:
    if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return trouble(
            name,
            f"{host} takes connections, but doesn't speak TLS",
            "If the server speaks plain http, its address begins with http://. If not, something "
            "else listens on that port.",
        )
    why = f"no answer within {SECONDS:g} s" if isinstance(error, TimeoutError) else _reason(error)
    return trouble(
        name,
        f"{host} takes connections, but no TLS handshake comes about ({why})",
        f"A firewall that looks into TLS may cut it off: exempt {host} from that.",
        cause=f"no handshake with {host}",
    )


def _their_clock(host: str, connect: Connect) -> datetime | None:
    """What a server that can't be trusted yet says the time is; a hint, no more."""
    request = f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    try:
        with handshake(host, connect, _trusting_anybody()) as secured:
            secured.sendall(request)
            head = secured.recv(MAX_HEAD_BYTES).decode("latin-1")
    except (OSError, UnicodeError):
        return None
    for each in head.split("\r\n"):
        key, _, value = each.partition(":")
        if key.lower() == "date":
            return _moment(value)
    return None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
