"""The systemd units: hard to abuse by systemd's own measure, and what the repository shows."""

import re
import subprocess
from pathlib import Path

import pytest

from broadgauge_agent.service.launchd import file_of, property_list
from broadgauge_agent.service.plans import agent_plan, reflector_plan
from broadgauge_agent.service.system import INSTALLER
from broadgauge_collector.cli.service import INSTALLER as SERVER_INSTALLER
from broadgauge_collector.service.plan import Listening, server_plan
from broadgauge_host.service.model import Plan
from broadgauge_host.service.units import quoted, unit

HIGHEST_EXPOSURE = 2.0
DEPLOY = Path(__file__).parents[3] / "deploy"
AGENT = agent_plan("/opt/broadgauge-agent/bin/broadgauge-agent")
REFLECTOR = reflector_plan(
    "/opt/broadgauge-agent/bin/broadgauge-agent", host="0.0.0.0", port=8485, tls=True
)
SHARING = reflector_plan(
    "/opt/broadgauge-agent/bin/broadgauge-agent",
    host="0.0.0.0",
    port=8485,
    tls=False,
    access_key=Path("/etc/broadgauge/core.key"),
)
SERVER = server_plan("/opt/broadgauge/bin/broadgauge", Listening(host="0.0.0.0", port=8484))
LOW = server_plan(
    "/opt/broadgauge/bin/broadgauge",
    Listening(
        host="0.0.0.0", port=443, certificate=Path("/etc/ssl/a.pem"), key=Path("/etc/ssl/a.key")
    ),
)


def analyzed(directory: Path, plan: Plan, *command: str) -> str:
    """What systemd-analyze says of the unit, its command replaced by one that is here."""
    text = unit(plan, "test").replace(plan.command[0], "/bin/true")
    file = directory / f"{plan.name}.service"
    file.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", *command, str(file)], text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "plan",
    [AGENT, REFLECTOR, SHARING, SERVER, LOW],
    ids=["agent", "test server", "its access key", "server", "port 443"],
)
def test_a_unit_is_well_formed_and_hardened(tmp_path: Path, plan: Plan) -> None:
    said = analyzed(tmp_path, plan, "security", "--offline=true", "--no-pager")
    found = re.search(r"Overall exposure level for .*: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= HIGHEST_EXPOSURE, said
    assert analyzed(tmp_path, plan, "verify", "--man=no") == ""


def test_only_a_low_port_gets_a_right() -> None:
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE" in unit(LOW, "test")
    assert "CAP_" not in unit(SERVER, "test")


def test_no_secret_and_no_key_file_is_in_a_unit() -> None:
    text = unit(LOW, "test")
    assert "LoadCredential=tls-key:/etc/ssl/a.key" in text
    assert "--tls-key ${CREDENTIALS_DIRECTORY}/tls-key" in text


def test_a_program_in_a_folder_with_odd_letters_is_still_one_word() -> None:
    assert quoted("/opt/our schools/100%/x") == '"/opt/our schools/100%%/x"'
    assert 'ExecStart="/opt/a b/broadgauge-agent" --state' in unit(
        agent_plan("/opt/a b/broadgauge-agent"), ""
    )


@pytest.mark.parametrize(
    ("plan", "installer"),
    [(AGENT, INSTALLER), (REFLECTOR, INSTALLER), (SERVER, SERVER_INSTALLER)],
)
def test_the_units_shown_in_the_repository_are_those_installed(plan: Plan, installer: str) -> None:
    assert (DEPLOY / "systemd" / f"{plan.name}.service").read_text() == unit(plan, installer)


@pytest.mark.parametrize("plan", [AGENT, REFLECTOR])
def test_the_property_lists_shown_in_the_repository_are_those_installed(plan: Plan) -> None:
    state = Path("/Library/Application Support") / plan.name
    assert (DEPLOY / "macos" / file_of(plan.name).name).read_bytes() == property_list(plan, state)
