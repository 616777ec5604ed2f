"""An interface's facts from GetAdaptersAddresses, which is also where psutil has the names from.

It answers in milliseconds and needs no rights, and its numbers are the same in every language of
Windows. Addresses are not asked for.
"""

import ctypes
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from broadgauge_wire import NetworkLink
from broadgauge_wire.fields import InterfaceKind

IF_TYPES: dict[int, InterfaceKind] = {
    6: "wired",
    23: "vpn",
    24: "loopback",
    53: "vpn",
    71: "wifi",
    131: "vpn",
    243: "cellular",
    244: "cellular",
}
"""Of IANAifType-MIB, in ipifcons.h: Ethernet, PPP, loopback, virtual, 802.11, tunnel, mobile. What
dials (PPP) and what is virtual by its own word leads to another network than the one around it."""

VPN_DRIVERS = (
    "anyconnect",
    "openvpn",
    "pangp",
    "private internet access",
    "tap-",
    "tunnel",
    "virtual",
    "vpn",
)
"""In descriptions of adapters that say they are Ethernet."""

PHONES = ("apple mobile device ethernet", "remote ndis based internet sharing")
HOST_ONLY = ("bluetooth", "loopback", "virtualbox host-only", "vmware virtual ethernet")
VIRTUAL_SWITCH = "hyper-v virtual ethernet"
"""The machine's own way out where it runs virtual machines."""

NO_REAL_SPEED = ("hyper-v", "virtio", "virtual", "vmxnet")
"""Such adapters name a speed that no cable has."""

NOT_SAID_MTU = 2**32 - 1
NOT_SAID_SPEED = 2**64 - 1
SKIP_ALL_ADDRESSES = 0x0001 | 0x0002 | 0x0004 | 0x0008
AF_UNSPEC = 0
ERROR_BUFFER_OVERFLOW = 111
FIRST_BUFFER_BYTES = 15_000
ATTEMPTS = 3


class Adapter(NamedTuple):
    """What Windows says of one adapter. `name` is the one people see, and psutil's."""

    name: str
    description: str
    if_type: int
    mtu_bytes: int
    transmit_bits_per_second: int


class AdapterAddresses(ctypes.Structure):
    """The head of IP_ADAPTER_ADDRESSES_LH in iptypes.h, as far as it is read."""


AdapterAddresses._fields_ = [
    ("Length", ctypes.c_uint32),
    ("IfIndex", ctypes.c_uint32),
    ("Next", ctypes.POINTER(AdapterAddresses)),
    ("AdapterName", ctypes.c_void_p),
    ("FirstUnicastAddress", ctypes.c_void_p),
    ("FirstAnycastAddress", ctypes.c_void_p),
    ("FirstMulticastAddress", ctypes.c_void_p),
    ("FirstDnsServerAddress", ctypes.c_void_p),
    ("DnsSuffix", ctypes.c_void_p),
    ("Description", ctypes.c_wchar_p),
    ("FriendlyName", ctypes.c_wchar_p),
    ("PhysicalAddress", ctypes.c_uint8 * 8),
    ("PhysicalAddressLength", ctypes.c_uint32),
    ("Flags", ctypes.c_uint32),
    ("Mtu", ctypes.c_uint32),
    ("IfType", ctypes.c_uint32),
    ("OperStatus", ctypes.c_uint32),
    ("Ipv6IfIndex", ctypes.c_uint32),
    ("ZoneIndices", ctypes.c_uint32 * 16),
    ("FirstPrefix", ctypes.c_void_p),
    ("TransmitLinkSpeed", ctypes.c_uint64),
    ("ReceiveLinkSpeed", ctypes.c_uint64),
]


def describe_interface(name: str, public_name: str) -> NetworkLink:
    """What Windows says of the interface; what it does not say is None."""
    return link_of(name, public_name, adapters())


def link_of(name: str, public_name: str, known: Iterable[Adapter]) -> NetworkLink:
    """The facts of the adapter with this name."""
    adapter = next((one for one in known if one.name == name), None)
    if adapter is None:
        return NetworkLink(name=public_name)
    kind = interface_kind(adapter)
    return NetworkLink(
        name=public_name,
        kind=kind,
        speed_bits_per_second=_speed(adapter) if kind in ("wired", "wifi") else None,
        mtu_bytes=None if adapter.mtu_bytes == NOT_SAID_MTU else adapter.mtu_bytes,
    )


def interface_kind(adapter: Adapter) -> InterfaceKind:
    """From the interface type, and where that is Ethernet, which much claims to be, the driver."""
    kind = IF_TYPES.get(adapter.if_type, "other")
    driver = adapter.description.lower()
    if kind != "wired" or VIRTUAL_SWITCH in driver:
        return kind
    if any(phone in driver for phone in PHONES):
        return "cellular"
    if any(one in driver for one in HOST_ONLY):
        return "other"
    return "vpn" if any(one in driver for one in VPN_DRIVERS) else "wired"


def adapters() -> tuple[Adapter, ...]:
    """Every adapter that has a network protocol; none if Windows does not say."""
    if sys.platform == "win32":
        function = ctypes.WinDLL("iphlpapi").GetAdaptersAddresses
        size = ctypes.c_uint32(FIRST_BUFFER_BYTES)
        for _ in range(ATTEMPTS):  # an adapter may come between the answer's size and the answer
            buffer = ctypes.create_string_buffer(size.value)
            said = function(AF_UNSPEC, SKIP_ALL_ADDRESSES, None, buffer, ctypes.byref(size))
            if said == 0:
                return tuple(walk(buffer))
            if said != ERROR_BUFFER_OVERFLOW:
                break
    return ()


def walk(buffer: "ctypes.Array[Any]") -> Iterator[Adapter]:
    """The adapters in an answer, which is a chain of structs inside the buffer."""
    place = ctypes.cast(buffer, ctypes.POINTER(AdapterAddresses))
    while place and place.contents.Length >= ctypes.sizeof(AdapterAddresses):
        one = place.contents
        yield Adapter(
            one.FriendlyName or "",
            one.Description or "",
            one.IfType,
            one.Mtu,
            one.TransmitLinkSpeed,
        )
        place = one.Next


def _speed(adapter: Adapter) -> float | None:
    driver = adapter.description.lower()
    if any(one in driver for one in NO_REAL_SPEED):
        return None
    said = adapter.transmit_bits_per_second
    return float(said) if 0 < said < NOT_SAID_SPEED else None
