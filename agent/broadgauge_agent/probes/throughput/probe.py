"""The throughput probe: an ndt7 client, one direction after the other."""

from collections.abc import Sequence

from broadgauge_agent.probes.base import ProbeRequest, Readiness
from broadgauge_agent.probes.far_end import server_readiness
from broadgauge_wire import ThroughputResult


class ThroughputProbe:
    """Loads the path for up to ten seconds a direction, so it runs in a child process."""

    name = "throughput"
    heavy = True
    uses_reflectors = True
    max_runs_per_day: int | None = None

    def can_run(self, request: ProbeRequest) -> Readiness:
        """Yes, if a test server is known and a way leads there."""
        return server_readiness(request)

    def run(self, request: ProbeRequest) -> Sequence[ThroughputResult]:
        """One result a direction."""
        from .direction import measure_direction  # in the child only: an idle agent stays small

        return tuple(measure_direction(request, direction) for direction in request.directions)


PROBE = ThroughputProbe()
