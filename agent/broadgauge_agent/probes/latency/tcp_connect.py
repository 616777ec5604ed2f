"""Time to connect over TCP, for networks where UDP gets no answer."""

import socket
import time

from broadgauge_agent.errors import UnreachableError
from broadgauge_host.addresses import Address

from .window import Window

CONNECTS = 10
INTERVAL_SECONDS = 0.2
TIMEOUT_SECONDS = 1.0
"""A connect that had to send its SYN again takes at least this long, and counts as lost."""


def measure_tcp(address: Address) -> Window:
    """A short window of connects. UnreachableError if the first is refused or none succeeds."""
    rtts = []
    began = time.perf_counter()
    for number in range(CONNECTS):
        time.sleep(max(0.0, began + number * INTERVAL_SECONDS - time.perf_counter()))
        rtt = _connect(address)
        if rtt is not None:
            rtts.append(rtt)
        elif not rtts and number >= 2:
            break
    if not rtts:
        raise UnreachableError("the test server answers neither UDP nor TCP")
    return Window(number + 1, tuple(rtts))


def _connect(address: Address) -> float | None:
    with socket.socket(address.family, socket.SOCK_STREAM) as channel:
        channel.settimeout(TIMEOUT_SECONDS)
        began = time.perf_counter()
        try:
            channel.connect(address.sockaddr)
        except TimeoutError:
            return None
        except OSError as error:
            raise UnreachableError(
                f"the test server answers no UDP, and TCP says: {error.strerror or error}"
            ) from error
        return time.perf_counter() - began
