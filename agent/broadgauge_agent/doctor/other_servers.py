"""Tests to servers that aren't the district's, where they are switched on."""

import os
from collections.abc import Iterator
from pathlib import Path

from broadgauge_agent.config import Config
from broadgauge_agent.errors import AgentError
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.measuring import readiness
from broadgauge_agent.probes import load_probe
from broadgauge_agent.runner import probe_request, table_of
from broadgauge_host.diagnosis import Check, trouble, well
from broadgauge_wire import Settings

ADVICE = {
    "librespeed": "Name the server's folder of scripts in probes.librespeed.server.",
    "mlab": "Name M-Lab's address in probes.mlab.locate_url, or leave it at its default.",
    "ookla": "Install it for this agent, and check probes.ookla.server if one is named.",
}


def config_in_force(file: Path, settings: Settings, *, required: bool) -> Config | None:
    """This machine's settings and the collector's; None if they can't be read."""
    try:
        live = LiveConfig(file, os.environ, {}, required=required)
    except (AgentError, PermissionError):
        return None  # the check of the configuration says why
    live.from_collector(settings.configuration)
    return live.current()


def enabled_others(config: Config | None) -> list[str]:
    """The probes to other people's servers that are switched on."""
    return [name for name in ADVICE if config and table_of(config, name).enabled]


def check_other_server(name: str, config: Config) -> Iterator[Check]:
    """Whether the probe can run. Nothing is asked of its servers."""
    request = probe_request(config, name, location=None, clock_offset_seconds=None)
    ready = readiness(load_probe(name), request)
    words = "; ".join(ready.reasons)
    yield well(name, words) if ready.ok else trouble(name, words, ADVICE[name])
