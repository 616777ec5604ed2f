"""Which interface leads to an address, what kind it is, and whether the address is our own."""

import socket
from pathlib import Path

import psutil
import pytest

from broadgauge_agent import network
from broadgauge_agent._network_linux import describe_interface
from broadgauge_agent.errors import UnreachableError
from broadgauge_host.addresses import Address
from broadgauge_wire import NetworkLink

MACHINES = Path(__file__).parent / "machines"
ELSEWHERE = Address(socket.AF_INET, ("192.0.2.1", 9))


def own_address() -> str:
    """An address of this machine that is not the loopback's."""
    return next(
        str(address.address)
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    )


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::"]
)
def test_loopback_addresses_are_our_own(ip: str) -> None:
    assert network.is_own_address(ip)


def test_an_interface_address_is_our_own_and_goes_over_the_loopback() -> None:
    address = Address(socket.AF_INET, (own_address(), 9))
    assert network.is_own_address(address.ip)
    interface = network.interface_towards(address)
    assert interface
    assert network.network_link(interface).kind == "loopback"
    assert network.path_kind(address, None) == "loopback"


@pytest.mark.parametrize("ip", ["192.0.2.1", "2001:db8::1"])
def test_other_addresses_are_not_our_own(ip: str) -> None:
    assert not network.is_own_address(ip)


def test_a_path_through_a_tunnel_is_a_vpn() -> None:
    wired, tunnel = NetworkLink(name="a", kind="wired"), NetworkLink(name="b", kind="vpn")
    assert network.path_kind(ELSEWHERE, wired) == "network"
    assert network.path_kind(ELSEWHERE, tunnel) == "vpn"
    assert network.path_kind(ELSEWHERE, None) == "network"


def test_a_path_through_a_mobile_line_is_a_failover() -> None:
    mobile = describe_interface("wwan0", "wwan0", MACHINES / "chromebook")
    assert network.path_kind(ELSEWHERE, mobile) == "failover"
    own = Address(socket.AF_INET, ("127.0.0.1", 9))
    assert network.path_kind(own, mobile) == "loopback"


@pytest.mark.parametrize("hardware", [512, 768, 769, 776, 778, 823, 65534])
def test_a_tunnel_of_any_kind_is_a_vpn(tmp_path: Path, hardware: int) -> None:
    folder = tmp_path / "sys/class/net/t0"
    folder.mkdir(parents=True)
    (folder / "type").write_text(f"{hardware}\n")
    assert describe_interface("t0", "t0", tmp_path).kind == "vpn"


@pytest.mark.parametrize("driver", ["ipheth", "rndis_host"])
def test_a_phone_that_shares_its_line_by_cable_is_a_mobile_line(
    tmp_path: Path, driver: str
) -> None:
    folder = tmp_path / "sys/class/net/eth1"
    (folder / "device").mkdir(parents=True)
    (tmp_path / "drivers" / driver).mkdir(parents=True)
    (folder / "device/driver").symlink_to(tmp_path / "drivers" / driver)
    (folder / "type").write_text("1\n")
    assert describe_interface("eth1", "eth1", tmp_path).kind == "cellular"


@pytest.mark.parametrize(("device", "kind"), [(True, "wired"), (False, "other")])
def test_a_bridge_is_a_network_if_it_leads_out_of_the_machine(
    tmp_path: Path, device: bool, kind: str
) -> None:
    net = tmp_path / "sys/class/net"
    (net / "br0/bridge").mkdir(parents=True)
    (net / "br0/brif/port0").mkdir(parents=True)
    (net / "br0/type").write_text("1\n")
    (net / "port0").mkdir()
    if device:
        (net / "port0/device").mkdir()
    assert describe_interface("br0", "br0", tmp_path).kind == kind


@pytest.mark.parametrize(
    ("ip", "private"),
    [
        ("10.255.0.1", True),
        ("172.31.0.1", True),
        ("172.32.0.1", False),
        ("192.168.7.7", True),
        ("169.254.1.1", True),
        ("100.64.0.1", False),
        ("198.51.100.1", False),
        ("fd00:20::1", True),
        ("fe80::1%eth0", True),
        ("2001:db8::1", False),
        ("::ffff:10.0.0.1", True),
        ("::ffff:198.51.100.1", False),
        ("64:ff9b::a00:1", False),
    ],
)
def test_private_addresses_are_those_that_every_network_has_for_itself(
    ip: str, private: bool
) -> None:
    assert network.is_private(ip) is private


def test_addresses_on_networks_leave_out_this_machines_inside() -> None:
    assert not any(address.is_loopback for _, address in network.addresses_on_networks())


def test_a_name_resolves_to_an_address_and_port() -> None:
    address = network.resolve("localhost", 8485, 5)
    assert network.is_own_address(address.ip)
    assert address.sockaddr[1] == 8485


def test_of_several_addresses_the_one_that_answers_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _, port, **__: [(f, 1, 6, "", (ip, port)) for f, ip in both]
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert network.resolve("both", port, 5).ip == "127.0.0.1"
    assert network.resolve("both", port, 5).ip == "::1"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 300, "\u2603" * 80])
def test_a_name_without_an_address_is_unreachable(host: str) -> None:
    with pytest.raises(UnreachableError):
        network.resolve(host, 1, 10)


@pytest.mark.parametrize(
    ("machine", "interface", "expected"),
    [
        ("dell_laptop", "enp0s31f6", ("wired", 1e9, 1500)),
        ("dell_laptop", "wlp0s20f3", ("wifi", None, 1500)),
        ("dell_laptop", "wg0", ("vpn", None, 1420)),
        ("dell_laptop", "lo", ("loopback", None, 65536)),
        ("dell_laptop", "enx0a1b2c3d4e5f", ("wired", None, 1500)),
        ("chromebook", "wlan0", ("wifi", None, 1500)),
        ("chromebook", "wwan0", ("cellular", None, 1500)),
        ("dell_laptop", "missing", ("other", None, None)),
    ],
)
def test_an_interface_is_what_the_system_says(
    machine: str, interface: str, expected: tuple[str, float | None, int | None]
) -> None:
    link = describe_interface(interface, interface, MACHINES / machine)
    assert (link.kind, link.speed_bits_per_second, link.mtu_bytes) == expected


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("enx0a1b2c3d4e5f", "enx"),
        ("wlx00C0CAABCDEF", "wlx"),
        ("enp0s31f6", "enp0s31f6"),
        ("Ethernet 2", "Ethernet 2"),
    ],
)
def test_a_hardware_address_is_taken_out_of_a_name(name: str, public: str) -> None:
    assert network.public_name(name) == public


def test_bytes_moved_are_known_for_interfaces_there_are() -> None:
    before = network.bytes_moved("lo")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        pass
    after = network.bytes_moved("lo")
    assert before and after and after[0] > before[0]
    assert network.bytes_moved("no such interface") is None
    assert network.bytes_moved(None) is None
