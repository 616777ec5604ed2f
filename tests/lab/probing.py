"""The agent's own throughput test through the lab's path, to a real test server at its far end."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import msgspec

from broadgauge_agent.probes import ProbeRequest
from broadgauge_wire import Direction, Reflector, ThroughputResult, decode_result, encode
from lab.hosts import Host, Port
from lab.waiting import listens, until
from tests.conftest import ConfidentlyWrongError
from tests.running import BIN

PORT = 8485
PATIENCE_SECONDS = 90
LOOK_SECONDS = 0.02

CHILD = ("-m", "broadgauge_agent.child", "throughput")
UNTOLD_CHILD = (
    "-c",
    """
import sys
from broadgauge_agent import child
from broadgauge_agent.probes.throughput import arrivals, direction, load, streams
for module in (arrivals, direction, load, streams):
    module.read_tcp_info = lambda _connection: None
sys.argv = ["child", "throughput"]
child.main()
""",
)
"""The same where the kernel says nothing of its connections, as elsewhere than on Linux."""

CONFIDENTLY_WRONG = 0.10
"""An `exact` result that is further off than this is the worst a test can give."""


@contextmanager
def server_at(far: Port) -> Iterator[Reflector]:
    """A test server in a process of its own, at the far end."""
    command = [str(BIN / "broadgauge-agent"), "reflector", "--host", far.address]
    with subprocess.Popen(
        far.host.command([*command, "--port", str(PORT)]), stderr=subprocess.DEVNULL
    ) as server:
        try:
            until(lambda: listens(far.host, PORT), server, "the test server")
            yield Reflector(id=uuid4(), name="Far", host=far.address, port=PORT, segment="wan")
        finally:
            server.terminate()


def request_to(reflector: Reflector, direction: Direction = "download") -> ProbeRequest:
    """A test one way."""
    return ProbeRequest(reflector=reflector, directions=(direction,))


def measured(
    host: Host,
    request: ProbeRequest,
    meanwhile: Callable[[int], None] = lambda _process: None,
    child_options: Sequence[str] = CHILD,
) -> ThroughputResult:
    """A test one way, in a process of its own as the agent has it, by this host.

    `meanwhile` is called with the id of that process when it has been told what to do.
    """
    with subprocess.Popen(
        host.command([sys.executable, *child_options]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        try:
            assert child.stdin
            child.stdin.write(encode(request))
            child.stdin.close()
            child.stdin = None
            meanwhile(child.pid)
            out, _ = child.communicate(timeout=PATIENCE_SECONDS)
        finally:
            child.kill()
    results: Sequence[msgspec.Raw] = msgspec.json.decode(out, type=list[msgspec.Raw])
    (result,) = (decode_result(item) for item in results)
    assert isinstance(result, ThroughputResult)
    return result


def wait_until_received(port: Port, more_bytes: float) -> None:
    """Until so much more has arrived at this end."""
    wanted, end = port.count("rx_bytes") + more_bytes, time.monotonic() + PATIENCE_SECONDS
    while port.count("rx_bytes") < wanted:
        assert time.monotonic() < end, "nothing more arrives"
        time.sleep(LOOK_SECONDS)


def error_ratio(result: ThroughputResult, truth_bits_per_second: float) -> float:
    """How far off the number is. AssertionError if there is none."""
    assert result.error is None, result.error
    assert result.throughput_bits_per_second is not None
    return result.throughput_bits_per_second / truth_bits_per_second - 1


def assert_not_confidently_wrong(result: ThroughputResult, truth_bits_per_second: float) -> None:
    """ConfidentlyWrongError if it is `exact`, and isn't."""
    off = abs(error_ratio(result, truth_bits_per_second))
    if result.bound == "exact" and off > CONFIDENTLY_WRONG:
        raise ConfidentlyWrongError(f"{off:.0%} off: {result}")
