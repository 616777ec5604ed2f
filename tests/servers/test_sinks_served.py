"""A sink of a server that runs as people run it: added, looked at and removed by command."""

import json
from pathlib import Path
from urllib.request import Request, urlopen

from broadgauge_collector.schools.model import Agent
from broadgauge_wire import JoinAnswer, decode, encode
from tests.collecting import batch, throughput
from tests.line_database import DatabaseServer, line_database
from tests.running import Server, eventually, running
from tests.sinking import an_agent_called


def joined(server: Server) -> tuple[Agent, str]:
    """An agent of the one school there is, and its key."""
    token = json.loads(server.cli("token", "create", "--school", "This computer", "--json"))
    wish = {"token": token["token"]["token"], "agent_version": "0.1.0"}
    request = Request(
        f"{server.url}/api/v1/join",
        data=json.dumps(wish).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=30) as answer:
        made = decode(answer.read(), JoinAnswer)
    return an_agent_called(made.agent_id, made.school_id), made.key


def send(server: Server, agent: Agent, key: str) -> str:
    """One result, as its agent sends it; its id."""
    result = throughput()
    request = Request(
        f"{server.url}/api/v1/batches",
        data=encode(batch(agent, result)),
        headers={"Authorization": f"Bearer {key}"},
    )
    with urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    return str(result.id)


def test_what_is_added_by_command_gets_results(tmp_path: Path) -> None:
    token = tmp_path / "influxdb.token"
    token.write_text("secret-of-the-sink\n")
    with line_database() as database, running(tmp_path / "data", "--no-agent") as server:
        added = json.loads(
            server.cli(
                "sinks", "add", "influxdb", "--url", database.url, "--org", "district",
                "--bucket", "network", "--token-file", str(token), "--json",
            )
        )  # fmt: skip
        assert added["name"] == "influxdb"
        assert database.url in server.cli("sinks")
        sent = send(server, *joined(server))
        eventually(lambda: has(database, sent), "the point")
        assert database.asked[0] == ("district", "network", "Token secret-of-the-sink")
        (status,) = json.loads(server.cli("sinks", "status", "--json"))
        assert status["trouble"] is None
        server.cli("sinks", "remove", "influxdb")
        assert json.loads(server.cli("sinks", "list", "--json")) == []
        said = "\n".join(server.words)
        assert "secret-of-the-sink" not in said


def has(database: DatabaseServer, result_id: str) -> bool:
    return sum(result_id in line for line in database.lines) == 1
