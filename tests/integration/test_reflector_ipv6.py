"""A machine with more IPv6 addresses than anybody can count is one visitor to a test server."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from broadgauge_agent.reflector.limits import Limits
from broadgauge_host.echo import REQUEST, Echo, encode_echo
from lab.hosts import hosts
from tests.ndt7_servers import reflector

SERVER = "2001:db8:0:9::1"
FIRST, SECOND, ELSEWHERE = "2001:db8:0:1::1", "2001:db8:0:1:f00d::2", "2001:db8:0:2::1"

LIMITS = Limits(
    connections_per_address=1, keep_alive_seconds=60.0, echo_burst=2, echoes_per_second=0.001
)


@pytest.fixture
def port() -> Iterator[int]:
    with hosts("server") as (here,):
        for address in (SERVER, FIRST, SECOND, ELSEWHERE):
            here.add_address(f"{address}/128")
        with here.inside(), reflector(host=SERVER, limits=LIMITS) as port:
            yield port


def client_at(address: str, port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(SERVER, port, timeout=20, source_address=(address, 0))


def status(client: http.client.HTTPConnection) -> int:
    client.request("GET", "/healthz")
    answer = client.getresponse()
    answer.read()
    return answer.status


def test_addresses_of_one_network_share_its_places(port: int) -> None:
    clients = [client_at(address, port) for address in (FIRST, SECOND, ELSEWHERE)]
    with closing(clients[0]), closing(clients[1]), closing(clients[2]):
        assert [status(client) for client in clients] == [200, 503, 200]


def test_addresses_of_one_network_share_its_echoes(port: int) -> None:
    assert [is_echoed(address, port) for address in (FIRST, SECOND, SECOND, ELSEWHERE)] == [
        True,
        True,
        False,
        True,
    ]


def is_echoed(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.bind((address, 0))
        client.connect((SERVER, port))
        client.settimeout(2)
        client.send(encode_echo(Echo(REQUEST, 1, 1, 1)))
        try:
            return bool(client.recv(2048))
        except TimeoutError:
            return False
