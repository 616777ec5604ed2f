"""The certificate a server shows: the district's, or one of its own that join tokens vouch for."""

import ssl
from collections.abc import Iterable
from pathlib import Path

import structlog
from msgspec import Struct

from broadgauge_host.own_certificate import (
    CertificateFileError,
    expiry_in,
    fingerprint_in,
    own_certificate,
    server_context,
)

from .errors import CannotStart

FOLDER = "tls"
NAME = "broadgauge server"
LOOPBACK = ("localhost", "127.0.0.1", "::1")

log = structlog.get_logger()


class Tls(Struct, frozen=True, kw_only=True):
    """Files of a certificate chain and its key, PEM. The server's own has a fingerprint that its
    join tokens carry; an authority vouches for the district's."""

    certificate: Path
    key: Path
    fingerprint: str | None = None


def own_tls(data: Path, names: Iterable[str]) -> Tls:
    """The server's own certificate, made once for these names. CannotStart if it isn't whole."""
    try:
        own = own_certificate(data / FOLDER, NAME, (*names, *LOOPBACK))
    except (CertificateFileError, UnicodeError) as error:
        raise CannotStart(
            f"{error}. Restore {data / FOLDER} from a backup, or delete it: a new certificate is "
            "made then, and every agent has to join again with a new token."
        ) from error
    return Tls(certificate=own.certificate, key=own.key, fingerprint=own.fingerprint)


def browser_words(fingerprint: str) -> str:
    """What people should know before their browser warns them."""
    return f"""\
This server made its own certificate. Its SHA-256 fingerprint, which join tokens carry:

    {fingerprint}

Browsers will say that the connection isn't private or that there is a risk, since no authority
vouches for it: compare the fingerprint they show with this one, then go on.
"""


class ShownCertificate:
    """What new connections are shown: the files as last read well."""

    def __init__(self, tls: Tls) -> None:
        """CannotStart if the certificate and its key can't be used."""
        self._tls = tls
        try:
            self.context = self._latest = server_context(tls.certificate, tls.key)
            self.expires_at = expiry_in(tls.certificate)
        except CertificateFileError as error:
            raise CannotStart(
                f"The TLS certificate and key can't be used: {error}. "
                "Give a chain and its own key, without a password."
            ) from error
        # OpenSSL asks at the start of each connection, whether or not the client names a host.
        self.context.sni_callback = self._choose

    def read_again(self) -> None:
        """Show the files as they are now; if they are wrong, go on as before. The log says which.

        Not the server's own: join tokens name it as it was at the start.
        """
        if self._tls.fingerprint is not None:
            log.info("certificate_kept", why="it is the server's own, which lasts")
            return
        try:
            self._latest = server_context(self._tls.certificate, self._tls.key)
            self.expires_at = expiry_in(self._tls.certificate)
            log.info("certificate_read", fingerprint=fingerprint_in(self._tls.certificate))
        except CertificateFileError as error:
            log.warning("certificate_kept", why=str(error))

    def _choose(
        self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        connection.context = self._latest
