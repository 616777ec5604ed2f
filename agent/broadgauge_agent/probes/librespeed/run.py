"""One run: the server's scripts are checked, then one direction after the other."""

import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

from broadgauge_agent.errors import AgentError, OtherServerError
from broadgauge_agent.outcomes import failed
from broadgauge_agent.probes.base import ProbeRequest
from broadgauge_agent.probes.far_end import FarEnd, Run
from broadgauge_agent.probes.floor import RATE_SECONDS, floor_of, rate_fields, shown
from broadgauge_agent.probes.other_servers import Place, far_end_at, path_fields, place_of
from broadgauge_agent.trust import tls_context
from broadgauge_wire import Direction, Result, ThroughputResult

from .estimate import grace_seconds, rate_in, rates_over_time, window_of
from .load import Load
from .pings import PingsBesideLoad, idle_rtt_seconds
from .scripts import Server, check

STREAMS: dict[Direction, int] = {"download": 6, "upload": 3}
"""LibreSpeed's own."""

SILENT_SECONDS = 2.0
"""At a test's end; of six connections on the slowest line, one has something sooner."""


def measure(request: ProbeRequest) -> Sequence[Result]:
    """A fault is a result with an error and no rate, in each direction."""
    began, start = datetime.now(UTC), time.perf_counter()
    try:
        place = place_of(request.server_url)
        far_end = far_end_at(place.host, place.port, is_tls=place.is_tls)
        server = Server(place, far_end.address, _trust(place, request))
        check(server)
    except AgentError as error:
        return failed("librespeed", request, str(error), began, time.perf_counter() - start)
    return tuple(
        _direction(request, direction, server, far_end) for direction in request.directions
    )


def _direction(
    request: ProbeRequest, direction: Direction, server: Server, far_end: FarEnd
) -> ThroughputResult:
    run, load = Run(request), Load(server, request.max_bytes)
    fields = {"direction": direction, "method": "librespeed"} | path_fields(far_end)
    try:
        fields |= {"idle_rtt_seconds": idle_rtt_seconds(server)}
        fields |= _under_load(request, direction, load, server)
        fields |= rate_fields(far_end, fields.pop("rate"), request)
    except (AgentError, OSError) as error:
        fields |= {"error": str(error), "stop_reason": "error"}
    return ThroughputResult(
        **run.common_fields(), **fields | {"bytes_transferred": load.cost_bytes}
    )


def _under_load(
    request: ProbeRequest, direction: Direction, load: Load, server: Server
) -> dict[str, Any]:
    streams = min(STREAMS[direction], request.max_streams)
    work = load.download if direction == "download" else load.upload
    cpu_began = time.process_time()
    with PingsBesideLoad(server) as pings:
        seconds = load.run(work, streams, request.max_seconds)
    grace = grace_seconds(direction, request.max_seconds)
    _check(load, direction, grace, seconds, request)
    begin, end = window_of(direction, load.moved, grace, seconds)
    rates = rates_over_time(load.moved, seconds)
    measured = rates[int(begin / RATE_SECONDS) : int(end / RATE_SECONDS)]
    loaded = median(pings.rtts_seconds) if pings.rtts_seconds else None
    return {
        "rate": rate_in(load.moved, begin, end),
        "streams": streams,
        "loaded_rtt_seconds": loaded,
        "round_trips_per_minute": 60 / loaded if loaded else None,
        "process_cpu_ratio": min(1.0, (time.process_time() - cpu_began) / seconds),
        "measured_from_seconds": begin,
        "measured_to_seconds": end,
        "bound": floor_of(measured, seconds),
        "stop_reason": "budget" if load.is_spent else "deadline",
        **shown(rates),
    }


def _check(
    load: Load, direction: Direction, grace: float, seconds: float, request: ProbeRequest
) -> None:
    """OtherServerError if the load was none, or too short to tell a rate."""
    if load.is_spent and seconds <= grace:
        raise OtherServerError(
            f"the {request.max_bytes:.0f} bytes that a test may cost were used up before a rate "
            "could be told: raise probes.throughput.max_bytes"
        )
    if load.faults and (seconds < request.max_seconds or not load.moved):
        raise OtherServerError(f"the server gave up in the middle: {load.faults[0]}")
    if not load.moved:
        raise OtherServerError(f"no {direction} arrived whole within {seconds:.0f} s")
    silence = seconds - max(one.end for one in load.moved)
    if direction == "download" and silence > SILENT_SECONDS:
        raise OtherServerError(f"the server fell silent in the middle, for {silence:.0f} s")


def _trust(place: Place, request: ProbeRequest) -> ssl.SSLContext | None:
    return tls_context(ca=request.ca) if place.is_tls else None
