"""Real TLS for tests: authorities, servers on loopback, and a filter that opens connections."""

import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from broadgauge_host.certificates import make_certificate
from broadgauge_host.own_certificate import fingerprint_in, server_context
from tests.scripted_collector import ScriptedCollector

DAY = timedelta(days=1)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2200, 1, 1, tzinfo=UTC)
LOOPBACK = "127.0.0.1"


class Issued(NamedTuple):
    """Files of a certificate and its key, PEM."""

    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        return fingerprint_in(self.certificate)

    @property
    def options(self) -> tuple[str | Path, ...]:
        """For a command that is a server."""
        return ("--tls-certificate", self.certificate, "--tls-key", self.key)

    @property
    def context(self) -> ssl.SSLContext:
        """For a server."""
        return server_context(self.certificate, self.key)


class Authority:
    """Issues certificates, as a district's authority does, or a filter that opens TLS."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self._certificate = self._sign(
            self._name, self._key.public_key(), datetime.now(UTC), ca=True
        )

    @property
    def pem(self) -> str:
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, folder: Path, host: str = LOOPBACK, since: datetime | None = None) -> Issued:
        """A certificate for a host, good for thirty days."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(_named(host), key.public_key(), since or datetime.now(UTC), host=host)
        return _written(
            folder,
            made.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        since: datetime,
        *,
        host: str = "",
        ca: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(since - DAY)
            .not_valid_after(since + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def own(folder: Path) -> Issued:
    """A certificate that vouches for itself."""
    return _written(folder, *make_certificate("broadgauge server", [LOOPBACK]))


class TlsCollector(ScriptedCollector):
    """A collector that shows a certificate; what it shows can be changed."""

    def __init__(self, issued: Issued) -> None:
        super().__init__()
        self.issued = issued

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, object]:
        """Shakes hands in the connection's own thread, when something is read."""
        connection, address = super().get_request()
        return self.issued.context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        ), address


class Filter(socketserver.ThreadingTCPServer):
    """Stands in front of a server, shows a certificate of its own authority, and reads along."""

    daemon_threads = True

    def __init__(self, issued: Issued, behind: int) -> None:
        super().__init__((LOOPBACK, 0), _Opened)
        self.issued = issued
        self.behind = behind
        self.connections = 0
        self.overheard = b""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is part of the tests."""


class _Opened(socketserver.BaseRequestHandler):
    server: Filter

    def handle(self) -> None:
        self.server.connections += 1
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        # TLS 1.3 sends tickets at any time, and receiving one would wait for words behind it.
        trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        with (
            self.server.issued.context.wrap_socket(self.request, server_side=True) as client,
            socket.create_connection((LOOPBACK, self.server.behind)) as plain,
            trusting.wrap_socket(plain) as server,
        ):
            for speaker, said in _talk(client, server):
                if speaker is client:
                    self.server.overheard += said


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """The server answers for as long as the block runs."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def tls_collector(issued: Issued) -> Iterator[TlsCollector]:
    """A scripted collector over TLS."""
    server = TlsCollector(issued)
    with serving(server):
        yield server


@contextmanager
def tls_filter(issued: Issued, behind: int) -> Iterator[Filter]:
    """A filter in front of a port of this machine."""
    server = Filter(issued, behind)
    with serving(server):
        yield server


def shown_by(port: int, host: str = LOOPBACK) -> bytes:
    """The certificate (DER) that a server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, port), 10) as plain,
        context.wrap_socket(plain) as tls,
    ):
        return tls.getpeercert(binary_form=True) or b""


def _talk(one: ssl.SSLSocket, other: ssl.SSLSocket) -> Iterator[tuple[ssl.SSLSocket, bytes]]:
    """Pass on what either side says, in one thread (OpenSSL's connections are not for two)."""
    listener = {one: other, other: one}
    while True:
        waiting = [side for side in listener if side.pending()]
        for speaker in waiting or select.select(list(listener), [], [])[0]:
            said = speaker.recv(65536)
            if not said:
                return
            listener[speaker].sendall(said)
            yield speaker, said


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _written(folder: Path, certificate: bytes, key: bytes) -> Issued:
    folder.mkdir(parents=True, exist_ok=True)
    issued = Issued(folder / "certificate.pem", folder / "key.pem")
    issued.certificate.write_bytes(certificate)
    issued.key.write_bytes(key)
    return issued
