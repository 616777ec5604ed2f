"""An agent here, the collector and its test server there, and a line of known rate between."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab.link import ShapedLink, shaped_link
from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, running

RATE_BITS_PER_SECOND = 50_000_000
AGENT_TOML = """
[probes.latency]
interval_seconds = 10
[probes.throughput]
interval_seconds = 3600
max_seconds = 5
"""


@contextmanager
def agent(server: Server, link: ShapedLink, state: Path) -> Iterator[None]:
    """An agent on the near host, joined with a token and running."""
    (school,) = server.get("/api/v1/schools")
    token = server.post("/api/v1/tokens", {"school": school["id"]})["token"]
    state.mkdir()
    (state / "agent.toml").write_text(AGENT_TOML)
    command = [str(BIN / "broadgauge-agent"), "--state", str(state)]
    subprocess.run(
        link.near.host.command([*command, "join", server.url, "--location", "Room 12"]),
        env={**os.environ, "BROADGAUGE_TOKEN": token}, check=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    process = subprocess.Popen(link.near.host.command([*command, "run"]))
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, ShapedLink]]:
    folder = tmp_path_factory.mktemp("shaped")
    with (
        shaped_link(RATE_BITS_PER_SECOND) as link,
        link.far.host.inside(),
        running(folder / "data", "--no-agent", host=link.far.address) as server,
        agent(server, link, folder / "agent"),
    ):
        yield server, link


def results(server: Server, kind: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = server.get(f"/api/v1/results?kind={kind}")["results"]
    return answer


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_the_stored_rate_is_the_rate_of_the_line(
    chain: tuple[Server, ShapedLink], direction: str
) -> None:
    server, link = chain
    (test,) = eventually(
        lambda: [r for r in results(server, "throughput") if r["direction"] == direction],
        f"a {direction} result",
    )
    assert test["error"] is None
    assert test["path_kind"] == "network"
    assert test["location"] == "Room 12"
    assert test["line_bits_per_second"] == pytest.approx(link.line_bits_per_second, rel=0.05)
    assert test["ceiling_bits_per_second"] > link.line_bits_per_second
    assert (test["bound"], test["limited_by"]) == ("exact", "path"), test


def test_the_school_has_todays_reading_but_no_verdict(
    chain: tuple[Server, ShapedLink],
) -> None:
    server, _ = chain
    eventually(lambda: results(server, "throughput"), "throughput")
    (school,) = server.get("/api/v1/verdicts")["schools"]
    assert (school["conclusion"], school["reason"]) == ("undecided", "not_enough_tests")


def test_what_is_measured_while_the_cable_is_out_arrives_after(
    chain: tuple[Server, ShapedLink],
) -> None:
    server, link = chain
    before = ids(eventually(lambda: results(server, "latency"), "latency"))
    link.near.set_cable(plugged=False)
    try:
        kept = eventually(
            lambda: made_meanwhile(link, server, before), "a result made without the network"
        )
        assert not kept & ids(results(server, "latency") + results(server, "skipped"))
    finally:
        link.near.set_cable(plugged=True)
    eventually(
        lambda: kept <= ids(results(server, "latency") + results(server, "skipped")),
        "the results made without the network",
    )


def ids(found: list[dict[str, Any]]) -> set[str]:
    return {str(result["id"]) for result in found}


def made_meanwhile(link: ShapedLink, server: Server, before: set[str]) -> set[str]:
    """Ids of the last latency results by the agent's own word, if they are unsent failures."""
    state = server.data.parent / "agent"
    words = link.near.host.run(
        [str(BIN / "broadgauge-agent"), "--state", str(state), "status", "--json"]
    ).stdout
    said = json.loads(words)
    last = said["last_results"]["latency"]
    failed = [r for r in last if r.get("error") or r["kind"] == "skipped"]
    return ids(failed) - before if said["waiting_results"] else set()
