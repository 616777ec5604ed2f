"""The service under systemd."""

from datetime import UTC, datetime
from pathlib import Path

from .model import Plan, ServiceFault, ServiceFile, ServiceStatus
from .tools import asked, refuse_unless_root, shown, told
from .units import unit

UNITS = Path("/etc/systemd/system")
STATE = Path("/var/lib")
BOOTED = Path("/run/systemd/system")
"""There if systemd runs this machine. See sd_booted(3)."""

PROPERTIES = (
    "LoadState", "ActiveState", "ActiveEnterTimestamp", "StatusText", "Result",
    "UnitFileState", "NRestarts", "WatchdogUSec",
)  # fmt: skip
MICROSECONDS = 1e6


class SystemdServices:
    """Services of a machine that systemd runs, or of its image while systemd does not run yet."""

    def __init__(self, installer: str, units: Path = UNITS, booted: Path = BOOTED) -> None:
        """`installer` is the command that the units are said to be written by."""
        self._installer = installer
        self._units = units
        self._booted = booted

    def description(self, plan: Plan) -> str:
        """The unit, and what is run."""
        file = self._file(plan)
        commands = shown(installing(plan.name, running=self._booted.exists()))
        return f"# {file.path}\n{file.text}\n# then\n{commands}"

    def install(self, plan: Plan) -> None:
        """Write the unit, and start it now (if systemd runs) and with the machine."""
        refuse_unless_root("install")
        file = self._file(plan)
        try:
            file.path.write_text(file.text, encoding="utf-8")
        except OSError as error:
            raise ServiceFault(
                f"{file.path} can't be written ({error.strerror}). Does systemd run this machine? "
                "Elsewhere, have its own service manager run the command."
            ) from error
        for command in installing(plan.name, running=self._booted.exists()):
            told(*command)

    def remove(self, name: str) -> None:
        """Stop it and take the unit away."""
        refuse_unless_root("remove")
        if not self._path(name).exists():
            raise ServiceFault(f"{name} is not installed: there is no {self._path(name)}.")
        running = self._booted.exists()
        told("systemctl", "disable", *(["--now"] if running else []), self._path(name).name)
        self._path(name).unlink()
        if running:
            told("systemctl", "daemon-reload")

    def status(self, name: str) -> ServiceStatus:
        """As `systemctl show` has it; without systemd, only whether the unit is there."""
        logs = f"journalctl --unit {name} --lines 20"
        installed = self._path(name).exists()
        if not (installed and self._booted.exists()):
            return ServiceStatus(
                name=name,
                manager="systemd",
                installed=installed,
                running=None if installed else False,
                says="systemd does not run this machine now" if installed else None,
                logs=logs,
            )
        command = ("systemctl", "show", "--timestamp=unix", f"--property={','.join(PROPERTIES)}")
        _, out, _ = asked(*command, self._path(name).name)
        return shown_status(name, out, logs)

    def state_directory(self, name: str) -> Path:
        """Where systemd's StateDirectory is."""
        return STATE / name

    def _path(self, name: str) -> Path:
        return self._units / f"{name}.service"

    def _file(self, plan: Plan) -> ServiceFile:
        return ServiceFile(self._path(plan.name), unit(plan, self._installer))


def installing(name: str, *, running: bool) -> tuple[tuple[str, ...], ...]:
    """What makes a written unit a service. In an image, it is started by the first boot."""
    enable = ("systemctl", "enable", f"{name}.service")
    if not running:
        return (enable,)
    restart = ("systemctl", "restart", f"{name}.service")
    return (("systemctl", "daemon-reload"), enable, restart)


def shown_status(name: str, out: str, logs: str) -> ServiceStatus:
    """What `systemctl show` says of a unit."""
    facts = dict(line.partition("=")[::2] for line in out.splitlines())
    active = facts.get("ActiveState") == "active"
    return ServiceStatus(
        name=name,
        manager="systemd",
        installed=facts.get("LoadState") == "loaded",
        running=active,
        starts_with_the_machine=facts.get("UnitFileState") == "enabled",
        since=_instant(facts.get("ActiveEnterTimestamp", "")) if active else None,
        restarts=_number(facts.get("NRestarts", "")),
        watchdog_seconds=_seconds(facts.get("WatchdogUSec", "")),
        says=facts.get("StatusText") or None if active else _fault(facts.get("Result", "")),
        logs=logs,
    )


def _fault(result: str) -> str | None:
    return None if result in ("", "success") else f"it ended: {result}"


def _instant(said: str) -> datetime | None:
    seconds = _number(said.removeprefix("@"))
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _number(said: str) -> int | None:
    return int(said) if said.isdigit() else None


def _seconds(said: str) -> float | None:
    """`systemctl show` writes spans as 1min 30s, whatever else is asked for."""
    units = {"min": 60.0, "ms": 1e-3, "us": 1 / MICROSECONDS, "h": 3600.0, "s": 1.0}
    total = 0.0
    for word in said.split():
        number = word.rstrip("abcdefghijklmnopqrstuvwxyz")
        scale = units.get(word[len(number) :])
        if scale is None or not number.replace(".", "", 1).isdigit():
            return None
        total += float(number) * scale
    return total or None
