"""Traffic of others: a constant rate of datagrams that yields to nobody, by iperf3."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from .emulator import need_tools
from .hosts import Host, Port
from .path import TCP_PAYLOAD_BYTES
from .waiting import listens, until

DATAGRAM_BYTES = TCP_PAYLOAD_BYTES
HEADER_BYTES = 28
"""Of IPv4 and UDP."""

PAYLOAD_SHARE = DATAGRAM_BYTES / (DATAGRAM_BYTES + HEADER_BYTES)
SENT, FLOWING_PACKETS = "tx_packets", 20
ENDING_SECONDS = 5


@contextmanager
def load(
    near: Port, far: Port, rate_bits_per_second: float, *, reverse: bool = False
) -> Iterator[None]:
    """A rate in IP packets, from near to far or in reverse, that flows until the block ends.

    What it leaves to others: `State.payload_beside`. near may be any host on near's side.
    """
    need_tools("iperf3", "ss")
    with ExitStack() as undo:
        number = _free_port(far)
        server = _iperf3(undo, far.host, "--server", "--one-off", "--port", str(number))
        until(lambda: listens(far.host, number), server, "the receiver of the load")
        sender = far if reverse else near
        flowing = sender.count(SENT) + FLOWING_PACKETS
        client = _iperf3(
            undo,
            near.host,
            *("--client", far.address, "--port", str(number), "--udp", "--time", "0"),
            *("--bitrate", str(round(rate_bits_per_second * PAYLOAD_SHARE))),
            *("--length", str(DATAGRAM_BYTES), *(["--reverse"] if reverse else [])),
        )
        until(lambda: sender.count(SENT) > flowing, client, "the load")
        yield


def _iperf3(undo: ExitStack, host: Host, *arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        host.command(["iperf3", *arguments]), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    undo.callback(process.wait, ENDING_SECONDS)
    undo.callback(process.kill)
    return process


def _free_port(port: Port) -> int:
    with port.host.inside(), socket.create_server((port.address, 0)) as found:
        return int(found.getsockname()[1])
