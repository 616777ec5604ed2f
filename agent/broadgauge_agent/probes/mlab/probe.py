"""The M-Lab probe: our ndt7 client and M-Lab's nearest public server, by M-Lab's rules.

One connection a direction, at most four runs a day, at random times. A client that finds no
capacity is to wait 60 to 960 s; the shortest gap of this probe's schedule is longer than that.
"""

from collections.abc import Sequence

from broadgauge_agent.probes.base import ProbeRequest, Readiness
from broadgauge_wire import Result

MAX_RUNS_PER_DAY = 4
"""M-Lab's policy for clients that nobody watches."""

PUBLISHED = "M-Lab publishes every result with this network's public address"


class MlabProbe:
    """Asks for the nearest server, then loads the path: both in a child process."""

    name = "mlab"
    heavy = True
    uses_reflectors = False
    max_runs_per_day = MAX_RUNS_PER_DAY

    def can_run(self, request: ProbeRequest) -> Readiness:
        """Yes. Nothing is asked of M-Lab before a test is due."""
        if not request.server_url:
            return Readiness(False, ("no address to ask: set probes.mlab.locate_url",))
        return Readiness(True, (PUBLISHED,))

    def run(self, request: ProbeRequest) -> Sequence[Result]:
        """One result a direction, or why there was no test."""
        from .run import measure  # in the child only: an idle agent stays small

        return measure(request)


PROBE = MlabProbe()
