"""A certificate that isn't the test server's own: whether something on the way opened TLS. Pure.

A filter that inspects TLS signs a certificate of its own for every server, with an authority that
the district put into its machines' stores. So it is trusted, and told by who issued it.
"""

from typing import TYPE_CHECKING

from broadgauge_host.certificates import fingerprint_of
from broadgauge_host.diagnosis.filters import filter_named_in
from broadgauge_wire import Reflector
from broadgauge_wire.spec import MAX_TEXT

from .finding import SEEN, Finding, finding

if TYPE_CHECKING:
    from cryptography import x509


def recognise_tls(
    shown: bytes, reflector: Reflector, known_issuer: str | None = None
) -> Finding | None:
    """Name TLS inspection from the certificate (DER) that was shown in the test server's place.

    `known_issuer` is who issued the one that it was first trusted by. A certificate that vouches
    for itself, or that can't be read, names nobody.
    """
    if reflector.fingerprint == fingerprint_of(shown):
        return None
    certificate = _read(shown)
    if certificate is None:
        return None
    issuer = _organization(certificate.issuer)
    if product := filter_named_in(certificate.issuer.rfc4514_string()):
        return _inspected(f"{issuer}, probably {product}", reflector)
    if certificate.issuer == certificate.subject or _is_publicly_logged(certificate):
        return None  # replaced, or renewed by a public authority: no filter can do that
    if reflector.fingerprint is not None or (known_issuer and known_issuer != issuer):
        return _inspected(issuer, reflector, known_issuer)
    return None


def issuer_of(shown: bytes) -> str | None:
    """The organization that issued a certificate (DER); None if it vouches for itself or can't be
    read."""
    certificate = _read(shown)
    if certificate is None or certificate.issuer == certificate.subject:
        return None
    return _organization(certificate.issuer)


def _inspected(issuer: str, reflector: Reflector, expected: str | None = None) -> Finding:
    seen = f"{SEEN['tls_inspection']}, made by {issuer}"
    return finding(
        "tls_inspection", f"{seen} instead of {expected}" if expected else seen, reflector
    )


def _read(der: bytes) -> "x509.Certificate | None":
    from cryptography import x509  # only those who look at one need it

    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.issuer, certificate.subject  # read when asked for
    except ValueError:
        return None
    return certificate


def _organization(name: "x509.Name") -> str:
    """The organization, else the common name: who, and not which of their keys."""
    from cryptography.x509.oid import NameOID

    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        if found := name.get_attributes_for_oid(oid):
            said = str(found[0].value)[:MAX_TEXT]
            return "".join(c if c.isprintable() else "?" for c in said)
    return "nobody named"


def _is_publicly_logged(certificate: "x509.Certificate") -> bool:
    """Public authorities log what they issue and put the logs' signatures in (RFC 6962); browsers
    ask it of them. An authority that only some machines trust has no log that takes its own."""
    from cryptography import x509

    try:
        certificate.extensions.get_extension_for_class(
            x509.PrecertificateSignedCertificateTimestamps
        )
    except (x509.ExtensionNotFound, ValueError):
        return False
    return True
