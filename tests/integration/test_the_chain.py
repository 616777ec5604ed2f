"""From `broadgauge up` to numbers on the API, with nothing made up in between."""

import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, free_ports, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("up") / "data") as server:
        yield server


def results_of(server: Server, kind: str) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = server.get(f"/api/v1/results?kind={kind}")["results"]
    return results


def throughput(server: Server) -> list[dict[str, Any]] | None:
    """All throughput results, once both directions are there."""
    results = results_of(server, "throughput")
    return results if {r["direction"] for r in results} == {"download", "upload"} else None


def test_both_directions_are_measured_and_marked_as_inside_one_machine(server: Server) -> None:
    results = eventually(lambda: throughput(server), "throughput in both directions")
    assert {r["path_kind"] for r in results} == {"loopback"}
    assert all(r["error"] is None for r in results), results
    assert all(r["throughput_bits_per_second"] > 1e6 for r in results), results
    assert all(r["method"] == "ndt7" for r in results)


def test_latency_and_inventory_arrive_too(server: Server) -> None:
    for kind in ("latency", "inventory"):
        (first, *_) = eventually(partial(results_of, server, kind), kind)
        assert first["error"] is None
    latency = results_of(server, "latency")[0]
    assert latency["sent"] > 0
    assert 0 < latency["rtt_min_seconds"] <= latency["rtt_p50_seconds"] < 1
    assert results_of(server, "inventory")[0]["memory_bytes"] > 0


def test_loopback_is_never_judged(server: Server) -> None:
    eventually(lambda: throughput(server), "throughput in both directions")
    answer = server.get("/api/v1/verdicts")
    (school,) = answer["schools"]
    assert school["school"] == "This computer"
    assert (school["conclusion"], school["reason"]) == ("undecided", "loopback")


def test_the_command_line_says_the_same_as_the_api(server: Server) -> None:
    eventually(lambda: throughput(server), "throughput in both directions")
    assert "This computer" in server.cli("schools")
    assert "loopback" in server.cli("verdicts", "--json")
    assert len(server.cli("export", "results", "--kind", "throughput").splitlines()) >= 3


def test_a_second_up_on_the_same_data_is_refused_in_one_sentence(server: Server) -> None:
    second = subprocess.run(
        [BIN / "broadgauge", "up", "--data", server.data, "--port", str(free_ports(1)[0])],
        text=True, capture_output=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert second.returncode == 3
    assert str(server.data) in second.stderr
    assert "Traceback" not in second.stderr


def test_ctrl_c_leaves_nothing_behind_and_the_next_start_continues(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as server:
        first = {r["id"] for r in eventually(lambda: throughput(server), "throughput")}
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert children
        assert server.stop(signal.SIGINT) == 0
        _, alive = psutil.wait_procs(children, timeout=PATIENCE_SECONDS)
        assert not alive
    with running(data) as server:
        again = results_of(server, "throughput")
        assert first <= {r["id"] for r in again}
        assert len(server.get("/api/v1/agents")) == 1


def test_killing_the_server_leaves_no_child_behind(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        children = eventually(
            lambda: psutil.Process(server.process.pid).children(recursive=True), "children"
        )
        server.stop(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=PATIENCE_SECONDS)
        assert not alive


def test_a_port_in_use_is_named(server: Server, tmp_path: Path) -> None:
    port = server.url.rsplit(":", 1)[1]
    second = subprocess.run(
        [BIN / "broadgauge", "up", "--data", tmp_path / "other", "--port", port],
        text=True, capture_output=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert second.returncode == 3
    assert port in second.stderr
    assert "Traceback" not in second.stderr
