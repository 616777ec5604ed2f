"""`broadgauge up` where other machines reach it: over TLS, at one address and then at another."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect
from typing import Any

from broadgauge_agent.identity import load_identity
from broadgauge_host.addresses import look_up
from broadgauge_host.diagnosis import ADMITTED, NOBODYS_TOKEN, REFUSED, ask_for_test, connector
from broadgauge_host.own_certificate import fingerprint_in
from lab.hosts import hosts
from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, running

FIRST, SECOND = "10.20.0.1", "10.20.0.2"
THIS_COMPUTER = "This computer"


@contextmanager
def a_machine_with_two_addresses() -> Iterator[None]:
    """What runs in the block, runs there."""
    with hosts("server") as (host,), host.inside():
        for address in (FIRST, SECOND):
            host.add_address(f"{address}/32")
        yield


def heard(server: Server, since: str = "") -> Any:
    """The one agent, once it was heard after a moment."""

    def agents() -> list[Any]:
        found = server.get("/api/v1/agents")
        return [agent for agent in found if (agent["last_seen_at"] or "") > since]

    (agent,) = eventually(agents, "the agent of this machine to report")
    return agent


def has_a_token(data: Path) -> bool:
    """Whether `up`'s agent was told of one."""
    return bool(json.loads((data / "agent" / "settings.json").read_text())["access_tokens"])


def status_for_strangers(server: Server) -> int:
    """What `up`'s test server says to a token that nobody signed."""
    (reflector,) = server.get("/api/v1/reflectors")
    (address,) = look_up(reflector["host"], reflector["port"]).addresses
    return ask_for_test(reflector["host"], connector(address), None, NOBODYS_TOKEN).status


def kept_key(data: Path) -> str:
    """The one access key in the control database."""
    with closing(connect(data / "control.sqlite")) as control:
        ((key,),) = control.execute("SELECT key FROM access_key").fetchall()
    return str(key)


def access_by_doctor(program: str, *place: str) -> list[str]:
    """In which state the doctor of either program finds the access to the test server."""
    command = (str(BIN / program), *place, "--json")
    done = subprocess.run(
        command, text=True, capture_output=True, timeout=PATIENCE_SECONDS, check=False
    )
    name = f"test server {THIS_COMPUTER}, access"
    return [check["state"] for check in json.loads(done.stdout) if check["name"] == name]


def test_its_agent_joins_over_tls_and_follows_it_to_another_address(tmp_path: Path) -> None:
    data = tmp_path / "data"
    state = data / "agent"
    with a_machine_with_two_addresses():
        with running(data, host=FIRST) as server:
            first = heard(server)
            key = kept_key(data)
            fingerprint = fingerprint_in(data / "tls" / "certificate.pem")
            words = eventually(lambda: "\n".join(server.words) or "", "the greeting")
            assert fingerprint in words
            assert "Browsers will say" in words
            assert f"{server.url}/login" in words
            identity = load_identity(state)
            assert server.url.startswith("https://")
            assert (identity.collector_url, identity.fingerprint) == (server.url, fingerprint)
        with running(data, host=SECOND) as server:
            second = heard(server, first["last_seen_at"])
            assert second["id"] == first["id"]
            assert kept_key(data) == key
            assert status_for_strangers(server) == REFUSED
            moved = load_identity(state)
            assert (moved.collector_url, moved.fingerprint) == (server.url, fingerprint)
        with running(data) as server:  # on this machine alone again, where nobody listens in
            assert server.url.startswith("http://")
            assert heard(server, second["last_seen_at"])["id"] == first["id"]
            assert load_identity(state).fingerprint is None


def test_once_others_reach_its_test_server_that_is_for_agents_with_a_token(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with a_machine_with_two_addresses():
        with running(data) as server:
            before = heard(server)
            (alone,) = server.get("/api/v1/reflectors")
            assert not alone["has_access_key"]
            assert status_for_strangers(server) == ADMITTED
            assert access_by_doctor("broadgauge", "doctor", "--data", str(data)) == []
        with running(data, host=FIRST) as server:
            (reachable,) = server.get("/api/v1/reflectors")
            assert (reachable["id"], reachable["has_access_key"]) == (alone["id"], True)
            assert status_for_strangers(server) == REFUSED
            assert heard(server, before["last_seen_at"])["id"] == before["id"]
            eventually(lambda: has_a_token(data), "the agent to be given a token")
            agent = ("--state", str(data / "agent"), "doctor")
            assert access_by_doctor("broadgauge-agent", *agent) == ["ok"]
            assert access_by_doctor("broadgauge", "doctor", "--data", str(data)) == ["ok"]
        assert kept_key(data) not in "\n".join(server.words)
