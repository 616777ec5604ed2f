"""The UDP echo answers requests of ours, and can be used against nobody."""

import socket
from collections.abc import Iterator

import pytest

from broadgauge_agent.reflector.echo_server import Allowance
from broadgauge_agent.reflector.limits import Limits
from broadgauge_host.echo import (
    HEADER_BYTES,
    MAGIC,
    REPLY,
    REQUEST,
    Echo,
    decode_echo,
    encode_echo,
)
from tests.ndt7_servers import reflector

PROBE = Echo(REQUEST, session=2**63 + 1, sequence=7, timestamp_nanoseconds=123456789)


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with (
        reflector(limits=Limits(echo_burst=5, echoes_per_second=0.001)) as port,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connected,
    ):
        connected.connect(("127.0.0.1", port))
        connected.settimeout(5)
        yield connected


def gets_no_answer(client: socket.socket, *datagrams: bytes) -> bool:
    """Whether the first answer after all these is the one to the request that follows them."""
    for datagram in datagrams:
        client.send(datagram)
    client.send(encode_echo(PROBE))
    return decode_echo(client.recv(2048)) == Echo(REPLY, PROBE.session, 7, 123456789)


def test_a_request_comes_back_as_a_reply(client: socket.socket) -> None:
    client.send(encode_echo(PROBE))
    assert decode_echo(client.recv(2048)) == Echo(REPLY, PROBE.session, 7, 123456789)


def test_an_answer_is_never_larger_than_its_request(client: socket.socket) -> None:
    client.send(encode_echo(PROBE))
    assert len(client.recv(2048)) == HEADER_BYTES
    client.send(encode_echo(PROBE) + bytes(1000))
    assert len(client.recv(2048)) == HEADER_BYTES


def test_an_answer_is_never_answered(client: socket.socket) -> None:
    assert gets_no_answer(client, encode_echo(Echo(REPLY, 1, 2, 3)))


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"hello",
        encode_echo(PROBE)[:-1],
        b"XXXX" + encode_echo(PROBE)[4:],
        MAGIC + b"\x02" + encode_echo(PROBE)[5:],
        MAGIC + b"\x01\x09" + encode_echo(PROBE)[6:],
    ],
)
def test_what_is_not_ours_is_ignored(client: socket.socket, datagram: bytes) -> None:
    assert gets_no_answer(client, datagram)


def test_an_address_gets_no_more_than_its_rate(client: socket.socket) -> None:
    for _ in range(20):
        client.send(encode_echo(PROBE))
    client.settimeout(0.5)
    answers = 0
    with pytest.raises(TimeoutError):
        while client.recv(2048):
            answers += 1
    assert answers == 5


def test_an_allowance_fills_up_again_with_time() -> None:
    allowance = Allowance(Limits(echo_burst=2, echoes_per_second=1))
    assert [allowance.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert allowance.take("b", 0.0)
    assert [allowance.take("a", 1.0) for _ in range(2)] == [True, False]
    assert [allowance.take("a", 100.0) for _ in range(3)] == [True, True, False]


def test_only_so_many_addresses_are_remembered() -> None:
    allowance = Allowance(Limits(echo_addresses=10))
    for number in range(1000):
        allowance.take(str(number), 0.0)
    assert len(allowance._buckets) == 10
