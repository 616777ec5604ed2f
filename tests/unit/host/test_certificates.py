"""A fingerprint is all that vouches for a server: what it is made of, and what it lets through."""

import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from broadgauge_host.certificates import (
    WrongCertificateError,
    fingerprint_of,
    parse_fingerprint,
    pinned_context,
)
from broadgauge_host.own_certificate import (
    CertificateFileError,
    OwnCertificate,
    fingerprint_in,
    own_certificate,
    server_context,
)
from tests.tls import LONG_AGO, Authority, Issued, own

NAMES = ("192.0.2.10", "net.example.org", "fe80::1%eth0", "localhost", "localhost")


def made_in(folder: Path) -> OwnCertificate:
    return own_certificate(folder / "tls", "broadgauge server", NAMES)


@contextmanager
def listening(issued: Issued) -> Iterator[tuple[int, list[bytes]]]:
    """A TLS server for one connection: its port, and what it was told."""
    told: list[bytes] = []

    def answer() -> None:
        with listener.accept()[0] as plain:
            try:
                with issued.context.wrap_socket(plain, server_side=True) as tls:
                    told.append(tls.recv(1000))
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1], told
        thread.join()


def speak(port: int, context: ssl.SSLContext, host: str = "127.0.0.1") -> None:
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=host) as tls,
    ):
        tls.sendall(b"a secret")


def test_the_pinned_certificate_is_spoken_to(tmp_path: Path) -> None:
    issued = own(tmp_path)
    with listening(issued) as (port, told):
        speak(port, pinned_context(issued.fingerprint))
    assert told == [b"a secret"]


def test_a_pin_needs_no_host_name_no_authority_and_no_clock(tmp_path: Path) -> None:
    expired = Authority("Somebody").issue(tmp_path, since=LONG_AGO)
    with listening(expired) as (port, told):
        speak(port, pinned_context(expired.fingerprint), "another.example.org")
    assert told == [b"a secret"]


def test_another_certificate_is_told_nothing_and_can_be_named(tmp_path: Path) -> None:
    pinned, other = own(tmp_path / "pinned"), own(tmp_path / "other")
    with (
        listening(other) as (port, told),
        pytest.raises(WrongCertificateError) as caught,
    ):
        speak(port, pinned_context(pinned.fingerprint))
    assert told in ([], [b""])
    assert fingerprint_of(caught.value.shown) == other.fingerprint


def test_a_pin_holds_inside_another_connections_tls_too(tmp_path: Path) -> None:
    pinned, other = own(tmp_path / "pinned"), own(tmp_path / "other")
    assert _shaken_in_memory(pinned, pinned_context(pinned.fingerprint))
    with pytest.raises(WrongCertificateError):
        _shaken_in_memory(other, pinned_context(pinned.fingerprint))


def _shaken_in_memory(shown: Issued, context: ssl.SSLContext) -> bool:
    """A handshake as an HTTPS proxy's client does it, without a socket."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname="x")
    server = shown.context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.version() is not None


def test_a_certificate_is_made_once(tmp_path: Path) -> None:
    first = made_in(tmp_path)
    assert made_in(tmp_path) == first
    assert fingerprint_in(first.certificate) == first.fingerprint


def test_its_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    own = made_in(tmp_path)
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert stat.S_IMODE(own.key.stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.rglob("*")) == [
        "certificate.pem",
        "key.pem",
        "tls",
    ]


def test_it_names_where_the_server_is_and_lasts_ten_years(tmp_path: Path) -> None:
    made = x509.load_pem_x509_certificate(made_in(tmp_path).certificate.read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["192.0.2.10", "fe80::1"]
    assert names.get_values_for_type(x509.DNSName) == ["net.example.org", "localhost"]
    assert made.not_valid_after_utc - datetime.now(UTC) > timedelta(days=3650)


def test_a_making_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    (tmp_path / ".tls.new").mkdir()
    (tmp_path / ".tls.new" / "key.pem").write_text("half")
    assert made_in(tmp_path).fingerprint


def _no_key(own: OwnCertificate) -> None:
    own.key.unlink()


def _no_certificate(own: OwnCertificate) -> None:
    own.certificate.unlink()


def _half_a_key(own: OwnCertificate) -> None:
    own.key.write_text(own.key.read_text()[:100])


def _empty_certificate(own: OwnCertificate) -> None:
    own.certificate.write_text("")


def _key_of_another(own: OwnCertificate) -> None:
    other = own_certificate(own.key.parent.parent / "other", "x", ["x.example.org"])
    own.key.write_text(other.key.read_text())


def _a_folder(own: OwnCertificate) -> None:
    own.key.unlink()
    own.key.mkdir()


@pytest.mark.parametrize(
    "damage",
    [_no_key, _no_certificate, _half_a_key, _empty_certificate, _key_of_another, _a_folder],
)
def test_a_certificate_that_is_not_whole_is_named_and_never_replaced(
    damage: Callable[[OwnCertificate], None], tmp_path: Path
) -> None:
    damage(made_in(tmp_path))
    files = {file: file.read_bytes() for file in tmp_path.rglob("*.pem") if file.is_file()}
    with pytest.raises(CertificateFileError, match=str(tmp_path / "tls")):
        made_in(tmp_path)
    assert files == {file: file.read_bytes() for file in files}


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    issued = own(tmp_path)
    key = serialization.load_pem_private_key(issued.key.read_bytes(), None)
    issued.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CertificateFileError, match=r"key\.pem"):
        server_context(issued.certificate, issued.key)


def test_a_file_without_a_certificate_has_no_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    with pytest.raises(CertificateFileError, match="holds no certificate"):
        fingerprint_in(tmp_path / "empty.pem")


@pytest.mark.parametrize(
    "shown",
    ["ab" * 32, "AB" * 32, ":".join(["Ab"] * 32), " ab" * 32 + "\n"],
    ids=["plain", "capitals", "colons", "spaces"],
)
def test_a_fingerprint_is_taken_as_programs_show_it(shown: str) -> None:
    assert parse_fingerprint(shown) == "ab" * 32


@pytest.mark.parametrize("wrong", ["", "ab" * 31, "ab" * 33, "xy" * 32, "ab" * 20])
def test_what_is_no_sha256_is_no_fingerprint(wrong: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        parse_fingerprint(wrong)
