"""Results the runner makes itself: a run that was due and did not happen, or that broke."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from broadgauge_wire import (
    InventoryResult,
    LatencyResult,
    Result,
    SkippedResult,
    ThroughputResult,
    new_id,
)
from broadgauge_wire.fields import ThroughputMethod
from broadgauge_wire.spec import MAX_EXPLANATION

from .probes import ProbeRequest
from .probes.far_end import server_fields
from .version import agent_version

METHODS: dict[str, ThroughputMethod] = {
    "throughput": "ndt7",
    "mlab": "ndt7",
    "ookla": "ookla",
    "librespeed": "librespeed",
}
"""What the probes that load a line speak."""

NO_REASON = "the probe gave no reason"


def skipped(name: str, request: ProbeRequest, reasons: Sequence[str]) -> SkippedResult:
    """A run that was due and cannot work here now."""
    reason = "; ".join(reasons)[:MAX_EXPLANATION] or NO_REASON
    segment = request.reflector.segment if request.reflector else None
    common = _common(request, datetime.now(UTC), 0.0)
    return SkippedResult(probe=name, reason=reason, segment=segment, **common)


def failed(
    name: str, request: ProbeRequest, fault: str, began: datetime, duration_seconds: float
) -> tuple[Result, ...]:
    """What a probe that crashed or hung yields: results with an error and no numbers."""
    server = server_fields(request.reflector)
    common = _common(request, began, duration_seconds) | {"error": fault[:MAX_EXPLANATION]}
    if method := METHODS.get(name):
        return tuple(
            ThroughputResult(
                direction=direction, method=method, **server, **common | {"id": new_id()}
            )
            for direction in request.directions
        )
    if name == "latency":
        return (LatencyResult(method="udp_echo", **server, **common),)
    return (InventoryResult(**common),)


def failed_now(name: str, request: ProbeRequest, fault: str) -> tuple[Result, ...]:
    """The same for a test that was ended just now, and of which nothing else is known."""
    return failed(name, request, fault, datetime.now(UTC), 0.0)


def _common(request: ProbeRequest, began: datetime, duration_seconds: float) -> dict[str, Any]:
    return {
        "id": new_id(),
        "started_at": began,
        "duration_seconds": duration_seconds,
        "clock_offset_seconds": request.clock_offset_seconds,
        "location": request.location,
        "trigger": request.trigger,
        "agent_version": agent_version(),
    }
