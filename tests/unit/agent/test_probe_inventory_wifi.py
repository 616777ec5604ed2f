"""The newest Wi-Fi standard of the adapter is told, whatever the network around it speaks."""

from pathlib import Path

import pytest

from broadgauge_agent.probes.inventory import _linux_wifi, _windows_wifi
from broadgauge_agent.probes.inventory._darwin import wifi_standard_in
from broadgauge_agent.probes.inventory._linux_wifi import IW, read_wifi_standard

N = "\tBand 1:\n\t\tCapabilities: 0x9ff\n\t\t\tRX LDPC\n\t\t\tHT20/HT40\n"
AC = "\t\tVHT Capabilities (0x339071f6):\n\t\t\tMax MPDU length: 11454\n"
AX = "\t\tHE Iftypes: managed\n\t\t\tHE MAC Capabilities (0x08011a000040):\n"
BE = "\t\tEHT Iftypes: managed\n\t\t\tEHT PHY Capabilities: (0xe26f090010768800):\n"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (N, "802.11n"),
        (N + AC, "802.11ac"),
        (N + AC + AX, "802.11ax"),
        (N + AC + AX + BE, "802.11be"),
        (N + AX.replace("managed", "managed, AP"), "802.11ax"),
        (N + AC + AX.replace("managed", "AP"), "802.11ac"),
        ("Wiphy phy0\n\tBand 1:\n\t\tBitrates (non-HT):\n\t\t\t* 54.0 Mbps\n", None),
        ("", None),
    ],
)
def test_iw_s_capabilities_are_told_by_the_standard_they_came_with(
    said: str, told: str | None
) -> None:
    assert _linux_wifi.standard_in(said.encode()) == told


def test_iw_is_asked_where_there_is_an_adapter_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(command: tuple[str, ...], limit_seconds: float) -> bytes:
        asked.append(command)
        return (N + AC).encode()

    monkeypatch.setattr(_linux_wifi, "ask", answer)
    (tmp_path / "sys/class/net/eth0").mkdir(parents=True)
    assert (read_wifi_standard(tmp_path), asked) == (None, [])
    (tmp_path / "sys/class/net/wlan0/phy80211").mkdir(parents=True)
    assert (read_wifi_standard(tmp_path), asked) == ("802.11ac", [IW])


DRIVERS = """
Interface name: Wi-Fi

    Driver                    : Intel(R) Wi-Fi 6 AX201 160MHz
    Vendor                    : Intel Corporation
    Version                   : 24.60.0.3
    Radio types supported     : 802.11b 802.11g 802.11n 802.11a 802.11ac 802.11ax
    Hosted network supported  : No
    802.11w Management Frame Protection supported : Yes
    Authentication and cipher supported in infrastructure mode:
                                WPA2-Personal    CCMP
"""


def windows(said: str) -> str | None:
    return _windows_wifi.standard_in(said.encode("cp850", "replace"))


def test_netsh_lists_what_the_driver_can_do() -> None:
    assert windows(DRIVERS) == "802.11ax"


def test_netsh_may_speak_any_language() -> None:
    french = DRIVERS.replace("Radio types supported     ", "Types de radio pris en charge ")
    assert windows(french) == "802.11ax"


def test_a_standard_in_a_driver_s_name_counts_for_nothing() -> None:
    named = DRIVERS.replace("Intel(R) Wi-Fi 6 AX201 160MHz", "Wireless LAN 802.11be PCI-E NIC")
    assert windows(named) == "802.11ax"


@pytest.mark.parametrize("said", ["", "There is no wireless interface on the system.", "802.11ax"])
def test_without_an_adapter_netsh_lists_nothing(said: str) -> None:
    assert windows(said) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("802.11 a/b/g/n/ac/ax", "802.11ax"),
        ("802.11 a/b/g/n/ac/ax/be", "802.11be"),
        ("802.11 a/b/g/n", "802.11n"),
        ("", None),
        ("802.11 zz", None),
    ],
)
def test_a_mac_lists_what_its_adapter_can_do(said: str, told: str | None) -> None:
    interfaces = [{"_name": "en0", "spairport_supported_phymodes": said}, {"_name": "awdl0"}]
    report = {"SPAirPortDataType": [{"spairport_airport_interfaces": interfaces}]}
    assert wifi_standard_in(report) == told


def test_what_a_mac_speaks_just_now_is_not_what_it_can_do() -> None:
    now = {"spairport_network_phymode": "802.11n", "_name": "a network's name"}
    interfaces = [{"_name": "en0", "spairport_current_network_information": now}]
    report = {"SPAirPortDataType": [{"spairport_airport_interfaces": interfaces}]}
    assert wifi_standard_in(report) is None
