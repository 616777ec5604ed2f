"""What `broadgauge-agent doctor` finds. Each fault is one trouble, with what to do about it."""

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from broadgauge_agent.doctor import examine
from broadgauge_agent.doctor.proxies import proxy_for, tunnel
from broadgauge_agent.doctor.service import judged
from broadgauge_agent.identity import save_identity, save_settings
from broadgauge_agent.spool import Spool
from broadgauge_agent.state import StateLock
from broadgauge_host.diagnosis import Check
from broadgauge_host.service.model import ServiceStatus
from broadgauge_wire import Reflector, Settings
from tests.authorities import DAY, Authority
from tests.running import BIN, PATIENCE_SECONDS
from tests.scripted_collector import (
    ScriptedCollector,
    make_identity,
    make_reflector,
    make_result,
)

NOBODY = 65534
GUIDE = Path(__file__).parents[3].joinpath("docs/how-to/troubleshoot.md").read_text()
AS_NOBODY = f"""
import os
from broadgauge_agent import cli, doctor
os.setuid({NOBODY})  # this Python may be in a place that is root's alone
cli.main()
"""
OTHER_FINGERPRINT = "0" * 64


class Agent:
    """A joined agent that runs, in so far as its state directory is locked."""

    def __init__(self, state: Path, collector: ScriptedCollector, reflector: Reflector) -> None:
        self.state = state
        self.collector = collector
        self.settings = Settings(reflectors=(reflector,))
        self.identity = make_identity(collector.url)
        self.running: StateLock | None = None

    def keep(self) -> None:
        save_identity(self.state, self.identity)
        save_settings(self.state, self.settings)

    def joined(self, **changes: object) -> None:
        self.identity = replace(self.identity, **changes)
        self.keep()

    def told(self, **changes: object) -> None:
        self.settings = replace(self.settings, **changes)
        self.keep()

    def speak_tls(self, context: ssl.SSLContext, host: str = "127.0.0.1", **trust: object) -> None:
        self.collector.socket = context.wrap_socket(self.collector.socket, server_side=True)
        self.joined(collector_url=f"https://{host}:{self.collector.server_port}", **trust)

    def checks(self) -> list[Check]:
        return list(examine(self.state, self.state / "agent.toml", required=False))

    def troubles(self) -> dict[str, Check]:
        return {check.name: check for check in self.checks() if check.state == "trouble"}

    def start(self) -> None:
        self.running = StateLock(self.state)

    def stop(self) -> None:
        if self.running:
            self.running.release()


@pytest.fixture
def agent(tmp_path: Path, collector: ScriptedCollector, reflector_port: int) -> Iterator[Agent]:
    made = Agent(tmp_path, collector, make_reflector(reflector_port))
    made.keep()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def port_without_udp() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_a_healthy_agent_is_found_healthy(agent: Agent) -> None:
    found = {check.name: check.state for check in agent.checks()}

    assert set(found.values()) == {"ok"}
    assert list(found) == WHEN_WELL


WHEN_WELL = [
    "disk",
    "state directory",
    "configuration",
    "spool",
    "identity",
    "service",
    "name service",
    "collector, TCP",
    "collector",
    "clock",
    "test server Core, TCP",
    "test server Core, filters",
    "test server Core, UDP echo",
    "test server Core, way",
    "school network",
    "this machine's processor",
    "what this machine can measure",
]


def wrong_port(agent: Agent) -> None:
    agent.joined(collector_url="http://127.0.0.1:1")


def revoked(agent: Agent) -> None:
    agent.collector.settings_status = 401


def broken(agent: Agent) -> None:
    agent.collector.settings_status = 503


def a_sign_in_page(agent: Agent) -> None:
    agent.collector.settings_status = 204


def no_test_server(agent: Agent) -> None:
    agent.told(reflectors=())


def stopped_test_server(agent: Agent) -> None:
    agent.told(reflectors=(make_reflector(1),))


def wrong_setting(agent: Agent) -> None:
    (agent.state / "agent.toml").write_text("speed = 3\n")


def setting_out_of_bounds(agent: Agent) -> None:
    agent.told(
        configuration={"probes.throughput.max_seconds": 3600, "probes.latency.enabled": True}
    )


def readable_identity(agent: Agent) -> None:
    (agent.state / "identity.json").chmod(0o644)


def foreign_identity(agent: Agent) -> None:
    os.chown(agent.state / "identity.json", NOBODY, NOBODY)


def wrong_clock(agent: Agent) -> None:
    agent.collector.clock_ahead_seconds = 3600.0


def damaged_spool(agent: Agent) -> None:
    agent.stop()
    spool = Spool(agent.state, agent.identity.agent_id)
    spool.put([make_result() for _ in range(200)])
    spool.close()
    with (agent.state / "spool.sqlite").open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(40960))
    agent.start()


def inspected(agent: Agent) -> None:
    filter_ = Authority("Securly CA")
    agent.speak_tls(filter_.context(agent.state, "127.0.0.1"), fingerprint=OTHER_FINGERPRINT)


def inspected_where_the_system_is_asked(agent: Agent) -> None:
    agent.speak_tls(Authority("Zscaler Root CA").context(agent.state, "127.0.0.1"))


def replaced_certificate(agent: Agent) -> None:
    district = Authority("District")
    agent.speak_tls(district.context(agent.state, "127.0.0.1"), fingerprint=OTHER_FINGERPRINT)


def expired(agent: Agent) -> None:
    district = Authority("District")
    context = district.context(agent.state, "127.0.0.1", begins=-90 * DAY, ends=-DAY)
    agent.speak_tls(context, ca=district.pem)


def expired_by_a_wrong_clock(agent: Agent) -> None:
    expired(agent)
    agent.collector.clock_ahead_seconds = -30 * DAY.total_seconds()


def not_valid_yet(agent: Agent) -> None:
    district = Authority("District")
    context = district.context(agent.state, "127.0.0.1", begins=5 * DAY)
    agent.speak_tls(context, ca=district.pem)


def other_name(agent: Agent) -> None:
    district = Authority("District")
    context = district.context(agent.state, "server.example")
    agent.speak_tls(context, ca=district.pem)


def unknown_issuer(agent: Agent) -> None:
    agent.speak_tls(Authority("District").context(agent.state, "127.0.0.1"))


def plain_where_tls_is_due(agent: Agent) -> None:
    agent.joined(collector_url=f"https://127.0.0.1:{agent.collector.server_port}")


FAULTS: dict[Callable[[Agent], None], tuple[str, str, str]] = {
    wrong_port: ("collector, TCP", "refuses connections", "broadgauge doctor"),
    revoked: ("collector", "refuses this agent's key", "join URL --token TOKEN --force"),
    broken: ("collector", "answered 503", "broadgauge doctor"),
    a_sign_in_page: ("collector", "not as a collector does", "sign-in page"),
    wrong_clock: ("clock", "s behind the collector's", "NTP"),
    damaged_spool: ("spool", "is damaged", "Start the agent again"),
    no_test_server: ("test servers", "none is known", "broadgauge reflectors add"),
    stopped_test_server: ("test server Core, TCP", "refuses", "broadgauge-agent reflector"),
    wrong_setting: ("configuration", "speed", "Did you mean"),
    setting_out_of_bounds: (
        "settings from the collector",
        "probes.throughput.max_seconds",
        "broadgauge settings",
    ),
    readable_identity: ("identity", "mode 0644", "chmod 600"),
    foreign_identity: ("identity", f"belongs to user {NOBODY}", "chown 0:0"),
    inspected: ("collector, certificate", "probably Securly", "Exempt 127.0.0.1"),
    inspected_where_the_system_is_asked: ("collector, certificate", "Zscaler", "Exempt"),
    replaced_certificate: ("collector, certificate", "by District", "with a fresh token"),
    expired: ("collector, certificate", "expired on", "Renew the certificate"),
    expired_by_a_wrong_clock: ("collector, certificate", "expired on", "NTP"),
    not_valid_yet: ("collector, certificate", "not valid before", "NTP"),
    other_name: ("collector, certificate", "for server.example", "name that the certificate"),
    unknown_issuer: ("collector, certificate", "District, which this system", "--ca FILE"),
    plain_where_tls_is_due: ("collector, certificate", "doesn't speak TLS", "http://"),
}


@pytest.mark.parametrize("arrange", FAULTS, ids=lambda arrange: arrange.__name__)
def test_each_fault_is_one_trouble_with_what_to_do(
    arrange: Callable[[Agent], None], agent: Agent
) -> None:
    name, detail, advice = FAULTS[arrange]
    arrange(agent)

    (found,) = agent.troubles().values()

    assert found.name == name
    assert detail in found.detail
    assert advice in (found.advice or "")


def test_each_check_is_in_the_guide() -> None:
    names = {name for name, _, _ in FAULTS.values()} | set(WHEN_WELL)
    missing = [name for name in names if f"`{name.replace('Core', 'NAME')}`" not in GUIDE]
    assert missing == []


def test_where_udp_is_blocked_its_port_is_to_be_let_through(
    agent: Agent, port_without_udp: int
) -> None:
    agent.told(reflectors=(make_reflector(port_without_udp),))

    (found,) = agent.troubles().values()

    assert found.name == "test server Core, UDP echo"
    assert f"Let UDP port {port_without_udp} through" in (found.advice or "")


def test_a_certificate_that_is_right_is_well_and_a_soon_to_end_one_is_said(agent: Agent) -> None:
    district = Authority("District")
    context = district.context(agent.state, "127.0.0.1", ends=3 * DAY)
    agent.speak_tls(context, ca=district.pem)

    found = {check.name: check for check in agent.checks()}["collector, certificate"]

    assert found.state == "ok"
    assert "by District" in found.detail
    assert "renew it" in (found.advice or "")


def test_an_agent_that_has_not_joined_is_told_how_and_no_more(tmp_path: Path) -> None:
    done = doctor("--state", str(tmp_path), "--json")
    found = json.loads(done.stdout)

    assert done.returncode == 1
    (trouble,) = (check for check in found if check["state"] == "trouble")
    assert trouble["name"] == "identity"
    assert "broadgauge-agent join URL --token TOKEN" in trouble["advice"]


def test_doctor_makes_no_state_directory(tmp_path: Path) -> None:
    list(examine(tmp_path / "none", tmp_path / "none" / "agent.toml", required=False))
    assert not (tmp_path / "none").exists()


def test_where_the_agent_does_not_run_that_is_the_trouble(
    tmp_path: Path, collector: ScriptedCollector, reflector_port: int
) -> None:
    Agent(tmp_path, collector, make_reflector(reflector_port)).keep()
    done = doctor("--state", str(tmp_path))

    assert done.returncode == 1
    assert "trouble service: the agent doesn't run" in done.stdout
    assert done.stdout.count("trouble") == 1


def test_a_full_disk_is_told_once(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", tmp_path], check=True)
    try:
        (tmp_path / "filler").write_bytes(b"x" * (1 << 20))
        found = list(examine(tmp_path, tmp_path / "agent.toml", required=False))
    finally:
        subprocess.run(["umount", tmp_path], check=True)

    troubles = [check.name for check in found if check.cause == "disk full"]
    assert troubles == ["disk"]


def test_a_user_who_may_not_read_the_agents_files_is_told_so_once() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        state = Path(folder, "state")
        state.mkdir(mode=0o700)
        save_identity(state, make_identity("http://127.0.0.1:1"))
        arguments = ("doctor", "--state", str(state), "--json")
        done = run(sys.executable, "-c", AS_NOBODY, *arguments)

    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    troubles = [check for check in found if check["state"] == "trouble"]
    assert [check["name"] for check in troubles] == ["state directory"]
    assert "as the agent's user" in troubles[0]["advice"]


def test_the_proxy_of_the_environment_is_used_but_never_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://user:word@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "near.example")

    found = proxy_for("https://broadgauge.example")

    assert found is not None
    assert (found.host, found.port) == ("proxy.example", 3128)
    assert proxy_for("https://near.example") is None
    assert proxy_for("https://127.0.0.1:8484") is None


def test_a_proxy_is_asked_for_the_way_and_its_refusal_is_told() -> None:
    near, proxy = socket.socketpair()
    with near, proxy:
        proxy.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        assert tunnel(near, "broadgauge.example", 8484) is near
        assert proxy.recv(1024).startswith(b"CONNECT broadgauge.example:8484 HTTP/1.1")
        proxy.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        with pytest.raises(OSError, match="the proxy answers 407"):
            tunnel(near, "broadgauge.example", 8484)


RUNS = ServiceStatus(
    name="broadgauge-agent", manager="systemd", installed=True, running=True, logs="journalctl"
)


@pytest.mark.parametrize(
    ("status", "running", "state", "words"),
    [
        (RUNS, True, "ok", "the agent runs"),
        (replace(RUNS, restarts=3), True, "ok", "3 times"),
        (replace(RUNS, running=False, says="exit-code"), False, "trouble", "exit-code"),
        (replace(RUNS, installed=False), True, "ok", "not as a service"),
        (replace(RUNS, installed=False), False, "trouble", "service install"),
    ],
)
def test_the_service_is_judged_by_what_runs(
    status: ServiceStatus, running: bool, state: str, words: str
) -> None:
    found = judged(status, running=running)

    assert found.state == state
    assert words in f"{found.detail} {found.advice}"


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(str(BIN / "broadgauge-agent"), "doctor", *arguments)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("BROADGAUGE")}
    return subprocess.run(
        command,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
