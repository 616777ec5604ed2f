"""What `status` says, read beside a running agent."""

from pathlib import Path
from typing import Any

from msgspec import Struct

from broadgauge_wire import DroppedResults

from . import presence
from .calibration import FACT as CALIBRATION
from .calibration import Calibration, known_calibration
from .config import Config
from .identity import load_identity, load_settings
from .live_config import RefusedSetting, within_bounds
from .measuring import readiness, requests_for
from .probes import PROBES, ProbeRequest, load_probe
from .runner import probe_request, table_of
from .spool_file import SpoolView, view_spool
from .spool_tables import DAMAGED_RESULTS
from .state import is_running
from .version import agent_version


class Status(Struct, frozen=True, kw_only=True):
    """The agent at a glance. Instants are Unix seconds."""

    agent_id: str
    agent_version: str
    collector_url: str
    school: str
    location: str | None
    name: str | None
    copy_of: str | None
    """The agent whose state directory this one was copied from."""
    running: bool
    asleep: bool | None
    """Whether it measures and sends nothing, because no school network is proven. None if it has
    not looked yet."""
    school_network: str | None
    """What proved the school network when it looked last, or why none is proven."""
    school_network_since: float | None
    school_network_proven_ever: bool
    refused_settings: tuple[RefusedSetting, ...]
    test_servers: tuple[str, ...]
    waiting_results: int
    refused_results: int
    dropped_results: tuple[DroppedResults, ...]
    """What went unsent because the spool was full."""
    damaged_results: int
    """Results that the disk damaged before they were sent. They are among the refused."""
    last_shipped_at: float | None
    clock_offset_seconds: float | None
    shipping_trouble: str | None
    calibration: Calibration | None
    """What this machine's processor can carry, as measured inside it. None if it wasn't yet."""
    last_results: dict[str, Any]
    files_put_aside: tuple[str, ...]


class ProbeState(Struct, frozen=True, kw_only=True):
    """Whether a probe can run here, to a test server if it needs one, with reasons."""

    name: str
    enabled: bool
    can_run: bool
    reasons: tuple[str, ...]
    test_server: str | None = None


def probe_states(state: Path, config: Config) -> tuple[ProbeState, ...]:
    """Every probe with every test server it would measure to."""
    reflectors = load_settings(state).reflectors
    return tuple(
        ProbeState(
            name=name,
            enabled=table_of(config, name).enabled,
            can_run=ready.ok,
            reasons=ready.reasons,
            test_server=request.reflector.name if request.reflector else None,
        )
        for name in PROBES
        for request in requests_for(load_probe(name), _planned(config, name), reflectors)
        for ready in (readiness(load_probe(name), request),)
    )


def _planned(config: Config, name: str) -> ProbeRequest:
    return probe_request(config, name, location=None, clock_offset_seconds=None)


def status(state: Path) -> Status:
    """What is known of the agent on this state directory. NotJoinedError if it has not joined."""
    identity = load_identity(state)
    view = view_spool(state) or SpoolView(waiting=0, refused=0, refused_ever=0, facts={})
    facts: dict[str, Any] = view.facts
    trouble = facts.get("shipping_trouble")
    settings = load_settings(state)
    network = facts.get(presence.FACT) or {}
    return Status(
        agent_id=str(identity.agent_id),
        agent_version=agent_version(),
        collector_url=identity.collector_url,
        school=identity.school,
        location=identity.location,
        name=identity.name,
        copy_of=str(identity.forked_from) if identity.forked_from else None,
        running=is_running(state),
        asleep=not network["proven"] if network else None,
        school_network=network.get("words"),
        school_network_since=network.get("since"),
        school_network_proven_ever=bool(facts.get(presence.EVER)),
        refused_settings=within_bounds(settings.configuration)[1],
        test_servers=tuple(reflector.name for reflector in settings.reflectors),
        waiting_results=view.waiting,
        refused_results=view.refused,
        dropped_results=view.dropped,
        damaged_results=facts.get(DAMAGED_RESULTS) or 0,
        last_shipped_at=facts.get("last_shipped_at"),
        clock_offset_seconds=facts.get("clock_offset_seconds"),
        shipping_trouble=trouble["what"] if trouble else None,
        calibration=known_calibration(facts.get(CALIBRATION)),
        last_results={
            key.removeprefix("last:"): value
            for key, value in facts.items()
            if key.startswith("last:")
        },
        files_put_aside=tuple(sorted(file.name for file in state.glob("spool-*.sqlite"))),
    )
