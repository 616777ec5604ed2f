"""A planned test waits for another time while somebody works on the machine, and says so."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from broadgauge_agent.identity import save_identity, save_settings
from broadgauge_agent.spool import Spool
from broadgauge_wire import Settings
from lab.hosts import Host, cable, hosts
from tests.integration.test_school_networks import collector_on, reflector_at
from tests.running import BIN, PATIENCE_SECONDS, eventually
from tests.scripted_collector import make_identity

AGENT = str(BIN / "broadgauge-agent")
FAR, NEAR = "10.20.1.1", "10.20.1.2"
TOML = """
[probes.inventory]
enabled = false
[probes.latency]
enabled = false
[probes.throughput]
max_seconds = 0.5
"""

DOWNLOAD = """
import socket, sys, time
channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    for _ in range(40):
        channel.sendto(bytes(1250), (sys.argv[1], 9))
    time.sleep(0.01)
"""
"""What a person's download is to the machine: about 40 Mbps that aren't the agent's."""


class Laptop(NamedTuple):
    """A machine, and the address of its collector, which knows of no slots."""

    host: Host
    collector: str


@pytest.fixture
def laptop() -> Iterator[Laptop]:
    with hosts("server", "laptop") as (server, made):
        cable(server, made, f"{FAR}/24", f"{NEAR}/24")
        argv = server.command([AGENT, "reflector", "--host", FAR, "--port", "8485"])
        with program(argv) as process, collector_on(server, FAR) as collector:
            assert process.stderr
            process.stderr.readline()
            collector.settings = Settings(
                reflectors=(reflector_at(FAR),), school_networks=("10.20.0.0/16",)
            )
            yield Laptop(made, collector.url)


@contextmanager
def program(argv: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def next_test(
    laptop: Laptop, state: Path, toml: str, *, has_tested: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run an agent on the laptop until a planned test is over: the test, and the status."""
    state.mkdir()
    (state / "agent.toml").write_text(toml)
    known = Settings(reflectors=(reflector_at(FAR),), school_networks=("10.20.0.0/16",))
    identity = make_identity(laptop.collector)
    save_identity(state, identity)
    save_settings(state, known)
    if has_tested:
        with closing(Spool(state, identity.agent_id)) as spool:
            spool.note("last:throughput", [])
    command = [AGENT, "--state", str(state)]

    def status() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(laptop.host.run([*command, "status", "--json"]).stdout)
        return found

    with program(laptop.host.command([*command, "run", "--log-level", "warning"])):
        eventually(lambda: status()["last_results"].get("throughput"), "a test")
        found = status()
    return found["last_results"]["throughput"][0], found


def test_a_test_beside_somebodys_download_is_skipped_with_the_reason(
    laptop: Laptop, tmp_path: Path
) -> None:
    with program(laptop.host.command([sys.executable, "-c", DOWNLOAD, FAR])):
        test, status = next_test(laptop, tmp_path / "agent", TOML)
    assert (test["kind"], test["probe"], test["segment"]) == ("skipped", "throughput", "wan")
    assert test["reason"].startswith("this machine was busy: its own traffic was ")
    assert test["reason"].endswith(" Mbps")
    assert status["calibration"] is None


def test_the_first_test_ever_shows_whoever_set_the_agent_up_that_it_works(
    laptop: Laptop, tmp_path: Path
) -> None:
    with program(laptop.host.command([sys.executable, "-c", DOWNLOAD, FAR])):
        test, _ = next_test(laptop, tmp_path / "agent", TOML, has_tested=False)
    assert test["kind"] == "throughput", test


def test_a_machine_that_is_there_to_measure_never_skips_and_knows_its_processor(
    laptop: Laptop, tmp_path: Path
) -> None:
    toml = TOML + "skip_when_busy = false\n"
    with program(laptop.host.command([sys.executable, "-c", DOWNLOAD, FAR])):
        test, status = next_test(laptop, tmp_path / "agent", toml)
    assert test["kind"] == "throughput", test
    calibration = status["calibration"]
    for way in ("plain_bits_per_second", "tls_bits_per_second"):
        assert calibration[way].keys() == {"download", "upload"}
        assert min(calibration[way].values()) > 1e6
