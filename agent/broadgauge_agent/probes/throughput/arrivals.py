"""What has arrived of a download, whether or not it can be read yet.

After a loss, data waits in the kernel for what is missing: a reader sees nothing for a round trip
or more, and then much at once. The kernel also counts packets as they come.
"""

from broadgauge_agent.tcp_info import Connection, TcpInfo, read_tcp_info

from .observation import Sample


class Arrivals:
    """Of one connection. As long as every packet came in order, the kernel's count of bytes is
    exact; from the first gap on, packets are counted, each as a full one. Where a network card
    merges packets that is too few, and what could be put in order counts."""

    def __init__(self, connection: Connection, began: float) -> None:
        self._connection = connection
        self._last = read_tcp_info(connection)
        self.curve = [Sample(began, 0.0)] if _tells(self._last) else None
        """None where the kernel doesn't tell."""

        self._packet_bytes = 0

    def look(self, now: float) -> None:
        """Count up to now."""
        info, last = read_tcp_info(self._connection), self._last
        if self.curve is None or last is None or info is None:
            return
        arrived: float = info.bytes_received or 0
        if info.out_of_order_packets:
            self._packet_bytes = max(self._packet_bytes, info.received_mss_bytes or 0)
            packets = (info.received_packets or 0) - (last.received_packets or 0)
            arrived = max(arrived, self.curve[-1].arrived_bytes + packets * self._packet_bytes)
        self._last = info
        self.curve.append(Sample(now, arrived))


def _tells(info: TcpInfo | None) -> bool:
    return info is not None and None not in (
        info.bytes_received,
        info.received_packets,
        info.received_mss_bytes,
        info.out_of_order_packets,
    )
