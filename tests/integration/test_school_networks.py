"""A laptop at school, at home and on a VPN: real interfaces, real handshakes, one real agent."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from broadgauge_agent.identity import save_identity, save_settings
from broadgauge_agent.spool_file import view_spool
from broadgauge_host.certificates import fingerprint_of
from broadgauge_wire import Reflector, Settings, new_id
from lab.hosts import Host, Port, cable, hosts
from lab.vpn import vpn
from tests.running import BIN, PATIENCE_SECONDS, eventually
from tests.scripted_collector import ScriptedCollector, make_identity

AGENT = str(BIN / "broadgauge-agent")
INTERNET = "198.51.100.1"
"""Where the collector is: on the internet, by its address."""

SCHOOL, HOME = "10.20.1", "192.168.77"
LISTED = "10.20.0.0/16"
QUICK = "[probes.latency]\ninterval_seconds = 1\n[probes.throughput]\nenabled = false\n"

IMPATIENT = """
from broadgauge_agent import presence
presence.FRESH_SECONDS = 1.0
from broadgauge_agent.cli import main
main()
"""
"""The agent, but it looks every second instead of every half minute."""

PROVE = """
import sys
from pathlib import Path
from broadgauge_agent.identity import load_identity, load_settings
from broadgauge_agent.school_network import prove
from broadgauge_wire import encode
state = Path(sys.argv[1])
proof = prove(load_identity(state), load_settings(state))
print(encode({"proven": proof.proven, "words": proof.words}).decode())
"""


@dataclass
class World:
    """A server, a laptop, and a cable between them at school and another one at home."""

    server: Host
    laptop: Host
    at_school: Port
    at_home: Port
    state: Path

    def go(self, where: str) -> None:
        """Pull one cable, and plug in the other."""
        port = self.at_school if where == SCHOOL else self.at_home
        other = self.at_home if where == SCHOOL else self.at_school
        other.set_cable(plugged=False)
        port.set_cable(plugged=True)
        self.laptop.add_route("default", f"{where}.1")

    def prove(self) -> tuple[bool, str]:
        said = self.laptop.run([sys.executable, "-c", PROVE, str(self.state)]).stdout
        found: dict[str, Any] = json.loads(said)
        return found["proven"], found["words"]

    def know(self, url: str, settings: Settings, fingerprint: str | None = None) -> None:
        known = make_identity(url)
        save_identity(self.state, type(known)(**{**fields(known), "fingerprint": fingerprint}))
        save_settings(self.state, settings)


def fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with hosts("server", "laptop") as (server, laptop):
        server.add_address(f"{INTERNET}/32")
        _, at_school = cable(server, laptop, f"{SCHOOL}.1/24", f"{SCHOOL}.2/24")
        _, at_home = cable(server, laptop, f"{HOME}.1/24", f"{HOME}.2/24")
        made = World(server, laptop, at_school, at_home, tmp_path / "state")
        made.state.mkdir()
        made.go(SCHOOL)
        yield made


@contextmanager
def collector_on(host: Host, address: str) -> Iterator[ScriptedCollector]:
    with host.inside():
        server = ScriptedCollector(address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def tls_test_server(host: Host, state: Path) -> Iterator[str]:
    """A real test server with a certificate of its own, on every address; its fingerprint."""
    argv = [AGENT, "reflector", "--host", "::", "--port", "8485", "--tls", "--state", str(state)]
    process = subprocess.Popen(host.command(argv), stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        for line in process.stderr:
            words = line.split()
            if "--fingerprint" in words:
                yield words[words.index("--fingerprint") + 1]
                return
        raise AssertionError("the test server named no fingerprint")
    finally:
        process.terminate()
        process.stderr.close()
        process.wait(PATIENCE_SECONDS)


def reflector_at(address: str, fingerprint: str | None = None) -> Reflector:
    return Reflector(
        id=new_id(),
        name="Core",
        host=address,
        port=8485,
        segment="wan",
        tls=fingerprint is not None,
        fingerprint=fingerprint,
    )


@contextmanager
def agent(world: World) -> Iterator[list[str]]:
    """The agent, running on the laptop; its log."""
    (world.state / "agent.toml").write_text(QUICK)
    argv = [sys.executable, "-c", IMPATIENT, "--state", str(world.state), "run"]
    argv += ["--log-level", "debug"]
    process = subprocess.Popen(world.laptop.command(argv), stderr=subprocess.PIPE, text=True)
    log: list[str] = []
    reader = threading.Thread(target=lambda: log.extend(process.stderr or ()))
    reader.start()
    try:
        yield log
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        reader.join(PATIENCE_SECONDS)
        assert process.stderr
        process.stderr.close()


def asleep_said(collector: ScriptedCollector) -> int:
    return sum(1 for request in collector.requests if request.path == "/api/v1/asleep")


def status(world: World) -> dict[str, Any]:
    done = world.laptop.run([AGENT, "status", "--json", "--state", str(world.state)])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_agent_taken_home_sleeps_says_nothing_of_the_place_and_wakes_at_school(
    world: World,
) -> None:
    with collector_on(world.server, INTERNET) as collector:
        collector.settings = Settings(school_networks=(LISTED,))
        world.know(collector.url, collector.settings)
        with agent(world) as log:
            collector.wait_for_batches(1)
            assert not asleep_said(collector)
            world.go(HOME)
            eventually(lambda: asleep_said(collector), "the word that it sleeps")
            begun = len(collector.requests), len(collector.batches)
            view = eventually(lambda: view_spool(world.state), "the spool")
            threading.Event().wait(5)
            later = view_spool(world.state)
            assert later is not None
            assert (later.waiting, later.facts) == (view.waiting, view.facts)
            assert (len(collector.requests), len(collector.batches)) == begun
            assert status(world)["asleep"] is True
            world.go(SCHOOL)
            eventually(lambda: len(collector.batches) > begun[1], "results again")
            assert status(world)["school_network"] == f"an address of this machine is in {LISTED}"
        said = collector.requests
    kept = b"".join(file.read_bytes() for file in world.state.iterdir() if file.is_file())
    spoken = b"".join(r.path.encode() + str(r.headers).encode() + r.body for r in said)
    spoken += b"".join(bytes(raw) for batch in collector.batches for raw in batch.results)
    for canary in (HOME, f"{SCHOOL}.2"):
        assert canary not in "".join(log)
        assert canary.encode() not in kept
        assert canary.encode() not in spoken
    assert [r.body for r in said if r.path == "/api/v1/asleep"] == [b"{}"]


def test_a_subnet_listed_while_it_sleeps_wakes_it(world: World) -> None:
    with collector_on(world.server, INTERNET) as collector:
        world.know(collector.url, Settings())
        collector.settings = Settings(school_networks=(LISTED,))
        with agent(world) as log:
            collector.wait_for_batches(1)
        assert asleep_said(collector) == 1
    assert any("broadgauge networks add" in line for line in log)


def test_plain_http_and_a_test_server_without_a_key_prove_nothing(world: World) -> None:
    settings = Settings(reflectors=(reflector_at(f"{SCHOOL}.1"),))
    with collector_on(world.server, f"{SCHOOL}.1") as collector:
        world.know(collector.url, settings)
        proven, words = world.prove()
    assert not proven
    assert "plain http, which proves nothing" in words


def test_a_test_servers_key_proves_it_nearby_but_not_over_a_vpn(
    world: World, tmp_path: Path
) -> None:
    with tls_test_server(world.server, tmp_path / "reflector") as fingerprint:
        near, far = (reflector_at(each, fingerprint) for each in (f"{SCHOOL}.1", INTERNET))
        world.know("http://collector.invalid:8484", Settings(reflectors=(near,)))
        assert world.prove() == (True, "test server Core answers with its key")
        world.know("http://collector.invalid:8484", Settings(reflectors=(far,)))
        proven, words = world.prove()
        assert not proven
        assert "has a public address, which proves nothing" in words
        world.go(HOME)
        world.know("http://collector.invalid:8484", Settings(reflectors=(near,)))
        with vpn(world.laptop, world.server, "10.20.9.2/24", "10.20.9.1/24"):
            world.laptop.add_route("10.20.0.0/16", "10.20.9.1")
            handshake = tls_handshake(world.laptop, f"{SCHOOL}.1")
            assert handshake == fingerprint
            proven, words = world.prove()
            assert not proven
            assert "no way leads to test server Core but a VPN" in words


def test_the_collectors_key_proves_it_at_a_private_address_alone(
    world: World, tmp_path: Path
) -> None:
    with tls_test_server(world.server, tmp_path / "reflector") as fingerprint:
        world.know(f"https://{SCHOOL}.1:8485", Settings(), fingerprint)
        assert world.prove() == (True, "the collector answers with its key")
        world.know(f"https://{SCHOOL}.1:8485", Settings(), "ab" * 32)
        assert "something else answers at the address of the collector" in world.prove()[1]
        world.know(f"https://{SCHOOL}.1:8485", Settings())
        assert not world.prove()[0]
        world.know(f"https://{INTERNET}:8485", Settings(), fingerprint)
        assert "the collector has a public address" in world.prove()[1]


def tls_handshake(host: Host, address: str) -> str:
    """The fingerprint of whoever answers there: that a way leads there at all."""
    code = (
        "import sys\nfrom broadgauge_agent.trust import shown_certificate\n"
        "sys.stdout.buffer.write(shown_certificate(sys.argv[1], 8485))"
    )
    argv = host.command([sys.executable, "-c", code, address])
    return fingerprint_of(subprocess.run(argv, check=True, capture_output=True).stdout)


def test_a_listed_address_on_a_vpn_proves_nothing(world: World) -> None:
    world.know("http://collector.invalid:8484", Settings(school_networks=(LISTED,)))
    assert world.prove()[0]
    world.go(HOME)
    assert not world.prove()[0]
    with vpn(world.laptop, world.server, "10.20.9.2/24", "10.20.9.1/24"):
        assert not world.prove()[0]


def test_networks_inside_the_machine_prove_nothing(world: World) -> None:
    world.go(HOME)
    world.know("http://collector.invalid:8484", Settings(school_networks=("172.17.0.0/16",)))
    for line in (
        "ip link add docker0 type bridge",
        "ip link add inside type veth peer name container",
        "ip link set inside master docker0",
        "ip addr add 172.17.0.1/16 dev docker0",
        "ip link set docker0 up",
        "ip link set inside up",
        "ip link set container up",
    ):
        world.laptop.run(line.split())
    assert not world.prove()[0]


def test_an_address_of_version_6_counts_like_any_other(world: World) -> None:
    world.laptop.run(
        ["ip", "addr", "add", "fd00:20::2/64", "nodad", "dev", world.at_school.interface]
    )
    world.know("http://collector.invalid:8484", Settings(school_networks=("fd00:20::/48",)))
    assert world.prove() == (True, "an address of this machine is in fd00:20::/48")
    world.go(HOME)
    assert not world.prove()[0]


def test_a_test_over_a_vpn_says_so(world: World) -> None:
    argv = [AGENT, "reflector", "--host", "0.0.0.0", "--port", "8485"]
    with vpn(world.laptop, world.server, "10.9.0.2/24", "10.9.0.1/24"):
        process = subprocess.Popen(world.server.command(argv), stderr=subprocess.PIPE, text=True)
        assert process.stderr
        with process.stderr:
            process.stderr.readline()
            kinds = [path_kind(world, address) for address in ("10.9.0.1", f"{SCHOOL}.1")]
            process.terminate()
            process.wait(PATIENCE_SECONDS)
    assert kinds == ["vpn", "network"]


def path_kind(world: World, server: str) -> str:
    code = (
        "import sys\nfrom broadgauge_agent.probes.far_end import FarEnd\n"
        "from broadgauge_agent.manual import parse_server\n"
        "print(FarEnd(parse_server(sys.argv[1])).path_kind)"
    )
    return world.laptop.run([sys.executable, "-c", code, server]).stdout.strip()
