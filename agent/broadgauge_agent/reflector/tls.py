"""TLS for a reflector: with a certificate of its own, or with one it was given."""

import ssl
from pathlib import Path

from msgspec import Struct

from broadgauge_agent.errors import ConfigError
from broadgauge_agent.state import make_state_directory
from broadgauge_host.own_certificate import CertificateFileError, own_certificate, server_context

FOLDER = "tls"
NAME = "broadgauge test server"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  # compared, not bound


class ReflectorTls(Struct, frozen=True, kw_only=True):
    """What connections are made with. Without a fingerprint, an authority vouches for it."""

    context: ssl.SSLContext
    fingerprint: str | None = None


def own_tls(state: Path, host: str) -> ReflectorTls:
    """With the certificate in the state directory, which is made once. StateError, ConfigError."""
    make_state_directory(state)
    names = LOOPBACK if host in WILDCARDS else (host, *LOOPBACK)
    try:
        own = own_certificate(state / FOLDER, NAME, names)
        context = server_context(own.certificate, own.key)
    except CertificateFileError as error:
        raise ConfigError(
            f"{error}. Restore {state / FOLDER} from a backup, or delete it: a new certificate is "
            "made then, whose fingerprint has to be registered on the server."
        ) from error
    return ReflectorTls(context=context, fingerprint=own.fingerprint)


def given_tls(certificate: Path, key: Path) -> ReflectorTls:
    """With a certificate chain and its key, PEM. ConfigError if they are not that."""
    try:
        return ReflectorTls(context=server_context(certificate, key))
    except CertificateFileError as error:
        raise ConfigError(f"{error}. Give a chain and its own key, without a password.") from error


def registration(tls: ReflectorTls, host: str, port: int) -> str:
    """The command that makes a reflector with TLS known to the collector."""
    address = "ADDRESS" if host in WILDCARDS else host
    known_by = f"--fingerprint {tls.fingerprint}" if tls.fingerprint else "--tls"
    return (
        f"broadgauge reflectors add NAME --host {address} --port {port} --segment SEGMENT "
        f"{known_by}"
    )
