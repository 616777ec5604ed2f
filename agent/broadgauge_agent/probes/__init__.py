"""The probes there are. A new one is a folder here and a line in PROBES."""

from importlib import import_module

from .base import Probe, ProbeRequest, Readiness

PROBES = {
    "inventory": "broadgauge_agent.probes.inventory.probe",
    "latency": "broadgauge_agent.probes.latency.probe",
    "librespeed": "broadgauge_agent.probes.librespeed.probe",
    "mlab": "broadgauge_agent.probes.mlab.probe",
    "ookla": "broadgauge_agent.probes.ookla.probe",
    "throughput": "broadgauge_agent.probes.throughput.probe",
}
"""Name to module, imported only when the probe is used: an idle agent stays small."""


def load_probe(name: str) -> Probe:
    """The probe of that name: its module's `PROBE`. KeyError for a name that is not in PROBES."""
    probe: Probe = import_module(PROBES[name]).PROBE
    return probe


__all__ = ["PROBES", "Probe", "ProbeRequest", "Readiness", "load_probe"]
