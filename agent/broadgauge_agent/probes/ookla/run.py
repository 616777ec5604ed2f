"""One run of speedtest-cli: which server, then one direction after the other."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import truststore

from broadgauge_agent.errors import AgentError, OtherServerError
from broadgauge_agent.outcomes import failed
from broadgauge_agent.probes.base import ProbeRequest
from broadgauge_agent.probes.far_end import FarEnd, Run
from broadgauge_agent.probes.floor import floor_of, rate_fields, shown
from broadgauge_agent.probes.other_servers import far_end_at, path_fields, place_of
from broadgauge_wire import Bound, Direction, Result, StopReason, ThroughputResult

from .client import Tester, opened
from .meter import Meter

CONFIRMED_SHARE = 0.9
"""Of an upload, if it is to say anything: speedtest-cli counts what left it, not what arrived."""


def measure(request: ProbeRequest) -> Sequence[Result]:
    """A fault is a result with an error and no rate, in each direction."""
    truststore.inject_into_ssl()  # this process is the test's own
    began, start = datetime.now(UTC), time.perf_counter()
    try:
        tester = opened(request.server_url, request.max_seconds)
        place = place_of(tester.best["url"])
        far_end = far_end_at(place.host, place.port, is_tls=place.is_tls)
    except AgentError as error:
        return failed("ookla", request, str(error), began, time.perf_counter() - start)
    return tuple(
        _direction(request, direction, tester, far_end) for direction in request.directions
    )


def _direction(
    request: ProbeRequest, direction: Direction, tester: Tester, far_end: FarEnd
) -> ThroughputResult:
    run = Run(request)
    fields = {"direction": direction, "method": "ookla"} | path_fields(far_end)
    fields |= {"public_server": not request.server_url}
    fields |= {"idle_rtt_seconds": tester.results.ping / 1000}
    try:
        fields |= _load(request, direction, tester, far_end)
    except AgentError as error:
        fields |= {"error": str(error), "stop_reason": "error"}
    return ThroughputResult(**run.common_fields(), **fields)


def _load(
    request: ProbeRequest, direction: Direction, tester: Tester, far_end: FarEnd
) -> dict[str, Any]:
    meter = tester.metered(request.max_bytes)
    streams = min(tester.config["threads"][direction], request.max_streams)
    began, cpu_began = time.perf_counter(), time.process_time()
    rate = getattr(tester, direction)(threads=streams)
    seconds = time.perf_counter() - began
    is_download = direction == "download"
    moved = tester.results.bytes_received if is_download else tester.results.bytes_sent
    if not moved:
        raise OtherServerError(f"the server took part in no {direction}: nothing was moved")
    return {
        "streams": streams,
        "bytes_transferred": moved,
        "stop_reason": _stop_reason(meter, tester, direction, seconds),
        "process_cpu_ratio": min(1.0, (time.process_time() - cpu_began) / seconds),
        "bound": _bound(meter, direction, moved, seconds),
        **rate_fields(far_end, rate, request),
        **shown(meter.rates() if is_download else ()),
    }


def _stop_reason(meter: Meter, tester: Tester, direction: Direction, seconds: float) -> StopReason:
    """speedtest-cli ends when its time is over, or when it has moved all that it means to."""
    if seconds >= tester.config["length"][direction]:
        return "deadline"
    is_spent = meter.isSet() if direction == "download" else tester.sends_less
    return "budget" if is_spent else "target_reached"


def _bound(meter: Meter, direction: Direction, moved: int, seconds: float) -> Bound | None:
    """A floor at most: each object is a new connection with a new slow start."""
    if direction == "download":
        return floor_of(meter.rates(), seconds)
    is_confirmed = meter.confirmed_bytes >= CONFIRMED_SHARE * moved
    return floor_of([moved / seconds], seconds) if is_confirmed else None
