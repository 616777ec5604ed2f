"""Whom to believe at the other end of TLS, and who it is that shows another certificate."""

import socket
import ssl
from functools import partial

from broadgauge_host.certificates import pinned_context

from .errors import ConfigError, UnreachableError

CONNECT_SECONDS = 10.0


def tls_context(*, ca: str | None = None, fingerprint: str | None = None) -> ssl.SSLContext:
    """Trust one certificate by its fingerprint, else the authorities in `ca` (PEM), else those of
    the system, where schools that inspect TLS add their own. ConfigError if `ca` holds none."""
    if fingerprint is not None:
        return pinned_context(fingerprint)
    if ca is not None:
        return _given_authorities(ca)
    import truststore  # only those who ask the system need it

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def shown_certificate(host: str, port: int) -> bytes:
    """The certificate (DER) of whoever answers there; the handshake proves that they hold its key.

    Nothing is said to them. UnreachableError if nobody answers, or not with TLS.
    """
    from broadgauge_host.diagnosis.tls import certificate_shown  # only those in doubt need it

    try:
        return certificate_shown(
            host, partial(socket.create_connection, (host, port), CONNECT_SECONDS)
        )
    except ssl.SSLError as error:
        raise UnreachableError(f"{host} port {port} does not speak TLS. Check the port.") from error
    except (OSError, ValueError) as error:  # ValueError is a name that can't be one
        raise UnreachableError(f"{host} port {port} cannot be reached ({error}).") from error


def described(certificate: bytes) -> str:
    """Whom a certificate (DER) names and who issued it, in words; both are claims."""
    from broadgauge_host.diagnosis.tls import read_certificate  # only those in doubt need it

    try:
        read = read_certificate(certificate)
    except ValueError:
        return "a certificate that can't be read"
    if read.subject == read.issuer:
        return f'"{read.subject}", issued by itself'
    return f'"{read.subject}", issued by "{read.issuer}"'


def described_at(host: str, port: int) -> str:
    """The certificate shown at an address, in words; empty if none is shown."""
    try:
        return described(shown_certificate(host, port))
    except UnreachableError:
        return ""


def _given_authorities(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=ca)
    except (ssl.SSLError, ValueError) as error:  # ValueError is text that can't be PEM
        raise ConfigError("The file given with --ca holds no PEM certificate.") from error
