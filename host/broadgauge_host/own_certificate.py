"""A folder with a server's own certificate and its key: made once, and read at every start."""

import os
import re
import shutil
import ssl
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from .certificates import fingerprint_of, make_certificate

CERTIFICATE = "certificate.pem"
KEY = "key.pem"
PEM = re.compile(f"{ssl.PEM_HEADER}.+?{ssl.PEM_FOOTER}", re.DOTALL)


class CertificateFileError(Exception):
    """A certificate or its key can't be used. The message is a clause that names the file."""


class OwnCertificate(Struct, frozen=True, kw_only=True):
    """Files of a certificate and its key, PEM, and the fingerprint that vouches for it."""

    certificate: Path
    key: Path
    fingerprint: str


def own_certificate(folder: Path, name: str, hosts: Iterable[str]) -> OwnCertificate:
    """The certificate in the folder, made if there is no folder. Its files are for their owner.

    CertificateFileError if they are there but not whole: whoever pinned the lost one would have to
    be told of a new one, so none is made.
    """
    try:
        if not folder.exists():
            _make(folder, name, hosts)
    except OSError as error:
        raise CertificateFileError(f"{folder} can't be written ({error.strerror})") from error
    certificate, key = folder / CERTIFICATE, folder / KEY
    server_context(certificate, key)
    return OwnCertificate(certificate=certificate, key=key, fingerprint=fingerprint_in(certificate))


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """For a server with this certificate chain and key. CertificateFileError says what is wrong."""
    for file in (certificate, key):
        _check_readable(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:  # which ssl.SSLError is
        why = getattr(error, "reason", None) or error
        raise CertificateFileError(
            f"{certificate} and {key} are no certificate with its own key, both PEM ({why})"
        ) from error
    return context


def fingerprint_in(certificate: Path) -> str:
    """The fingerprint of a file's first certificate. CertificateFileError if there is none."""
    return fingerprint_of(certificate_in(certificate))


def expiry_in(certificate: Path) -> datetime:
    """When a file's first certificate ends, UTC. CertificateFileError if there is none."""
    from cryptography import x509  # loaded by a server that shows one, only

    try:
        return x509.load_der_x509_certificate(certificate_in(certificate)).not_valid_after_utc
    except ValueError as error:
        raise CertificateFileError(f"{certificate} can't be read as PEM ({error})") from error


def certificate_in(certificate: Path) -> bytes:
    """A file's first certificate, DER. CertificateFileError if there is none."""
    try:
        found = PEM.search(certificate.read_text())
        der = ssl.PEM_cert_to_DER_cert(found[0]) if found else b""
    except (OSError, ValueError) as error:
        raise CertificateFileError(f"{certificate} can't be read as PEM ({error})") from error
    if not der:
        raise CertificateFileError(f"{certificate} holds no certificate")
    return der


def _check_readable(file: Path) -> None:
    try:
        file.open("rb").close()
    except FileNotFoundError:
        raise CertificateFileError(f"{file} is missing") from None
    except OSError as error:
        raise CertificateFileError(f"{file} can't be read ({error.strerror})") from error


def _no_password() -> str:
    """Asked for where a key is encrypted; the terminal would be asked otherwise."""
    return ""


def _make(folder: Path, name: str, hosts: Iterable[str]) -> None:
    part = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    certificate, key = make_certificate(name, hosts)
    _write_private(part / CERTIFICATE, certificate)
    _write_private(part / KEY, key)
    part.rename(folder)  # both or neither, whatever happens in between


def _write_private(file: Path, body: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
