"""Certificates that nobody vouches for but a fingerprint: made, told apart, and held to.

Servers make them and agents check them. Here, so that there is one way: dd-006 says why it is safe.
"""

import hashlib
import re
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, cast

FINGERPRINT = re.compile("[0-9a-f]{64}")
LIFETIME = timedelta(days=3652)
CLOCK_LEEWAY = timedelta(days=1)
"""Browsers look at the dates, and clocks differ."""


class WrongCertificateError(ssl.SSLCertVerificationError):
    """A certificate other than the pinned one was shown. Nothing was said to whoever showed it."""

    def __init__(self, shown: bytes) -> None:
        super().__init__("the certificate shown is not the pinned one")
        self.shown = shown
        """Its DER form."""


def fingerprint_of(der: bytes) -> str:
    """SHA-256 of a certificate's DER form, in lower-case hexadecimal."""
    return hashlib.sha256(der).hexdigest()


def parse_fingerprint(text: str) -> str:
    """A fingerprint as people copy it: with colons, in capitals, from openssl. ValueError if it is
    none."""
    plain = re.sub(r"[\s:]", "", text.rpartition("=")[2]).lower()
    if not FINGERPRINT.fullmatch(plain):
        raise ValueError(
            f"{text[:100]!r} isn't a fingerprint. It has 64 hexadecimal digits (SHA-256)."
        )
    return plain


def pinned_context(fingerprint: str) -> ssl.SSLContext:
    """For connections to whoever holds the key of one certificate, and to nobody else.

    The handshake proves that they do; what it yields is compared before anything is sent
    (WrongCertificateError). A pin needs no authority, no host name and no clock.
    """
    context = _PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.fingerprint = fingerprint
    return context


class _PinnedContext(ssl.SSLContext):
    fingerprint: str

    def check(self, shown: bytes | None) -> None:
        if shown is None or fingerprint_of(shown) != self.fingerprint:
            raise WrongCertificateError(shown or b"")


class _PinnedSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        cast("_PinnedContext", self.context).check(self.getpeercert(binary_form=True))


class _PinnedObject(ssl.SSLObject):
    def do_handshake(self) -> None:
        super().do_handshake()
        cast("_PinnedContext", self.context).check(self.getpeercert(binary_form=True))


_PinnedContext.sslsocket_class = _PinnedSocket
_PinnedContext.sslobject_class = _PinnedObject


def make_certificate(name: str, hosts: Iterable[str]) -> tuple[bytes, bytes]:
    """A certificate that vouches for itself and its key, both PEM: ECDSA on P-256, ten years.

    `hosts` are the names and addresses that browsers may find it under.
    """
    from cryptography import x509  # only those who make one need it
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - CLOCK_LEEWAY)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _names(hosts: Iterable[str]) -> list[Any]:
    from cryptography.x509 import DNSName, IPAddress

    names: list[Any] = []
    for host in dict.fromkeys(hosts):
        try:
            names.append(IPAddress(ip_address(host.partition("%")[0])))
        except ValueError:
            names.append(DNSName(host.encode("idna").decode()))
    return names
