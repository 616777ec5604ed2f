"""A VPN between two hosts: a TUN device on each, and packets carried from one to the other."""

import fcntl
import os
import select
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from .hosts import Host, ip

_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001
_LOOK_SECONDS = 0.05
_MAX_PACKET_BYTES = 65535


@contextmanager
def vpn(one: Host, other: Host, address: str, other_address: str) -> Iterator[None]:
    """Join them, with addresses in CIDR notation, until the block ends. Its devices are `tun0`."""
    stop = threading.Event()
    with ExitStack() as undo:
        ends = [_tun(undo, *end) for end in ((one, address), (other, other_address))]
        carrier = threading.Thread(target=_carry, args=(ends, stop))
        carrier.start()
        undo.callback(carrier.join)
        undo.callback(stop.set)
        yield


def _tun(undo: ExitStack, host: Host, address: str) -> int:
    with host.inside():
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        undo.callback(os.close, device)
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH14x", b"tun0", _IFF_TUN_NO_PI))
    host.add_address(address, "tun0")
    ip("-n", host.namespace, "link", "set", "tun0", "up")
    return device


def _carry(ends: list[int], stop: threading.Event) -> None:
    other = dict(zip(ends, reversed(ends), strict=True))
    while not stop.is_set():
        for device in select.select(ends, [], [], _LOOK_SECONDS)[0]:
            os.write(other[device], os.read(device, _MAX_PACKET_BYTES))
