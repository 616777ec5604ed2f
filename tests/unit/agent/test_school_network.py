"""What proves a school network, by real handshakes on loopback, and what proves nothing."""

import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from broadgauge_agent import school_network
from broadgauge_agent.identity import Identity
from broadgauge_agent.school_network import COLLECTOR, prove, usable_subnets
from broadgauge_host.certificates import fingerprint_of, make_certificate
from broadgauge_wire import Reflector, Segment, Settings, new_id
from tests.scripted_collector import make_identity

AWAY = "http://collector.invalid:8484"


@contextmanager
def listening(serve: Callable[[socket.socket], object]) -> Iterator[int]:
    """A port on loopback, each of whose connections is served by the function."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connected, _ = listener.accept()
            except OSError:
                return
            with connected:
                try:
                    serve(connected)
                except OSError:
                    continue

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[int, str, str]]:
    """A server with a certificate of its own: its port, the fingerprint, the PEM."""
    name = uuid.uuid4().hex
    certificate, key = make_certificate("a test's server", ["127.0.0.1", "core.invalid"])
    (folder / f"{name}.crt").write_bytes(certificate)
    (folder / f"{name}.key").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")

    def shake_hands(connected: socket.socket) -> None:
        connected.settimeout(5)
        with context.wrap_socket(connected, server_side=True) as tls:
            tls.recv(1)

    with listening(shake_hands) as port:
        shown = fingerprint_of(ssl.PEM_cert_to_DER_cert(certificate.decode()))
        yield port, shown, certificate.decode()


def reflector(port: int, fingerprint: str | None, segment: Segment = "wan") -> Reflector:
    return Reflector(
        id=new_id(),
        name="Core",
        host="127.0.0.1",
        port=port,
        segment=segment,
        tls=True,
        fingerprint=fingerprint,
    )


def identity(url: str = AWAY) -> Identity:
    return make_identity(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_machine_of_the_collector_itself_is_proven_even_while_it_is_down(host: str) -> None:
    proof = prove(identity(f"http://{host}:1"), Settings())
    assert proof.proven
    assert proof.words == "the collector runs on this machine"


def test_a_machine_that_knows_nothing_is_not_proven_and_hears_why() -> None:
    proof = prove(identity(), Settings())
    assert not proof.proven
    assert "no subnet is listed" in proof.words
    assert "plain http, which proves nothing" in proof.words
    elsewhere = prove(identity(), Settings(school_networks=("203.0.113.0/24",)))
    assert "no address of this machine is in a listed subnet" in elsewhere.words


@pytest.mark.parametrize(
    "subnet",
    ["0.0.0.0/0", "::/0", "10.0.0.0/7", "127.0.0.0/8", "169.254.0.0/16", "fe80::/10", "2000::/3"],
)
def test_a_subnet_that_everybody_is_in_is_no_school_network(subnet: str) -> None:
    assert usable_subnets([subnet]) == []
    assert not prove(identity(), Settings(school_networks=(subnet,))).proven


def test_subnets_that_cannot_be_read_hide_no_others() -> None:
    usable = usable_subnets(["", "10.20.1.2/16", "school", "10.20.0.0/16", "fd00:20::/48"])
    assert [str(subnet) for subnet in usable] == ["10.20.0.0/16", "fd00:20::/48"]


@pytest.mark.parametrize("segment", ["lan", "wan"])
def test_a_test_server_that_shows_its_certificate_proves_it(
    tmp_path: Path, segment: Segment
) -> None:
    with tls_server(tmp_path) as (port, fingerprint, _):
        known = reflector(port, fingerprint, segment)
        proof = prove(identity(), Settings(reflectors=(known,)))
    assert proof.proven
    assert proof.by == str(known.id)
    assert proof.words == "test server Core answers with its key"


def test_a_test_server_of_the_internet_proves_nothing(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (port, fingerprint, _):
        known = reflector(port, fingerprint, "internet")
        assert not prove(identity(), Settings(reflectors=(known,))).proven


def test_a_test_server_without_a_fingerprint_proves_nothing(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (port, _, _):
        assert not prove(identity(), Settings(reflectors=(reflector(port, None),))).proven


def test_another_certificate_at_the_address_proves_nothing_and_is_no_silence(
    tmp_path: Path,
) -> None:
    with tls_server(tmp_path) as (port, _, _), tls_server(tmp_path) as (_, other, _):
        known = reflector(port, other)
        proof = prove(identity(), Settings(reflectors=(known,)))
    assert not proof.proven
    assert str(known.id) not in proof.silent
    assert "something else answers at the address of test server Core" in proof.words


def test_a_server_that_speaks_no_tls_is_no_proof_and_no_silence() -> None:
    with listening(lambda connected: connected.sendall(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        known = reflector(port, "ab" * 32)
        proof = prove(identity(), Settings(reflectors=(known,)))
    assert (proof.proven, proof.silent) == (False, frozenset())


def test_one_that_takes_a_connection_and_cuts_it_off_is_silent() -> None:
    with listening(lambda connected: connected.recv(4096)) as port:
        known = reflector(port, "ab" * 32)
        proof = prove(identity(), Settings(reflectors=(known,)))
    assert (proof.proven, str(known.id) in proof.silent) == (False, True)


def test_one_that_is_down_and_one_that_says_nothing_are_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(school_network, "TRY_SECONDS", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        socket.socket() as unused,
    ):
        unused.bind(("127.0.0.1", 0))
        known = (
            reflector(mute.getsockname()[1], "ab" * 32),
            reflector(unused.getsockname()[1], "ab" * 32),
        )
        proof = prove(identity(), Settings(reflectors=known))
    assert not proof.proven
    assert proof.silent == {str(each.id) for each in known}


def test_one_of_several_is_enough(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (port, fingerprint, _):
        known = (reflector(1, "ab" * 32), reflector(port, fingerprint), reflector(port, "cd" * 32))
        assert prove(identity(), Settings(reflectors=known)).by == str(known[1].id)


def test_those_that_hang_do_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(school_network, "LIMIT_SECONDS", 0.5)
    monkeypatch.setattr(school_network, "TRY_SECONDS", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        known = reflector(mute.getsockname()[1], "ab" * 32)
        proof = prove(identity(), Settings(reflectors=(known,)))
    assert str(known.id) in proof.silent


@pytest.mark.parametrize("answer", ["127.0.0.1", "0.0.0.0", "::1"])
def test_a_name_service_that_answers_for_everything_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    family = socket.AF_INET6 if ":" in answer else socket.AF_INET
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _, port, **__: [(family, 1, 6, "", (answer, port))]
    )
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for scheme in ("http", "https"):
            assert not prove(
                identity(f"{scheme}://broadgauge.school.org:{port}"), Settings()
            ).proven


def test_a_collector_found_on_this_machine_under_a_name_of_its_own_proves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda _, port, **__: [(socket.AF_INET, 1, 6, "", ("127.0.1.1", port))],
    )
    with socket.create_server(("127.0.1.1", 0)) as listener:
        url = f"http://server.school.org:{listener.getsockname()[1]}"
        assert prove(identity(url), Settings()).by == COLLECTOR


def test_whatever_listens_on_this_machine_is_no_collector_without_its_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with tls_server(tmp_path) as (port, fingerprint, _), tls_server(tmp_path) as (_, other, _):
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda _, port, **__: [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))],
        )
        known = identity(f"https://broadgauge.school.org:{port}")
        assert prove(replace(known, fingerprint=fingerprint), Settings()).by == COLLECTOR
        assert not prove(replace(known, fingerprint=other), Settings()).proven


def test_a_collector_trusted_by_nothing_that_can_be_read_proves_nothing() -> None:
    known = replace(identity("https://collector.invalid:8484"), ca="no certificate")
    assert not prove(known, Settings()).proven
