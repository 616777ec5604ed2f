"""A real collector, a test server with an access key, and agents with and without a token."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from broadgauge_agent.reflector.limits import Limits
from tests.ndt7_servers import reflector
from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, free_ports, running

OPEN_BYTES = 20_000_000
"""Far less than a test inside one machine moves."""

LIMITS = Limits(open_bytes_per_address=OPEN_BYTES, open_bytes_per_hour=OPEN_BYTES)
CONFIG = """
[probes.throughput]
interval_seconds = 60
skip_when_busy = false
max_bytes = 200000000
[probes.latency]
enabled = false
[probes.inventory]
enabled = false
"""


@dataclass
class District:
    """A collector that knows one test server, "Core"."""

    server: Server
    port: int
    key: str

    def doctor(self) -> str:
        """What the collector's doctor finds, as JSON."""
        command = (str(BIN / "broadgauge"), "doctor", "--data", str(self.server.data), "--json")
        return subprocess.run(command, text=True, capture_output=True, check=False).stdout

    def join(self, state: Path) -> dict[str, Any]:
        """What an agent that joins is told."""
        token = self.server.cli("token", "create", "--school", "This computer")
        agent(state, "join", self.server.url, "--token", "-", "--force", given=token)
        return dict(json.loads((state / "settings.json").read_text()))


def agent(state: Path, *arguments: str, given: str | None = None) -> tuple[int, str]:
    """Exit code and standard output of a command of the agent's."""
    done = subprocess.run(
        [BIN / "broadgauge-agent", "--state", state, *arguments],
        input=given,
        text=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


def measure(district: District, state: Path) -> list[dict[str, Any]]:
    """A test that a person asks for at a server they name: no collector vouches for it."""
    where = f"127.0.0.1:{district.port}"
    _, out = agent(state, "measure", "--server", where, "--direction", "download", "--json")
    return list(json.loads(out))


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    with running(tmp_path_factory.mktemp("access") / "data", "--no-agent") as server:
        server.cli("reflectors", "remove", "This computer")
        (port,) = free_ports(1)
        where = ("--host", "127.0.0.1", "--port", str(port), "--segment", "lan")
        key = server.cli("reflectors", "add", "Core", *where, "--access-key").strip()
        yield District(server, port, key)


def planned(state: Path) -> tuple[list[dict[str, Any]], str]:
    """The throughput results of a planned run, both directions, and all that the agent said."""
    (state / "agent.toml").write_text(CONFIG)
    log = state / "log"
    with log.open("w") as words:
        command = (
            *(str(BIN / "broadgauge-agent"), "--state", str(state)),
            *("run", "--log-level", "debug"),
        )
        process = subprocess.Popen(command, stderr=words, stdout=words)
        try:
            results = eventually(lambda: _throughput(state), "a planned test in both directions")
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
    return results, log.read_text()


def _throughput(state: Path) -> list[dict[str, Any]] | None:
    _, out = agent(state, "status", "--json")
    found: list[dict[str, Any]] | None = json.loads(out)["last_results"].get("throughput")
    return found


def _checks(out: str) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(out)}


def test_a_planned_test_has_a_token_and_is_no_part_of_the_open_budget(
    district: District, tmp_path: Path
) -> None:
    (token,) = district.join(tmp_path)["access_tokens"]
    with reflector(port=district.port, limits=LIMITS, access_key=district.key):
        results, log = planned(tmp_path)

    assert [result["direction"] for result in results] == ["download", "upload"]
    assert all(result["bytes_transferred"] > 2 * OPEN_BYTES for result in results), results
    _, status = agent(tmp_path, "status", "--json")
    for words in (log, status, json.dumps(results)):
        assert token["token"] not in words


def test_a_test_without_a_token_ends_with_the_open_budget(
    district: District, tmp_path: Path
) -> None:
    with reflector(port=district.port, limits=LIMITS, access_key=district.key):
        (within,) = measure(district, tmp_path)
        (beyond,) = measure(district, tmp_path)

    assert within["bytes_transferred"] < 3 * OPEN_BYTES
    assert "HTTP 429 Tests without an access token have used up" in beyond["error"]
    assert "Try again in" in beyond["error"]


def test_a_test_server_with_another_key_refuses_and_says_what_to_do(
    district: District, tmp_path: Path
) -> None:
    district.join(tmp_path)
    with reflector(port=district.port, limits=LIMITS, access_key="bgr_" + "x" * 43):
        results, _ = planned(tmp_path)
        code, out = agent(tmp_path, "doctor", "--json")
        on_the_server = _checks(district.doctor())

    for result in results:
        assert result["throughput_bits_per_second"] is None
        assert "refused the test: HTTP 403 This access token isn't signed" in result["error"]
        assert "broadgauge reflectors key" in result["error"]
    access = _checks(out)["test server Core, access"]
    assert code == 1
    assert access["state"] == "trouble"
    assert "broadgauge reflectors key" in access["advice"]
    assert on_the_server["test server Core, access"]["state"] == "trouble"
