"""What has arrived of a download, by the kernel, before it can be read."""

import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from broadgauge_agent.probes.throughput import arrivals
from broadgauge_agent.probes.throughput.arrivals import Arrivals
from broadgauge_agent.tcp_info import TcpInfo

FULL_BYTES = 1448


def kernel(
    num_bytes: int, packets: int, out_of_order: int = 0, packet_bytes: int = FULL_BYTES
) -> TcpInfo:
    return TcpInfo(
        bytes_received=num_bytes,
        received_packets=packets,
        received_mss_bytes=packet_bytes,
        out_of_order_packets=out_of_order,
    )


def arrived(readings: list[TcpInfo | None], monkeypatch: pytest.MonkeyPatch) -> list[float] | None:
    """Bytes after each reading, as counted from the first on."""
    said = iter(readings)
    monkeypatch.setattr(arrivals, "read_tcp_info", lambda _connection: next(said))
    with socket.socket() as connection:
        counted = Arrivals(connection, 0.0)
        for number in range(1, len(readings)):
            counted.look(number / 10)
    return None if counted.curve is None else [sample.arrived_bytes for sample in counted.curve]


def test_in_order_every_byte_is_counted_whatever_its_packet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = [kernel(0, 0), kernel(10_000, 7), kernel(10_100, 9), kernel(310_000, 220)]
    assert arrived([*readings], monkeypatch) == [0, 10_000, 10_100, 310_000]


def test_behind_a_gap_packets_are_counted_that_nobody_can_read_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = 100 * FULL_BYTES
    readings = [kernel(0, 0), kernel(before, 100), kernel(before, 160, out_of_order=60)]
    counted = arrived([*readings], monkeypatch)
    assert counted is not None
    assert counted[-1] == pytest.approx(160 * FULL_BYTES)


def test_what_filled_the_gap_brings_no_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = [
        kernel(0, 0),
        kernel(100 * FULL_BYTES, 100),
        kernel(100 * FULL_BYTES, 160, out_of_order=60),
        kernel(170 * FULL_BYTES, 170, out_of_order=60),
    ]
    counted = arrived([*readings], monkeypatch)
    assert counted == pytest.approx([0, *(count * FULL_BYTES for count in (100, 160, 170))])


def test_packets_that_a_network_card_merges_are_no_fewer_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten in one: once all is in order again, that much has come."""
    readings = [
        kernel(0, 0),
        kernel(100 * FULL_BYTES, 10),
        kernel(100 * FULL_BYTES, 16, out_of_order=1),
        kernel(170 * FULL_BYTES, 17, out_of_order=1),
    ]
    counted = arrived([*readings], monkeypatch)
    assert counted is not None
    assert counted[-1] == 170 * FULL_BYTES


def test_a_segment_size_that_is_learned_late_changes_nothing_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = [
        kernel(0, 0),
        kernel(0, 10, out_of_order=1, packet_bytes=536),
        kernel(0, 20, out_of_order=1),
    ]
    counted = arrived([*readings], monkeypatch)
    assert counted == pytest.approx([0, 10 * 536, 10 * 536 + 10 * FULL_BYTES])


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 50), st.integers(0, 3)), max_size=20),
    st.integers(0, 100_000),
)
def test_what_has_arrived_never_goes_back(
    steps: list[tuple[int, int, int]], already_bytes: int
) -> None:
    info = kernel(already_bytes, already_bytes // FULL_BYTES)
    readings: list[TcpInfo | None] = [info]
    for num_bytes, packets, out_of_order in steps:
        info = replace(
            info,
            bytes_received=(info.bytes_received or 0) + min(num_bytes, packets * FULL_BYTES),
            received_packets=(info.received_packets or 0) + packets,
            out_of_order_packets=(info.out_of_order_packets or 0) + min(out_of_order, packets),
        )
        readings.append(info)
    with pytest.MonkeyPatch.context() as patch:
        counted = arrived(readings, patch)
    assert counted is not None
    assert all(before <= after for before, after in pairwise(counted))


@pytest.mark.parametrize(
    "first",
    [
        None,
        TcpInfo(bytes_received=0),
        replace(kernel(0, 0), out_of_order_packets=None),
        replace(kernel(0, 0), received_packets=None),
    ],
    ids=["another system", "an old kernel", "no word on gaps", "no count of packets"],
)
def test_where_the_kernel_does_not_tell_there_is_no_count(
    first: TcpInfo | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arrived([first, first], monkeypatch) is None


def test_a_reading_that_failed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert arrived([kernel(0, 0), None, kernel(1000, 1)], monkeypatch) == [0, 1000]


@pytest.fixture
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as one,
    ):
        other, _ = listener.accept()
        with other:
            yield one, other


def test_a_real_kernel_counts_what_nobody_has_read(
    connected: tuple[socket.socket, socket.socket],
) -> None:
    receiving, sending = connected
    counted = Arrivals(receiving, 0.0)
    sending.sendall(bytes(50_000))
    receiving.recv(50_000, socket.MSG_WAITALL | socket.MSG_PEEK)
    counted.look(0.1)
    assert counted.curve is not None
    assert counted.curve[-1].arrived_bytes == 50_000
