"""What Windows says of its adapters reads right, from outputs that people published."""

import ctypes
import re
from pathlib import Path

import pytest

from broadgauge_agent._network_windows import (
    NOT_SAID_MTU,
    NOT_SAID_SPEED,
    Adapter,
    AdapterAddresses,
    adapters,
    describe_interface,
    interface_kind,
    link_of,
    walk,
)
from broadgauge_wire import NetworkLink

RECORDED = Path(__file__).parents[2] / "fixtures/windows"
IF_TYPE_IN_WORDS = {
    "Ethernet": 6,
    "PPP": 23,
    "Unknown": 53,
    "Wireless LAN": 71,
    "Mobile Broadband": 243,
}
IPCONFIG = re.compile(r"^(.+?) adapter (.+):\n\s+Description[ .]+: (.+)$", re.MULTILINE)


def recorded_adapters(file: str) -> list[Adapter]:
    """The adapters of an `ipconfig /all`, with the interface type as a number again."""
    found = IPCONFIG.findall((RECORDED / file).read_text())
    return [Adapter(name, said, IF_TYPE_IN_WORDS[kind], 1500, 0) for kind, name, said in found]


def ethernet(description: str, speed: int = 0) -> Adapter:
    return Adapter("Ethernet", description, 6, 1500, speed)


@pytest.mark.parametrize(
    ("file", "kinds"),
    [
        (
            "ipconfig_windows_11.txt",
            {
                "Ethernet": "wired",
                "Ethernet 2": "wired",
                "OpenVPN Data Channel Offload for NordVPN": "vpn",
                "Local Area Connection": "vpn",
                "Local Area Connection* 1": "wifi",
                "VMware Network Adapter VMnet1": "other",
                "Wi-Fi": "wifi",
                "Bluetooth Network Connection": "other",
            },
        ),
        (
            "ipconfig_windows_10.txt",
            {"Tailscale": "vpn", "Ethernet 2": "wired", "Bluetooth Network Connection": "other"},
        ),
        ("ipconfig_windows_7_vpn.txt", {"Windscribe IKEv2": "vpn", "Radmin VPN": "vpn"}),
        ("ipconfig_mobile.txt", {"Cellular": "cellular"}),
    ],
)
def test_a_recorded_machine_s_adapters_are_of_these_kinds(file: str, kinds: dict[str, str]) -> None:
    known = recorded_adapters(file)
    assert {one.name: link_of(one.name, one.name, known).kind for one in known} == kinds


def test_drivers_that_claim_to_be_ethernet_are_known_by_their_names() -> None:
    drivers = (RECORDED / "route_print_interfaces.txt").read_text().splitlines()
    kinds = [interface_kind(ethernet(driver)) for driver in drivers]
    assert kinds == ["vpn", "wired", "wired", "other", "vpn"]


@pytest.mark.parametrize(
    ("driver", "kind"),
    [
        ("PANGP Virtual Ethernet Adapter", "vpn"),
        ("TAP-ProtonVPN Windows Adapter V9", "vpn"),
        ("TAP-Windows Adapter V9", "vpn"),
        ("Remote NDIS based Internet Sharing Device #2", "cellular"),
        ("Apple Mobile Device Ethernet", "cellular"),
        ("Realtek PCIe FE Family Controller", "wired"),
        ("Microsoft Hyper-V Network Adapter", "wired"),
    ],
)
def test_a_vpn_or_a_phone_is_not_taken_for_a_cable(driver: str, kind: str) -> None:
    assert interface_kind(ethernet(driver)) == kind


def test_speed_and_packet_size_are_those_of_the_adapter() -> None:
    listed = (RECORDED / "get_netadapter_server.txt").read_text()
    said = dict(re.findall(r"^(\w+) +: (.+)$", listed, re.MULTILINE))
    gigabits = int(said["LinkSpeed"].removesuffix(" Gbps"))
    adapter = Adapter(
        said["ifAlias"],
        said["ifDesc"],
        int(said["InterfaceType"]),
        int(said["MtuSize"]),
        gigabits * 10**9,
    )
    assert link_of("Ethernet", "Ethernet", [adapter]) == NetworkLink(
        name="Ethernet", kind="wired", speed_bits_per_second=1e10, mtu_bytes=1500
    )


def test_a_virtual_switch_s_speed_is_no_cable_s() -> None:
    adapter = ethernet("Hyper-V Virtual Ethernet Adapter #5", 10**10)
    assert link_of("Ethernet", "Ethernet", [adapter]).speed_bits_per_second is None


def test_what_windows_does_not_say_is_unknown() -> None:
    silent = Adapter("Ethernet", "Realtek PCIe GbE", 6, NOT_SAID_MTU, NOT_SAID_SPEED)
    link = link_of("Ethernet", "Ethernet", [silent])
    assert (link.speed_bits_per_second, link.mtu_bytes) == (None, None)
    assert link_of("gone", "gone", [silent]) == NetworkLink(name="gone")
    assert interface_kind(Adapter("Thread", "a radio of its own", 259, 1280, 0)) == "other"


def test_elsewhere_than_on_windows_nothing_is_asked() -> None:
    assert adapters() == ()
    assert describe_interface("eth0", "eth0") == NetworkLink(name="eth0")


def test_the_struct_lies_as_the_64_bit_windows_headers_lay_it_out() -> None:
    offsets = {
        name: getattr(AdapterAddresses, name).offset
        for name in ("Next", "Description", "FriendlyName", "Mtu", "IfType", "TransmitLinkSpeed")
    }
    assert offsets == {
        "Next": 8,
        "Description": 64,
        "FriendlyName": 72,
        "Mtu": 96,
        "IfType": 100,
        "TransmitLinkSpeed": 184,
    }


def chained(*lengths: int) -> "ctypes.Array[AdapterAddresses]":
    """Adapters named 0, 1, ... one after the other, each saying its struct has this length."""
    array = (AdapterAddresses * len(lengths))()
    for number, length in enumerate(lengths):
        one = array[number]
        one.Length, one.FriendlyName, one.Description = length, str(number), "Ethernet"
        one.IfType, one.Mtu, one.TransmitLinkSpeed = 6, 1500, 10**9
        if number + 1 < len(lengths):
            one.Next = ctypes.pointer(array[number + 1])
    return array


def test_every_adapter_in_the_chain_is_seen() -> None:
    whole = ctypes.sizeof(AdapterAddresses)
    assert list(walk(chained(whole + 248, whole))) == [
        Adapter("0", "Ethernet", 6, 1500, 10**9),
        Adapter("1", "Ethernet", 6, 1500, 10**9),
    ]


def test_a_struct_shorter_than_ours_is_not_read() -> None:
    whole = ctypes.sizeof(AdapterAddresses)
    assert [one.name for one in walk(chained(whole, whole - 8, whole))] == ["0"]
