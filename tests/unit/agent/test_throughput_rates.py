"""From payload to packets, what a machine could have seen, and what else it moved."""

import msgspec
import pytest

from broadgauge_agent.probes.throughput.bound import Ceiling
from broadgauge_agent.probes.throughput.conclusion import machine_between
from broadgauge_agent.probes.throughput.observation import Tick
from broadgauge_agent.probes.throughput.rates import (
    ceiling_of,
    cross_traffic_bits_per_second,
    payload_ratio,
)
from broadgauge_agent.tcp_info import TcpInfo
from broadgauge_wire import NetworkLink

ETHERNET = NetworkLink(name="e", kind="wired", speed_bits_per_second=1e9, mtu_bytes=1500)
GIGABIT_OF_PACKETS = 1e9 * 1500 / 1538


def tick(
    seconds: float,
    *,
    waited: float = 0.0,
    cpu: float = 0.0,
    own: float = 0.0,
    interface: int | None = 0,
) -> Tick:
    return Tick(
        seconds=seconds,
        waited_seconds=waited,
        cpu_seconds=cpu,
        own_bytes=own,
        interface_bytes=interface,
    )


def test_the_payload_share_comes_from_the_real_segment_size() -> None:
    with_timestamps = TcpInfo(mss_bytes=1448, has_timestamps=True)
    plain = TcpInfo(mss_bytes=1460, has_timestamps=False)
    assert payload_ratio(with_timestamps, None, is_ipv6=False) == pytest.approx(1448 / 1500)
    assert payload_ratio(plain, None, is_ipv6=False) == pytest.approx(1460 / 1500)
    ipv6 = TcpInfo(mss_bytes=1428, has_timestamps=True)
    assert payload_ratio(ipv6, None, is_ipv6=True) == pytest.approx(1428 / 1500)


def test_without_a_segment_size_the_interface_says_it() -> None:
    for platform, payload in [("darwin", 1448), ("win32", 1460)]:
        ratio = payload_ratio(None, ETHERNET, is_ipv6=False, platform=platform)
        assert ratio == pytest.approx(payload / 1500)
    assert payload_ratio(None, None, is_ipv6=False) is None


def test_a_gigabit_wire_carries_975_mbit_of_packets() -> None:
    assert ceiling_of(ETHERNET, calibrated=None, per_client=0.0) == Ceiling(
        GIGABIT_OF_PACKETS, "nic"
    )


def test_the_lowest_ceiling_is_the_one_that_counts_and_says_what_it_is() -> None:
    assert ceiling_of(ETHERNET, calibrated=4e8, per_client=0.0) == Ceiling(4e8, "cpu")
    assert ceiling_of(ETHERNET, calibrated=4e8, per_client=1e8) == Ceiling(1e8, "policy")
    assert ceiling_of(ETHERNET, calibrated=4e10, per_client=1e10) == Ceiling(
        GIGABIT_OF_PACKETS, "nic"
    )


@pytest.mark.parametrize(
    "different", [{"kind": "wifi"}, {"speed_bits_per_second": None}, {"mtu_bytes": None}]
)
def test_a_ceiling_that_is_not_known_is_none(different: dict[str, object]) -> None:
    link = msgspec.structs.replace(ETHERNET, **different)
    assert ceiling_of(link, calibrated=None, per_client=0.0) is None
    assert ceiling_of(link, calibrated=4e8, per_client=1e8) is None
    assert ceiling_of(None, calibrated=4e8, per_client=1e8) is None


def test_cross_traffic_is_what_the_interface_moved_beside_the_test() -> None:
    ratio = 1448 / 1500
    own, framed = 1448 * 10_000, 1514 * 10_000
    for extra in (0, 5_000_000):
        moved = tick(10.0, own=own, interface=framed + extra)
        others = cross_traffic_bits_per_second(moved, ratio, ETHERNET)
        assert others == pytest.approx(extra * 8 / 10, abs=1)
    less = tick(10.0, own=own, interface=own // 2)
    assert cross_traffic_bits_per_second(less, ratio, ETHERNET) == 0.0


@pytest.mark.parametrize("unknown", ["count", "ratio", "link", "mtu"])
def test_cross_traffic_that_cannot_be_told_is_not_known(unknown: str) -> None:
    without_mtu = msgspec.structs.replace(ETHERNET, mtu_bytes=None)
    machine = tick(10.0, interface=None if unknown == "count" else 10_000)
    link = None if unknown == "link" else without_mtu if unknown == "mtu" else ETHERNET
    ratio = None if unknown == "ratio" else 0.96
    assert cross_traffic_bits_per_second(machine, ratio, link) is None


def test_what_a_machine_did_in_one_part_of_a_load() -> None:
    ticks = [
        tick(at / 10, waited=at * 0.05, cpu=100 + at * 0.02, own=at * 1e6, interface=at * 2_000_000)
        for at in range(11)
    ]
    part = machine_between(ticks, 0.5, 0.8)
    assert part.seconds == pytest.approx(0.3)
    assert part.waited_seconds == pytest.approx(0.15)
    assert part.cpu_seconds == pytest.approx(0.06)
    assert part.own_bytes == pytest.approx(3e6)
    assert part.interface_bytes == 6_000_000


def test_a_part_between_two_looks_is_within_what_was_looked_at() -> None:
    ticks = [tick(0.001), tick(0.4, own=4e6), tick(0.7, own=7e6)]
    assert machine_between(ticks, 0.5, 0.6).own_bytes == pytest.approx(3e6)
    assert machine_between(ticks, 0.0, 9.9).own_bytes == pytest.approx(7e6)


def test_where_the_interface_was_not_counted_it_is_not_known() -> None:
    ticks = [tick(0.0, interface=None), tick(1.0, interface=10)]
    assert machine_between(ticks, 0.0, 1.0).interface_bytes is None


def test_a_single_look_is_no_division_by_zero() -> None:
    assert machine_between([tick(0.1, cpu=5.0)], 0.0, 1.0).seconds > 0
