"""`broadgauge up` where other machines reach it: over TLS, at one address and then at another."""

from pathlib import Path
from typing import Any

from broadgauge_agent.identity import load_identity
from broadgauge_host.own_certificate import fingerprint_in
from lab.hosts import hosts
from tests.running import Server, eventually, running

FIRST, SECOND = "10.20.0.1", "10.20.0.2"


def heard(server: Server, since: str = "") -> Any:
    """The one agent, once it was heard after a moment."""

    def agents() -> list[Any]:
        found = server.get("/api/v1/agents")
        return [agent for agent in found if (agent["last_seen_at"] or "") > since]

    (agent,) = eventually(agents, "the agent of this machine to report")
    return agent


def test_its_agent_joins_over_tls_and_follows_it_to_another_address(tmp_path: Path) -> None:
    data = tmp_path / "data"
    state = data / "agent"
    with hosts("server") as (host,), host.inside():
        for address in (FIRST, SECOND):
            host.add_address(f"{address}/32")
        with running(data, host=FIRST) as server:
            first = heard(server)
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
            moved = load_identity(state)
            assert (moved.collector_url, moved.fingerprint) == (server.url, fingerprint)
        with running(data) as server:  # on this machine alone again, where nobody listens in
            assert server.url.startswith("http://")
            assert heard(server, second["last_seen_at"])["id"] == first["id"]
            assert load_identity(state).fingerprint is None
