"""What `broadgauge-agent doctor` makes of networks that fail, each in its own way."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_agent.identity import save_identity, save_settings
from broadgauge_agent.state import StateLock
from broadgauge_wire import Settings, new_id
from broadgauge_wire.messages import Reflector
from lab.hosts import Port, cable, hosts, ip
from tests.name_server import NameServer, name_server
from tests.running import BIN, PATIENCE_SECONDS
from tests.scripted_collector import ScriptedCollector, make_identity

AGENT = str(BIN / "broadgauge-agent")
COLLECTOR_NAME = "collector.district.example"
LISTED = ("10.88.0.0/24",)


@dataclass
class Network:
    """A machine at school, the district's core with its collector and test server, and names."""

    school: Port
    core: Port
    names: NameServer
    collector: ScriptedCollector
    reflector: Reflector

    def doctor(self, state: Path, *, host: str | None = None, **settings: Any) -> dict[str, Any]:
        """The checks of an agent that knows its collector as `host`."""
        url = f"http://{host or self.core.address}:{self.collector.server_port}"
        save_identity(state, make_identity(url))
        known = Settings(reflectors=(self.reflector,), school_networks=LISTED)
        save_settings(state, replace(known, **settings))
        command = self.school.host.command([AGENT, "--state", str(state), "doctor", "--json"])
        running = StateLock(state)
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
            )
        finally:
            running.release()
        found = {check["name"]: check for check in json.loads(done.stdout)}
        is_well = all(check["state"] != "trouble" for check in found.values())
        assert done.returncode == (0 if is_well else 1), done.stderr
        return found


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with hosts("school", "core") as (school, core):
        near, far = cable(school, core, "10.88.0.1/24", "10.88.0.2/24")
        with (
            name_server(school) as names,
            collecting(far) as collector,
            reflecting(far) as reflector,
        ):
            names.known = {COLLECTOR_NAME: far.address}
            yield Network(near, far, names, collector, reflector)


@contextmanager
def collecting(at: Port) -> Iterator[ScriptedCollector]:
    with at.host.inside():
        collector = ScriptedCollector(at.address)
    thread = threading.Thread(target=collector.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield collector
    collector.shutdown()
    thread.join()
    collector.server_close()


@contextmanager
def reflecting(at: Port) -> Iterator[Reflector]:
    command = at.host.command([AGENT, "reflector", "--host", at.address, "--port", "0"])
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    with process.stderr as words:
        found = re.search(r"port (\d+)", words.readline())
        assert found
        yield Reflector(
            id=new_id(), name="Core", host=at.address, port=int(found[1]), segment="wan"
        )
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def troubles(found: dict[str, Any]) -> list[str]:
    return [name for name, check in found.items() if check["state"] == "trouble"]


def test_a_machine_on_a_listed_subnet_has_no_trouble(network: Network, tmp_path: Path) -> None:
    found = network.doctor(tmp_path, host=COLLECTOR_NAME)

    assert troubles(found) == []
    assert f"is {network.core.address} (IPv4)" in found["collector, address"]["detail"]
    assert "plain http" in found["collector"]["advice"]
    assert "10.88.0.0/24" in found["school network"]["detail"]
    assert "(wired" in found["what this machine can measure"]["detail"]


def test_a_machine_that_nothing_proves_at_school_is_said_to_sleep(
    network: Network, tmp_path: Path
) -> None:
    found = network.doctor(tmp_path, school_networks=())

    assert troubles(found) == ["school network"]
    assert "not proven" in found["school network"]["detail"]
    assert "the agent sleeps" in found["school network"]["advice"]
    assert "broadgauge networks add" in found["school network"]["advice"]


def test_a_firewall_that_drops_is_told_once_from_a_port_nobody_listens_on(
    network: Network, tmp_path: Path
) -> None:
    namespace = network.core.host.namespace
    ip("-n", namespace, "route", "add", "blackhole", f"{network.school.address}/32")
    try:
        found = network.doctor(tmp_path, school_networks=())
    finally:
        ip("-n", namespace, "route", "del", "blackhole", f"{network.school.address}/32")

    assert troubles(found) == ["collector, TCP"]
    assert "packets are dropped on the way" in found["collector, TCP"]["detail"]
    assert "through the firewalls" in found["collector, TCP"]["advice"]
    assert "'collector, TCP'" in found["test server Core, TCP"]["detail"]
    assert "'collector, TCP'" in found["school network"]["detail"]


def test_a_pulled_cable_is_no_firewall(network: Network, tmp_path: Path) -> None:
    network.school.set_cable(plugged=False)
    try:
        found = network.doctor(tmp_path)
    finally:
        network.school.set_cable(plugged=True)

    assert troubles(found) == ["collector, TCP"]
    assert "no way leads to" in found["collector, TCP"]["detail"]
    assert "cable" in found["collector, TCP"]["advice"]


def test_a_filter_that_answers_for_every_name_is_named_as_such(
    network: Network, tmp_path: Path
) -> None:
    network.names.otherwise = "10.88.0.9"
    try:
        found = network.doctor(tmp_path, host="forgotten.district.example")
    finally:
        network.names.otherwise = None

    assert troubles(found) == ["name service"]
    assert "10.88.0.9" in found["name service"]["detail"]
    assert "content filter or a sign-in page" in found["name service"]["advice"]
    assert found["collector, address"]["state"] == "unknown"


def test_a_name_that_nobody_knows_is_the_names_fault(network: Network, tmp_path: Path) -> None:
    found = network.doctor(tmp_path, host="misspelled.district.example")

    assert troubles(found) == ["collector, address"]
    assert "there is no name misspelled" in found["collector, address"]["detail"]
    assert "how it is spelled" in found["collector, address"]["advice"]


def test_a_silent_name_service_is_not_the_names_fault(network: Network, tmp_path: Path) -> None:
    network.names.mute = True
    try:
        found = network.doctor(tmp_path, host=COLLECTOR_NAME)
    finally:
        network.names.mute = False

    assert troubles(found) == ["collector, address"]
    assert "DNS server" in found["collector, address"]["advice"]
    assert found["name service"]["state"] == "unknown"
