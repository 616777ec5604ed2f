"""How others measure what the lab makes: iperf3, and an echo of datagrams."""

import json
import select
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter, sleep

from lab.hosts import Port
from lab.waiting import listens, until
from tests.conftest import tool

IPERF3, ECHO = 5201, 7000
WHOLE_SECONDS = 0.5
"""The far end's last interval is what was left of one."""

ROUND_TRIP_SECONDS = 1.0
"""What takes longer never came back."""


def arrived_bits_per_second(
    near: Port, far: Port, seconds: int, *, up: bool = False, flows: int = 2
) -> list[float]:
    """TCP's payload that arrived in each second: at near, or going up at far."""
    argv = [tool("iperf3"), "--server", "--one-off", "--json"]
    with subprocess.Popen(far.host.command(argv), stdout=subprocess.PIPE, text=True) as server:
        try:
            until(lambda: listens(far.host, IPERF3), server, "iperf3")
            client = [tool("iperf3"), "--client", far.address, "--time", str(seconds), "--json"]
            down = [] if up else ["--reverse"]
            said = near.host.run([*client, "--parallel", str(flows), *down]).stdout
            received = json.loads(server.communicate()[0] if up else said)
        finally:
            server.kill()
    seconds_apart = [i["sum"] for i in received["intervals"] if i["sum"]["seconds"] > WHOLE_SECONDS]
    return [float(second["bits_per_second"]) for second in seconds_apart]


def settled(arrived: list[float]) -> float:
    """The rate of a usual second, once TCP has found it. A busy machine may spoil a single one."""
    return median(arrived[1:])


@contextmanager
def echo(far: Port) -> Iterator[None]:
    """Sends back every datagram, at the far end."""
    with far.host.inside():
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind((far.address, ECHO))

    def answer() -> None:
        while (got := taken.recvfrom(2048))[0]:
            taken.sendto(*got)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        with far.host.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", (far.address, ECHO))
        thread.join()
        taken.close()


def round_trips(near: Port, far: Port, count: int) -> list[float | None]:
    """Seconds of each, None for those that never came back. One after the other."""
    with near.host.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(ROUND_TRIP_SECONDS)
        asking.connect((far.address, ECHO))
        return [_round_trip(asking, number) for number in range(count)]


def _round_trip(asking: socket.socket, number: int) -> float | None:
    asked = str(number).encode()
    began = perf_counter()
    asking.send(asked)
    try:
        while asking.recv(2048) != asked:
            pass
    except TimeoutError:
        return None
    return perf_counter() - began


def came_back(near: Port, far: Port, count: int, size_bytes: int, gap_seconds: float = 0.0) -> int:
    """How many of so many datagrams came back, if nobody waits for one before sending the next."""
    back = 0
    with near.host.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((far.address, ECHO))
        for _ in range(count):
            asking.send(b"." * size_bytes)
            sleep(gap_seconds)
            back += _received(asking, 0.0)
        return back + _received(asking, ROUND_TRIP_SECONDS)


def _received(asking: socket.socket, patience_seconds: float) -> int:
    count = 0
    while select.select([asking], [], [], patience_seconds)[0]:
        asking.recv(2048)
        count += 1
    return count
