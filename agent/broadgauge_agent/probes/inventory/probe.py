"""The inventory probe: what this machine is, without a user, a host name or an address."""

import sys
from collections.abc import Sequence

import msgspec

from broadgauge_agent.probes.base import ProbeRequest, Readiness
from broadgauge_agent.probes.far_end import Run
from broadgauge_wire import Application, InventoryResult

if sys.platform == "linux":
    from ._linux import read_machine
elif sys.platform == "win32":
    from ._windows import read_machine
elif sys.platform == "darwin":
    from ._darwin import read_machine
else:
    from ._other import read_machine


class InventoryProbe:
    """Reads files, or asks the system's own tools, and nothing else."""

    name = "inventory"
    heavy = False
    uses_reflectors = False
    max_runs_per_day: int | None = None

    def can_run(self, request: ProbeRequest) -> Readiness:  # noqa: ARG002 the same everywhere
        """Always: what cannot be read is left out."""
        return Readiness(ok=True)

    def run(self, request: ProbeRequest) -> Sequence[InventoryResult]:
        """One result."""
        run = Run(request)
        facts = msgspec.structs.asdict(read_machine())
        applications = _applications() if request.applications else None
        return (
            InventoryResult(
                **run.common_fields(),
                **facts,
                hours_on_a_day=request.hours_on_a_day or None,
                applications=applications,
            ),
        )


def _applications() -> tuple[Application, ...] | None:
    from .applications import read_applications  # most agents never need it

    return read_applications()


PROBE = InventoryProbe()
