"""TCP_INFO is read by offset, and only as far as the kernel filled it."""

import socket
import struct
import sys

import pytest

from broadgauge_agent import tcp_info
from broadgauge_agent.tcp_info._linux import parse_tcp_info
from broadgauge_agent.tcp_info._other import read_tcp_info as read_elsewhere


def recorded() -> bytes:
    """A struct tcp_info with known members, laid out as linux/tcp.h has it."""
    head = struct.pack("=8B", 1, 0, 0, 0, 0, 0b111, 0x77, 0)
    words = [0] * 24
    words[2], words[15], words[16] = 1448, 20_000, 1_500  # snd_mss, rtt, rttvar
    body = head + struct.pack("=24I", *words)
    body += struct.pack("=QQQQ", 0, 0, 11_000, 22_000)  # pacing, acked, received
    body += struct.pack("=IIIIII", 0, 0, 0, 19_000, 0, 0)  # notsent, min_rtt, segments
    body += struct.pack("=QQQQ", 0, 5_000_000, 250_000, 125_000)  # busy, rwnd, sndbuf
    return body + struct.pack("=IIQQ", 0, 0, 12_000, 300)  # bytes sent, retransmitted


def test_every_member_is_read_from_its_place() -> None:
    info = parse_tcp_info(recorded())
    assert (info.mss_bytes, info.has_timestamps) == (1448, True)
    assert info.rtt_seconds == pytest.approx(0.020)
    assert info.rtt_variation_seconds == pytest.approx(0.0015)
    assert info.min_rtt_seconds == pytest.approx(0.019)
    assert (info.bytes_acked, info.bytes_received) == (11_000, 22_000)
    assert info.busy_seconds == pytest.approx(5.0)
    assert info.receive_window_limited_seconds == pytest.approx(0.25)
    assert info.send_buffer_limited_seconds == pytest.approx(0.125)
    assert (info.bytes_sent, info.bytes_retransmitted) == (12_000, 300)


def test_members_an_older_kernel_lacks_are_unknown() -> None:
    info = parse_tcp_info(recorded()[:192])
    assert info.busy_seconds is not None
    assert info.send_buffer_limited_seconds is not None
    assert info.bytes_sent is info.bytes_retransmitted is None
    oldest = parse_tcp_info(recorded()[:104])
    assert oldest.rtt_seconds is not None
    assert oldest.bytes_received is oldest.busy_seconds is oldest.min_rtt_seconds is None


def test_a_round_trip_nobody_measured_is_unknown() -> None:
    raw = bytearray(recorded())
    raw[148:152] = struct.pack("=I", 2**32 - 1)
    raw[68:72] = struct.pack("=I", 0)
    info = parse_tcp_info(bytes(raw))
    assert info.min_rtt_seconds is info.rtt_seconds is None


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO is Linux's")
def test_a_real_connection_counts_what_it_sent() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0] as server,
    ):
        client.sendall(bytes(100_000))
        received = 0
        while received < 100_000:
            received += len(server.recv(65536))
        theirs = tcp_info.read_tcp_info(server)
        assert tcp_info.congestion_control(client)
    assert theirs and theirs.bytes_received == 100_000


def test_what_is_no_tcp_connection_has_no_facts() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        assert tcp_info.read_tcp_info(udp) is None
        assert tcp_info.congestion_control(udp) is None
        assert read_elsewhere(udp) is None
