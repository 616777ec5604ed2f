"""An interface's facts from /sys/class/net. `root` is another root for recorded trees."""

from pathlib import Path

from broadgauge_wire import NetworkLink
from broadgauge_wire.fields import InterfaceKind

from ._linux_files import number, text

ARPHRD_ETHER = 1
ARPHRD_LOOPBACK = 772
ARPHRD_RAWIP = 519
ARPHRD_NONE = 65534
TUNNELS = frozenset({512, 768, 769, 776, 778, 823})
"""ARPHRD_PPP, TUNNEL, TUNNEL6, SIT, IPGRE, IP6GRE in linux/if_arp.h."""

PHONE_DRIVERS = frozenset({"ipheth", "rndis_host"})
"""A phone that shares its mobile line by USB cable looks like an Ethernet adapter otherwise."""

BITS_PER_MEGABIT = 1_000_000
ROOT = Path("/")


def describe_interface(name: str, public_name: str, root: Path = ROOT) -> NetworkLink:
    """What sysfs says of the interface; what it does not say is None."""
    folder = root / "sys/class/net" / name
    kind = interface_kind(folder)
    return NetworkLink(
        name=public_name,
        kind=kind,
        speed_bits_per_second=_speed(folder) if kind == "wired" else None,
        mtu_bytes=number(folder / "mtu"),
    )


def interface_kind(folder: Path) -> InterfaceKind:
    """From the device type, hardware type and driver folders."""
    device_type = _device_type(folder)
    if device_type == "wlan" or (folder / "wireless").exists() or (folder / "phy80211").exists():
        return "wifi"
    if device_type == "wwan" or _driver(folder) in PHONE_DRIVERS:
        return "cellular"
    if device_type == "wireguard" or (folder / "tun_flags").exists():
        return "vpn"
    hardware = number(folder / "type")
    if hardware in TUNNELS:
        return "vpn"
    if (folder / "bridge").exists() and not _bridges_a_device(folder):
        return "other"
    kinds: dict[int | None, InterfaceKind] = {
        ARPHRD_ETHER: "wired",
        ARPHRD_LOOPBACK: "loopback",
        ARPHRD_RAWIP: "cellular",
        ARPHRD_NONE: "vpn",
    }
    return kinds.get(hardware, "other")


def _device_type(folder: Path) -> str | None:
    for line in (text(folder / "uevent") or "").splitlines():
        key, _, value = line.partition("=")
        if key == "DEVTYPE":
            return value
    return None


def _bridges_a_device(folder: Path) -> bool:
    """Whether the bridge leads out of the machine. Those for its containers and guests don't."""
    return any((folder.parent / port.name / "device").exists() for port in folder.glob("brif/*"))


def _driver(folder: Path) -> str | None:
    driver = folder / "device/driver"
    return driver.resolve().name if driver.exists() else None


def _speed(folder: Path) -> float | None:
    megabits = number(folder / "speed")
    return megabits * float(BITS_PER_MEGABIT) if megabits and megabits > 0 else None
