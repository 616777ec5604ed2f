"""What each system is told, and what is read from its answers: what needs no such system."""

import os
import plistlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from broadgauge_agent import state
from broadgauge_agent._user_posix import is_administrator
from broadgauge_agent.cli import cli
from broadgauge_agent.service import launchd, windows_plan
from broadgauge_agent.service.plans import agent_plan, reflector_plan
from broadgauge_host.service.model import ServiceFault, ServiceStatus
from broadgauge_host.service.place import refuse_hidden, refuse_where_no_service_reads
from broadgauge_host.service.systemd import SystemdServices, shown_status
from broadgauge_host.service.words import status_lines

PROGRAM = "/opt/broadgauge-agent/bin/broadgauge-agent"
SYSTEMCTL = """\
LoadState=loaded
ActiveState=active
StatusText=Measuring for Lincoln.
Result=success
UnitFileState=enabled
NRestarts=2
WatchdogUSec=1min 30s
ActiveEnterTimestamp=@1795316252
"""
LAUNCHCTL = """\
system/org.broadgauge.agent = {
\tactive count = 1
\tpath = /Library/LaunchDaemons/org.broadgauge.agent.plist
\ttype = LaunchDaemon
\tstate = running

\tprogram = /opt/broadgauge-agent/bin/broadgauge-agent
\tminimum runtime = 30
\texit timeout = 20
\truns = 2
\tpid = 913
\tlast exit code = 1

\tspawn type = daemon (3)
\tresource coalition = {
\t\tstate = active
\t\tactive count = 1
\t}
}
"""
"""Put together from the form that launchctl's answers have; no recording of this daemon."""


def test_what_systemd_says_of_a_running_service_is_understood() -> None:
    found = shown_status("broadgauge-agent", SYSTEMCTL, "journalctl")
    assert found == ServiceStatus(
        name="broadgauge-agent",
        manager="systemd",
        installed=True,
        running=True,
        starts_with_the_machine=True,
        since=datetime(2026, 11, 22, 2, 57, 32, tzinfo=UTC),
        restarts=2,
        watchdog_seconds=90,
        says="Measuring for Lincoln.",
        logs="journalctl",
    )
    said = "\n".join(status_lines(found, "install"))
    assert "running since 2026-11-22 02:57 UTC" in said
    assert "Started again after a failure: 2 times" in said


def test_a_service_that_failed_is_not_said_to_run() -> None:
    out = SYSTEMCTL.replace("active", "failed").replace("success", "watchdog")
    found = shown_status("x", out, "journalctl")
    assert found.running is False
    assert (found.since, found.says) == (None, "it ended: watchdog")


def test_where_systemd_does_not_run_the_unit_is_still_seen(tmp_path: Path) -> None:
    services = SystemdServices("install", units=tmp_path, booted=tmp_path / "not")
    assert not services.status("broadgauge-agent").installed
    (tmp_path / "broadgauge-agent.service").touch()
    found = services.status("broadgauge-agent")
    assert found.installed
    assert found.running is None
    with pytest.raises(ServiceFault, match="not installed"):
        services.remove("broadgauge-test-server")


def test_in_an_image_the_service_is_enabled_and_not_started(tmp_path: Path) -> None:
    services = SystemdServices("install", units=tmp_path, booted=tmp_path / "not")
    said = services.description(agent_plan(PROGRAM))
    assert said.endswith("# then\nsystemctl enable broadgauge-agent.service")


def test_what_cannot_be_looked_at_is_refused_too() -> None:
    with pytest.raises(ServiceFault, match="read /opt/bg-test-none"):
        refuse_hidden([Path("/opt/bg-test-none/program")], "")


@pytest.mark.parametrize("place", ["/home/kim/bin/x", "/root/x", "/tmp/x"])
def test_what_services_cannot_see_is_refused_with_what_to_do(place: str) -> None:
    with pytest.raises(ServiceFault, match="make install-agent"):
        refuse_hidden([Path(place)], "Try: sudo make install-agent")


def test_what_not_everybody_can_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path("/opt") / f"bg-test-{os.getpid()}"
    place.mkdir(mode=0o755)
    try:
        program = place / "program"
        program.touch(mode=0o755)
        program.chmod(0o755)
        refuse_hidden([program], "")
        program.chmod(0o700)
        with pytest.raises(ServiceFault, match=f"read {program}"):
            refuse_hidden([program], "")
        place.chmod(0o700)
        with pytest.raises(ServiceFault, match=f"read {place}\\."):
            refuse_hidden([program], "")
    finally:
        place.chmod(0o755)
        (place / "program").unlink()
        place.rmdir()


def test_a_python_that_services_cannot_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/home/kim/.venv/bin/python")
    with pytest.raises(ServiceFault, match="/home/kim"):
        refuse_where_no_service_reads(Path("/bin/sh"), __file__, "")


def test_a_dry_run_shows_the_unit_and_changes_nothing() -> None:
    said = CliRunner().invoke(cli, ["service", "install", "--reflector", "--tls", "--dry-run"])
    assert said.exit_code == 0
    assert "--port 8485 --tls" in said.stdout
    assert "systemctl enable broadgauge-test-server.service" in said.stdout


def test_a_test_servers_key_is_handed_over_by_systemd_and_not_in_the_unit(tmp_path: Path) -> None:
    file = tmp_path / "core.key"
    file.write_text("bgr_secret")
    options = ["--reflector", "--access-key-file", str(file), "--dry-run"]
    said = CliRunner().invoke(cli, ["service", "install", *options])
    assert said.exit_code == 0
    assert "--access-key-file ${CREDENTIALS_DIRECTORY}/access-key" in said.stdout
    assert f"LoadCredential=access-key:{file}" in said.stdout
    assert "bgr_secret" not in said.stdout


def test_root_joins_the_agent_that_the_service_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "is_administrator", lambda: True)
    assert state.default_state_directory() == Path("/var/lib/broadgauge-agent")
    monkeypatch.setattr(state, "is_administrator", lambda: False)
    assert state.default_state_directory() != Path("/var/lib/broadgauge-agent")


@pytest.mark.skipif(not is_administrator(), reason="only root can give files away")
def test_what_root_writes_belongs_to_the_service(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    state.write_private(tmp_path / "identity.json", b"{}")
    found = (tmp_path / "identity.json").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12346, 0o600)


def test_the_property_list_runs_the_agent_as_nobody_and_starts_it_again() -> None:
    place = Path("/Library/Application Support/broadgauge-agent")
    found = plistlib.loads(launchd.property_list(agent_plan(PROGRAM), place))
    assert found["Label"] == "org.broadgauge.agent"
    assert found["ProgramArguments"] == [
        PROGRAM, "--state", str(place), "run", "--wait", "--log-file", f"{place}/agent.log",
    ]  # fmt: skip
    assert found["UserName"] == "nobody"
    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert found["ExitTimeOut"] > 10
    other = reflector_plan(PROGRAM, host="0.0.0.0", port=8485, tls=False)
    assert (
        "--log-file" not in plistlib.loads(launchd.property_list(other, place))["ProgramArguments"]
    )
    assert launchd.installing("broadgauge-agent")[-1] == (
        "launchctl", "bootstrap", "system", "/Library/LaunchDaemons/org.broadgauge.agent.plist",
    )  # fmt: skip


def test_a_test_servers_key_is_a_copy_that_only_the_service_reads(tmp_path: Path) -> None:
    file, place = tmp_path / "core.key", tmp_path / "state"
    file.write_text("bgr_secret")
    place.mkdir()
    plan = reflector_plan(PROGRAM, host="::", port=8485, tls=False, access_key=file)

    launchd.copy_credentials(plan, place)

    words = plistlib.loads(launchd.property_list(plan, place))["ProgramArguments"]
    assert words[-2:] == ["--access-key-file", f"{place}/access-key"]
    assert (place / "access-key").read_text() == "bgr_secret"
    assert (place / "access-key").stat().st_mode & 0o777 == 0o600


def test_what_launchd_says_is_understood() -> None:
    running = launchd.printed_status("broadgauge-agent", LAUNCHCTL, installed=True)
    assert running.running
    assert running.restarts == 1
    stopped = LAUNCHCTL.replace("running", "not running").replace("\tpid = 913\n", "")
    found = launchd.printed_status("broadgauge-agent", stopped, installed=True)
    assert not found.running
    assert found.says == "last exit code 1"
    assert not launchd.printed_status("broadgauge-agent", "", installed=False).running


def test_launchd_logs_are_named_as_a_shell_takes_them() -> None:
    support = "/Library/Application Support"
    agent = launchd.printed_status("broadgauge-agent", LAUNCHCTL, installed=True)
    assert agent.logs == f"sudo tail '{support}/broadgauge-agent/agent.log'"
    server = launchd.printed_status("broadgauge-test-server", LAUNCHCTL, installed=True)
    assert server.logs == f"sudo tail '{support}/broadgauge-test-server/launchd.log'"


@pytest.mark.skipif(not is_administrator(), reason="only root may install services")
def test_a_machine_without_systemd_is_told_so(tmp_path: Path) -> None:
    services = SystemdServices("x install", tmp_path / "no-such-folder", tmp_path / "not-booted")
    with pytest.raises(ServiceFault, match="Does systemd run this machine"):
        services.install(agent_plan(PROGRAM))


def test_windows_starts_the_base_interpreter_as_the_environment() -> None:
    place = Path("C:/ProgramData/broadgauge-agent")
    base, own = r"C:\Program Files\Python312\python.exe", r"C:\Program Files\bg\Scripts\python.exe"
    command = windows_plan.host_command(agent_plan("broadgauge-agent.exe"), base, place)
    assert command == f'"{base}" -m {windows_plan.HOST} --state {place}'
    assert windows_plan.host_environment(own, base) == {"__PYVENV_LAUNCHER__": own}
    assert windows_plan.host_environment(base, base) == {}


def test_on_windows_the_key_is_for_the_service_and_administrators() -> None:
    command = windows_plan.permitting(Path("C:/ProgramData/x"), "broadgauge-agent")
    assert command[:3] == ("icacls", "C:/ProgramData/x", "/inheritance:r")
    granted = {word.partition(":")[0] for word in command[4:]}
    assert granted == {"*S-1-5-18", "*S-1-5-32-544", "NT SERVICE\\broadgauge-agent"}
