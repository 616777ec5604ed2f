"""The service on macOS: a launchd daemon. Not yet run on a real Mac; see docs/how-to."""

import contextlib
import plistlib
import shlex
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from broadgauge_host.service.model import STATE, Plan, ServiceFault, ServiceStatus
from broadgauge_host.service.tools import asked, refuse_unless_root, shown, told
from broadgauge_host.service.units import credential

from .plans import AGENT

DAEMONS = Path("/Library/LaunchDaemons")
SUPPORT = Path("/Library/Application Support")
USER = "nobody"
"""It needs no right that any user has not."""

LOG = "agent.log"
LAST_WORDS = "launchd.log"
"""What the process says before it logs, and what Python says as it breaks."""

THROTTLE_SECONDS = 30
EXIT_SECONDS = 20
LOOK_SECONDS = 0.2


class LaunchdServices:
    """Daemons of this Mac."""

    def __init__(self, installer: str) -> None:
        """`installer` is the command that installs them."""
        self._installer = installer

    def description(self, plan: Plan) -> str:
        """The property list, and what is run."""
        text = property_list(plan, self.state_directory(plan.name)).decode()
        return f"# {file_of(plan.name)}\n{text}\n# then\n{shown(installing(plan.name))}"

    def install(self, plan: Plan) -> None:
        """Write the property list, and start the daemon now and with the machine."""
        refuse_unless_root("install")
        state = self.state_directory(plan.name)
        state.mkdir(mode=0o700, exist_ok=True)
        copy_credentials(plan, state)
        for file in (state, *state.iterdir()):
            shutil.chown(file, USER, USER)
        file_of(plan.name).write_bytes(property_list(plan, state))
        self._stop(plan.name)
        for command in installing(plan.name):
            told(*command)

    def remove(self, name: str) -> None:
        """Stop it and take the property list away."""
        refuse_unless_root("remove")
        if not file_of(name).exists():
            raise ServiceFault(f"{name} is not installed: there is no {file_of(name)}.")
        self._stop(name)
        file_of(name).unlink()

    def status(self, name: str) -> ServiceStatus:
        """As `launchctl print` has it."""
        code, out, _ = asked("launchctl", "print", target(name))
        return printed_status(name, out if code == 0 else "", installed=file_of(name).exists())

    def state_directory(self, name: str) -> Path:
        """Where it keeps its files."""
        return SUPPORT / name

    def _stop(self, name: str) -> None:
        """Until it is gone: launchd refuses to start what still ends."""
        asked("launchctl", "bootout", target(name))
        end = time.monotonic() + EXIT_SECONDS
        while asked("launchctl", "print", target(name))[0] == 0:
            if time.monotonic() > end:
                raise ServiceFault(f"{name} does not end. Restart the Mac, and try again.")
            time.sleep(LOOK_SECONDS)


def label_of(name: str) -> str:
    """What launchd calls a service."""
    return f"org.broadgauge.{name.removeprefix('broadgauge-')}"


def target(name: str) -> str:
    """A service among the system's."""
    return f"system/{label_of(name)}"


def file_of(name: str) -> Path:
    """Its property list."""
    return DAEMONS / f"{label_of(name)}.plist"


def log_of(name: str) -> str:
    """The file that the service logs to. launchd keeps its own for ever; an agent begins anew."""
    return LOG if name == AGENT else LAST_WORDS


def copy_credentials(plan: Plan, state: Path) -> None:
    """Into the state directory, where the service alone can read them."""
    for name, file in plan.credentials:
        copy = state / name
        copy.touch(mode=0o600)
        copy.write_bytes(file.read_bytes())


def installing(name: str) -> tuple[tuple[str, ...], ...]:
    """What makes a written property list a service."""
    return (
        ("launchctl", "enable", target(name)),
        ("launchctl", "bootstrap", "system", str(file_of(name))),
    )


def property_list(plan: Plan, state: Path) -> bytes:
    """The daemon's property list. See launchd.plist(5)."""
    copies = {credential(name): str(state / name) for name, _ in plan.credentials}
    words = [{STATE: str(state), **copies}.get(word, word) for word in plan.command]
    if plan.name == AGENT:
        words += ["--log-file", str(state / log_of(plan.name))]
    return plistlib.dumps(
        {
            "Label": label_of(plan.name),
            "ProgramArguments": words,
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": THROTTLE_SECONDS,
            "ExitTimeOut": EXIT_SECONDS,
            "ProcessType": "Standard",  # Background would slow the tests themselves
            "UserName": USER,
            "GroupName": USER,
            "Umask": 0o077,
            "WorkingDirectory": str(state),
            "StandardErrorPath": str(state / LAST_WORDS),
        }
    )


def printed_status(name: str, out: str, *, installed: bool) -> ServiceStatus:
    """What `launchctl print` says of a daemon; nothing if launchd doesn't know it."""
    facts = dict(_pairs(out))
    running = facts.get("state") == "running"
    pid, runs = facts.get("pid", ""), facts.get("runs", "")
    code = facts.get("last exit code")
    return ServiceStatus(
        name=name,
        manager="launchd",
        installed=installed,
        running=running,
        starts_with_the_machine=installed,
        since=_began(int(pid)) if running and pid.isdigit() else None,
        restarts=max(0, int(runs) - 1) if runs.isdigit() else None,
        says=None if running or code is None else f"last exit code {code}",
        logs=f"sudo tail {shlex.quote(str(SUPPORT / name / log_of(name)))}",
    )


def _pairs(out: str) -> list[tuple[str, str]]:
    """The daemon's own lines: those of its parts are indented twice."""
    lines = (line for line in out.splitlines() if line.startswith("\t") and line[1:2] != "\t")
    return [(key.strip(), value.strip()) for key, _, value in (x.partition(" = ") for x in lines)]


def _began(pid: int) -> datetime | None:
    import psutil

    with contextlib.suppress(psutil.Error):
        return datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC)
    return None
