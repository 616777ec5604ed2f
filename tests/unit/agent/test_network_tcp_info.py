"""TCP_INFO is read by offset, and only as far as the kernel filled it."""

import socket
import struct
import sys
from pathlib import Path

import pytest

from broadgauge_agent import tcp_info
from broadgauge_agent.tcp_info._linux import parse_bbr_info, parse_tcp_info
from broadgauge_agent.tcp_info._other import read_tcp_info as read_elsewhere


def recorded() -> bytes:
    """A struct tcp_info with known members, laid out as linux/tcp.h has it."""
    head = struct.pack("=8B", 1, 0, 0, 0, 0, 0b111, 0x77, 0b1)
    words = [0] * 24
    words[2], words[15], words[16] = 1448, 20_000, 1_500  # snd_mss, rtt, rttvar
    words[18] = 42  # snd_cwnd
    body = head + struct.pack("=24I", *words)
    body += struct.pack("=QQQQ", 0, 0, 11_000, 22_000)  # pacing, acked, received
    body += struct.pack("=IIIIII", 0, 0, 0, 19_000, 0, 0)  # notsent, min_rtt, segments
    body += struct.pack(
        "=QQQQ", 1_250_000, 5_000_000, 250_000, 125_000
    )  # delivery rate, busy, rwnd, sndbuf
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
    assert (info.delivery_rate_bits_per_second, info.is_app_limited) == (10e6, True)
    assert info.congestion_window_packets == 42


def test_what_bbr_says_is_read_in_the_units_of_the_rest() -> None:
    bbr = parse_bbr_info(struct.pack("=5I", 1_250_000, 0, 20_000, 739, 512))
    assert bbr.bandwidth_bits_per_second == 10e6
    assert bbr.min_rtt_seconds == pytest.approx(0.020)
    assert bbr.pacing_gain == pytest.approx(2.887, abs=0.001)
    assert bbr.window_gain == 2.0
    fast = parse_bbr_info(struct.pack("=5I", 0, 1, 1, 256, 512))
    assert fast.bandwidth_bits_per_second == 8 * 2**32


@pytest.mark.skipif(sys.platform != "linux", reason="congestion control is Linux's to choose")
def test_bbr_sends_where_the_kernel_lets_it_and_tells_what_it_sees() -> None:
    allowed = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control").read_text().split()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        before = tcp_info.congestion_control(client)
        tcp_info.prefer_bbr(client)
        tcp_info.limit_unsent_bytes(client, 2**17)
        assert tcp_info.congestion_control(client) == ("bbr" if "bbr" in allowed else before)
        assert (tcp_info.read_bbr_info(client) is not None) is ("bbr" in allowed)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
        assert tcp_info.read_bbr_info(client) is None


def test_members_an_older_kernel_lacks_are_unknown() -> None:
    info = parse_tcp_info(recorded()[:192])
    assert info.busy_seconds is not None
    assert info.send_buffer_limited_seconds is not None
    assert info.bytes_sent is info.bytes_retransmitted is None
    oldest = parse_tcp_info(recorded()[:104])
    assert oldest.rtt_seconds is not None
    assert oldest.bytes_received is oldest.busy_seconds is oldest.min_rtt_seconds is None
    assert oldest.is_app_limited is oldest.delivery_rate_bits_per_second is None


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
        assert tcp_info.read_bbr_info(udp) is None
        tcp_info.prefer_bbr(udp)
        tcp_info.limit_unsent_bytes(udp, 1)
        assert read_elsewhere(udp) is None
