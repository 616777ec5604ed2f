"""Whether the agent runs, and starts with the machine."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from broadgauge_agent.errors import AgentError
from broadgauge_agent.service.plans import AGENT
from broadgauge_agent.service.system import system_services
from broadgauge_agent.state import IDENTITY, is_running
from broadgauge_host.diagnosis import Check, trouble, unknown, well
from broadgauge_host.service.model import ServiceFault, ServiceStatus

from .files import NOT_JOINED

NAME = "service"
INSTALL = "To have it start with this machine, run: broadgauge-agent service install"


def check_place(state: Path) -> Iterator[Check]:
    """Whether this looks at the files of the agent that the service runs; else at what."""
    try:
        services = system_services()
        installed, place = services.status(AGENT).installed, services.state_directory(AGENT)
    except ServiceFault:
        return  # check_service says it
    if installed and not _same(state, place):
        yield trouble(
            "service, state directory",
            f"the service keeps its files in {place}, and this looks at {state}",
            f"Run this as an administrator, or with --state {place}. An agent has to join there.",
            cause=NOT_JOINED,
        )


def check_service(state: Path) -> Iterator[Check]:
    """What the system's service manager says, and whether anything runs on this state directory."""
    try:
        status = system_services().status(AGENT)
    except ServiceFault as error:
        yield unknown(NAME, f"this system's services can't be asked: {error}")
        return
    try:
        running, joined = is_running(state), (state / IDENTITY).exists()
    except (OSError, AgentError, sqlite3.Error):
        yield unknown(NAME, "this user can't see whether the agent runs")
        return
    yield judged(status, running=running, cause=None if joined else NOT_JOINED)


def judged(status: ServiceStatus, *, running: bool, cause: str | None = None) -> Check:
    """One sentence about both. `cause` is why it can't run, if that is known."""
    if running and not status.installed:
        return well(NAME, "the agent runs, but not as a service", INSTALL)
    if running:
        return well(NAME, f"the agent runs{_since(status)}", _restarts(status))
    if not status.installed:
        advice = f"Start it: broadgauge-agent run. {INSTALL}"
        return trouble(NAME, "the agent doesn't run, so nothing is measured", advice, cause)
    says = f" ({status.says})" if status.says else ""
    return trouble(
        NAME,
        f"the service is installed, but the agent doesn't run{says}",
        f"See why: {status.logs}. Then run: broadgauge-agent service install",
        cause,
    )


def _same(state: Path, place: Path) -> bool:
    try:
        return state.resolve() == place.resolve()
    except OSError:
        return False


def _since(status: ServiceStatus) -> str:
    return f" since {status.since:%Y-%m-%d %H:%M} UTC" if status.since else ""


def _restarts(status: ServiceStatus) -> str | None:
    if not status.restarts:
        return None
    return f"It was started again after a failure, {status.restarts} times: {status.logs}"
