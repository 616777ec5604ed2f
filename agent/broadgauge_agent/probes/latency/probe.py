"""The latency probe: UDP echoes to the reflector, or TCP connects where UDP is blocked."""

from collections.abc import Sequence
from typing import Any

import msgspec

from broadgauge_agent.errors import AgentError
from broadgauge_agent.probes.base import ProbeRequest, Readiness
from broadgauge_agent.probes.far_end import (
    FarEnd,
    Run,
    known_server,
    server_fields,
    server_readiness,
)
from broadgauge_wire import LatencyMethod, LatencyResult

from .tcp_connect import measure_tcp
from .udp_echo import Pace, measure_udp
from .window import Window, summary


class LatencyProbe:
    """Round trips over a window of at most ten seconds, ten a second."""

    name = "latency"
    heavy = False
    uses_reflectors = True
    max_runs_per_day: int | None = None

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()

    def can_run(self, request: ProbeRequest) -> Readiness:
        """Yes, if a test server is known and a way leads there."""
        return server_readiness(request)

    def run(self, request: ProbeRequest) -> Sequence[LatencyResult]:
        """One summary of one window."""
        run = Run(request)
        fields: dict[str, Any] = {"method": "udp_echo"} | server_fields(request.reflector)
        try:
            far_end = FarEnd(known_server(request))
            fields |= far_end.fields()
            method, window = self._measure(far_end, request.max_seconds)
            fields |= summary(window) | {"method": method}
        except AgentError as error:
            fields |= {"error": str(error)}
        return (LatencyResult(**run.common_fields(), **fields),)

    def _measure(self, far_end: FarEnd, max_seconds: float) -> tuple[LatencyMethod, Window]:
        window_seconds = min(self.pace.window_seconds, max_seconds)
        pace = msgspec.structs.replace(self.pace, window_seconds=window_seconds)
        window = measure_udp(far_end.address, pace)
        if window.rtts_seconds:
            return "udp_echo", window
        return "tcp_connect", measure_tcp(far_end.address)


PROBE = LatencyProbe()
