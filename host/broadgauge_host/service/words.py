"""A service's state in lines for people."""

from collections.abc import Iterator

from .model import ServiceStatus


def status_lines(status: ServiceStatus, installer: str) -> Iterator[str]:
    """What an administrator wants to know first, then where to look further.

    `installer` is the command that installs it.
    """
    yield f"{status.name}: {_state(status)}"
    if status.says:
        yield f"It says: {status.says}"
    if status.running and status.watchdog_seconds:
        yield f"Watchdog: started again if it is stuck for {status.watchdog_seconds:g} s"
    if status.restarts:
        yield f"Started again after a failure: {status.restarts} times"
    if status.installed and status.starts_with_the_machine is False:
        yield "It does not start with the machine. Install it again."
    if status.installed:
        yield f"Log: {status.logs}"
    else:
        yield f"Install it: {installer}"


def _state(status: ServiceStatus) -> str:
    if not status.installed:
        return "not installed"
    if status.running is None:
        return "installed; whether it runs can't be seen here"
    if not status.running:
        return "installed, not running"
    since = f" since {status.since:%Y-%m-%d %H:%M} UTC" if status.since else ""
    return f"running{since}"
