"""One run: the nearest server that takes the test, one direction after the other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from broadgauge_agent.errors import AgentError, NoCapacityError
from broadgauge_agent.outcomes import failed, skipped
from broadgauge_agent.probes.base import ProbeRequest
from broadgauge_agent.probes.other_servers import PORTS, unregistered
from broadgauge_agent.probes.throughput.direction import measure_direction
from broadgauge_wire import Direction, Result, ThroughputResult

from .locate import nearest

MAX_STREAMS = 1
THEIRS: dict[str, Any] = {"reflector_id": None, "segment": "internet", "public_server": True}
"""What every result says of the far end: it isn't one of the district's test servers."""

SEARCH_SECONDS = 15.0
"""After this no further server is tried: the child process has a limit of its own."""


def measure(request: ProbeRequest) -> Sequence[Result]:
    """A fault is a result with an error; no capacity is a test that was skipped."""
    began, start = datetime.now(UTC), perf_counter()
    try:
        targets = nearest(request.server_url, ca=request.ca)
    except NoCapacityError as error:
        return (skipped("mlab", request, [str(error)]),)
    except AgentError as error:
        faults = failed("mlab", request, str(error), began, perf_counter() - start)
        return tuple(replace(fault, **THEIRS) for fault in faults)
    return tuple(
        _direction(request, [target.urls[direction] for target in targets], direction)
        for direction in request.directions
    )


def _direction(request: ProbeRequest, urls: Sequence[str], direction: Direction) -> Result:
    """By the first server that takes the test: each of them may refuse one."""
    start = perf_counter()
    for url in urls:
        result = _test(request, url, direction)
        if not _was_refused(result) or perf_counter() - start > SEARCH_SECONDS:
            break
    return result


def _test(request: ProbeRequest, url: str, direction: Direction) -> ThroughputResult:
    parts = urlsplit(url)
    server = unregistered(parts.hostname or "", parts.port or PORTS["https"], is_tls=True)
    single = replace(request, reflector=server, max_streams=MAX_STREAMS)
    result = measure_direction(single, direction, url=url)
    return replace(result, **THEIRS)


def _was_refused(result: ThroughputResult) -> bool:
    return result.error is not None and not result.bytes_transferred
