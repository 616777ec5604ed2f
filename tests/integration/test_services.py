"""Server, test server and agent as services of a real systemd, with every restriction in force."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broadgauge_host.certificates import make_certificate
from lab.systemd import PREFIX, Machine, machine
from tests.running import eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")

AGENT, SERVER = f"{PREFIX}/bin/broadgauge-agent", f"{PREFIX}/bin/broadgauge"
DATA = ("--data", "/var/lib/broadgauge")
STATE = "/var/lib/broadgauge-agent"
IMPATIENT = "[Service]\\nWatchdogSec=2\\nRestartSec=0\\n"
KEY = "/etc/ssl/private/lab.key"
CHAIN = "/etc/ssl/lab.pem"
ACCESS_KEY = "/etc/core.key"
ASK = f"""
import ssl, urllib.request
trusting = ssl.create_default_context(cafile="{CHAIN}")
print(urllib.request.urlopen("https://localhost/readyz", context=trusting).read())
"""


@pytest.fixture
def booted(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path, "broadgauge", "broadgauge-agent") as running:
        yield running


def status(booted: Machine, command: str, *options: str) -> Any:
    return json.loads(booted.run(command, "service", "status", "--json", *options, check=False))


def join(booted: Machine) -> None:
    """A school, and this machine's agent in it."""
    booted.run(SERVER, "schools", "add", "Lincoln", "--timezone", "America/Chicago", *DATA)
    said = booted.run(SERVER, "token", "create", "--school", "Lincoln", *DATA)
    token = next(word for word in said.split() if word.startswith("bgj_"))
    booted.run(AGENT, "join", "http://127.0.0.1:8484", "--token", "-", input=token)


def install_the_core(booted: Machine) -> None:
    """A test server whose access key only root can read."""
    where = ("Core", "--host", "127.0.0.1", "--segment", "lan")
    said = booted.run(SERVER, "reflectors", "add", *where, "--access-key", *DATA)
    key = next(word for word in said.split() if word.startswith("bgr_"))
    booted.run("sh", "-c", f"umask 077; cat > {ACCESS_KEY}", input=key)
    options = ("--host", "127.0.0.1", "--access-key-file", ACCESS_KEY)
    booted.run(AGENT, "service", "install", "--reflector", *options)


def kinds(booted: Machine) -> set[str]:
    kinds = ("inventory", "latency", "throughput")
    export = (SERVER, "export", "results", *DATA, "--kind")
    return {kind for kind in kinds if "0.1.0" in booted.run(*export, kind)}


def test_three_services_measure_and_outlive_what_befalls_them(booted: Machine) -> None:
    booted.run(SERVER, "service", "install", "--host", "127.0.0.1")
    install_the_core(booted)
    booted.run(AGENT, "service", "install")
    for found in (
        status(booted, SERVER),
        status(booted, AGENT),
        status(booted, AGENT, "--reflector"),
    ):
        assert found["running"], found
        assert found["starts_with_the_machine"]
        assert found["watchdog_seconds"] == 60
    assert "Waiting to be joined" in status(booted, AGENT)["says"]

    # Installed first, joined later, and by root: the service may read what root wrote.
    booted.run("sh", "-c", f"echo 'probes.throughput.max_seconds = 1' > {STATE}/agent.toml")
    join(booted)
    eventually(lambda: len(kinds(booted)) == 3, "every kind of result")
    eventually(lambda: "Measuring for Lincoln" in status(booted, AGENT)["says"], "a status")
    assert booted.run(SERVER, "verdicts", *DATA)

    # A wrong configuration changes nothing.
    booted.run("sh", "-c", f"echo 'nonsense = 1' > {STATE}/agent.toml")
    booted.run("systemctl", "reload", "broadgauge-agent")
    eventually(lambda: "nonsense" in booted.journal("broadgauge-agent"), "what is wrong with it")
    assert status(booted, AGENT)["running"]
    assert status(booted, AGENT)["restarts"] == 0

    booted.run(AGENT, "service", "remove")
    assert not status(booted, AGENT)["installed"]
    assert "identity.json" in booted.run("ls", "/var/lib/private/broadgauge-agent")
    assert "stopped waiting=0" in booted.journal("broadgauge-agent")


@pytest.mark.parametrize(
    ("service", "install"),
    [
        ("broadgauge", (SERVER, "service", "install", "--host", "127.0.0.1")),
        ("broadgauge-agent", (AGENT, "service", "install")),
        ("broadgauge-test-server", (AGENT, "service", "install", "--reflector")),
    ],
)
def test_a_service_that_stands_still_is_started_again(
    booted: Machine, service: str, install: tuple[str, ...]
) -> None:
    place = f"/etc/systemd/system/{service}.service.d"
    booted.run("sh", "-c", f"mkdir -p {place}; printf '{IMPATIENT}' > {place}/impatient.conf")
    booted.run(*install)
    first = booted.facts(service, "MainPID")
    booted.run("systemctl", "kill", "--signal=STOP", service)

    def again() -> bool:
        facts = booted.facts(service, "MainPID", "ActiveState")
        return facts["ActiveState"] == "active" and facts["MainPID"] != first["MainPID"]

    eventually(again, "another process")
    assert booted.facts(service, "NRestarts")["NRestarts"] == "1"


def test_an_agent_that_joined_before_it_was_installed_measures_at_once(booted: Machine) -> None:
    booted.run(SERVER, "service", "install", "--host", "127.0.0.1")
    join(booted)
    booted.run(AGENT, "service", "install")
    eventually(lambda: "Measuring for Lincoln" in status(booted, AGENT)["says"], "a status")


def test_a_server_on_a_low_port_uses_a_key_that_only_root_can_read(booted: Machine) -> None:
    chain, key = make_certificate("district", ("localhost", "127.0.0.1"))
    booted.run("sh", "-c", f"umask 077; mkdir -p /etc/ssl/private; cat > {KEY}", input=key.decode())
    booted.run("sh", "-c", f"cat > {CHAIN}", input=chain.decode())
    tls = ("--tls-certificate", CHAIN, "--tls-key", KEY)
    booted.run(SERVER, "service", "install", "--host", "127.0.0.1", "--port", "443", *tls)
    assert status(booted, SERVER)["says"] == "Serving at https://127.0.0.1:443"
    ask = (f"{PREFIX}/bin/python", "-c", ASK)
    eventually(lambda: "ready" in booted.run(*ask, check=False), "an answer over TLS")


def test_the_environment_file_stands_above_what_was_installed(booted: Machine) -> None:
    booted.run(
        "sh", "-c", "mkdir /etc/broadgauge; echo BROADGAUGE_PORT=9000 > /etc/broadgauge/server.env"
    )
    booted.run(SERVER, "service", "install", "--host", "127.0.0.1")
    assert status(booted, SERVER)["says"] == "Serving at http://127.0.0.1:9000"
