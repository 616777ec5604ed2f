"""The Ookla probe: speedtest-cli, for those who want its servers' numbers."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from broadgauge_agent.probes.base import ProbeRequest, Readiness
from broadgauge_agent.probes.other_servers import readiness_to
from broadgauge_wire import Result

MODULE = "speedtest"
VERSION = "2.1.3"


class OoklaProbe:
    """speedtest-cli loads the path for ten seconds a direction, in a child process."""

    name = "ookla"
    heavy = True
    uses_reflectors = False
    max_runs_per_day: int | None = None

    def can_run(self, request: ProbeRequest) -> Readiness:
        """Yes, if speedtest-cli is installed. A public server is looked for when a test is due."""
        if find_spec(MODULE) is None:
            words = f"speedtest-cli is missing: {sys.executable} -m pip install {requirement()}"
            return Readiness(False, (words,))
        if not request.server_url:
            return Readiness(True, ("goes to the nearest public server",))
        return readiness_to(request.server_url, "probes.ookla.server")

    def run(self, request: ProbeRequest) -> Sequence[Result]:
        """One result a direction."""
        from .run import measure  # speedtest-cli is the child process's alone

        return measure(request)


def requirement() -> str:
    """What the extra `ookla` installs."""
    return f"speedtest-cli=={VERSION}"


PROBE = OoklaProbe()
