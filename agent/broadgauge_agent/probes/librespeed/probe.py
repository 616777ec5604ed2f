"""The LibreSpeed probe: our own client of a LibreSpeed server's scripts."""

from collections.abc import Sequence

from broadgauge_agent.probes.base import ProbeRequest, Readiness
from broadgauge_agent.probes.other_servers import readiness_to
from broadgauge_wire import Result


class LibrespeedProbe:
    """Loads the path for up to ten seconds a direction, so it runs in a child process."""

    name = "librespeed"
    heavy = True
    uses_reflectors = False
    max_runs_per_day: int | None = None

    def can_run(self, request: ProbeRequest) -> Readiness:
        """Yes, if a server is named and a way leads there."""
        return readiness_to(request.server_url, "probes.librespeed.server")

    def run(self, request: ProbeRequest) -> Sequence[Result]:
        """One result a direction."""
        from .run import measure  # in the child only: an idle agent stays small

        return measure(request)


PROBE = LibrespeedProbe()
