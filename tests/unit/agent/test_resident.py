"""The agent as it runs: the real loop, a real test server, a real collector's address."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from broadgauge_agent.identity import save_identity
from broadgauge_agent.spool_file import view_spool
from broadgauge_agent.state import is_running
from broadgauge_wire import Settings
from tests.running import BIN, PATIENCE_SECONDS, eventually
from tests.scripted_collector import ScriptedCollector, make_identity, make_reflector

AGENT = str(BIN / "broadgauge-agent")
QUICK = "[probes.throughput]\nmax_seconds = 1\n"

FORBIDDEN = {
    "cryptography",
    "websockets",
    "scapy",
    "numpy",
    "pandas",
    "dash",
    "duckdb",
    "asyncio",
    "rich",
}

WATCHED = """
import atexit, sys
atexit.register(lambda: print("MODULES", *sys.modules, file=sys.stderr))
from broadgauge_agent.cli import main
main()
"""


@contextmanager
def agent(
    state: Path, collector: ScriptedCollector, config: str = "", command: list[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A joined agent that runs; killed at the end if it still does."""
    state.mkdir(exist_ok=True)
    save_identity(state, make_identity(collector.url))
    (state / "agent.toml").write_text(config)
    process = subprocess.Popen(
        [*(command or [AGENT]), "--state", str(state), "run"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    with process.stderr:
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def stop(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> str:
    """End it politely; what it said."""
    process.send_signal(how)
    assert process.stderr
    said = process.stderr.read()
    assert process.wait(PATIENCE_SECONDS) == 0, said
    return said


def results(collector: ScriptedCollector) -> list[dict[str, Any]]:
    return [json.loads(bytes(raw)) for batch in collector.batches for raw in batch.results]


def kinds(collector: ScriptedCollector) -> set[str]:
    return {str(result["kind"]) for result in results(collector)}


def test_every_probe_reaches_the_collector_and_nothing_heavy_is_imported(
    tmp_path: Path, collector: ScriptedCollector, reflector_port: int
) -> None:
    reflector = make_reflector(reflector_port)
    collector.settings = Settings(reflectors=(reflector,))
    everything = {"inventory", "latency", "throughput"}
    watched = [sys.executable, "-c", WATCHED]
    with agent(tmp_path, collector, QUICK, watched) as process:
        eventually(lambda: everything <= kinds(collector), "every kind of result")
        said = stop(process)
    made = results(collector)
    assert {r["direction"] for r in made if r["kind"] == "throughput"} == {"download", "upload"}
    for result in made:
        assert result["error"] is None
        if result["kind"] != "inventory":
            assert result["reflector_id"] == str(reflector.id)
            assert result["path_kind"] == "loopback"
    loaded = set(said.rpartition("MODULES ")[2].split())
    assert "broadgauge_agent.probes.throughput.probe" in loaded
    assert not FORBIDDEN & loaded
    view = view_spool(tmp_path)
    assert view is not None
    assert {"last:inventory", "last:latency", "last:throughput"} <= set(view.facts)
    assert "hours_on" in view.facts


def test_without_a_test_server_a_due_test_is_skipped_with_the_reason(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    with agent(tmp_path, collector) as process:
        eventually(lambda: {"inventory", "skipped"} <= kinds(collector), "a skipped result")
        stop(process)
    skipped = [result for result in results(collector) if result["kind"] == "skipped"]
    assert "no test server" in skipped[0]["reason"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_test_ends_agent_and_test(
    tmp_path: Path, collector: ScriptedCollector, reflector_port: int, how: signal.Signals
) -> None:
    collector.settings = Settings(reflectors=(make_reflector(reflector_port),))
    config = "[probes.latency]\nenabled = false\n"
    with agent(tmp_path, collector, config) as process:
        resident = psutil.Process(process.pid)
        (child,) = eventually(resident.children, "the test's process")
        stop(process, how)
    assert not child.is_running()
    assert "throughput" not in kinds(collector)


def test_a_signal_during_a_light_test_ends_the_agent_too(
    tmp_path: Path, collector: ScriptedCollector, reflector_port: int
) -> None:
    collector.settings = Settings(reflectors=(make_reflector(reflector_port),))
    with agent(tmp_path, collector, "[probes.throughput]\nenabled = false\n") as process:
        eventually(lambda: started(tmp_path, "latency"), "the latency test")
        stop(process)
    assert "latency" not in kinds(collector)


def test_results_measured_while_the_collector_is_away_arrive_when_it_is_back(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    collector.script = [lambda request: request.problem(503, "away")] * 3
    with agent(tmp_path, collector) as process:
        eventually(lambda: waiting(tmp_path) == 0 and collector.script == [], "an empty spool")
        stop(process)
    assert collector.batches[0].results == collector.batches[3].results


def test_an_agent_whose_key_is_refused_goes_on_measuring(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    collector.script = [lambda request: request.problem(401, "removed")] * 9
    config = "[probes.latency]\ninterval_seconds = 1\n"
    with agent(tmp_path, collector, config) as process:
        eventually(lambda: (waiting(tmp_path) or 0) >= 5, "five results in the spool")
        said = stop(process)
    assert "removed" in said
    assert len(collector.batches) == 1


def test_two_agents_on_one_directory_are_refused(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    with agent(tmp_path, collector) as process:
        eventually(lambda: is_running(tmp_path), "the first agent")
        command = [AGENT, "run", "--state", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        assert second.returncode == 3
        assert "Another agent runs on" in second.stderr
        stop(process)


def test_a_killed_agent_loses_nothing_it_kept(tmp_path: Path, collector: ScriptedCollector) -> None:
    collector.script = [lambda request: request.problem(503, "away", retry_after="3000")]
    with agent(tmp_path, collector) as process:
        kept = eventually(lambda: waiting(tmp_path), "a result in the spool")
        process.kill()
        process.wait()
    assert (waiting(tmp_path) or 0) >= kept
    with agent_again(tmp_path) as process:
        eventually(lambda: waiting(tmp_path) == 0, "an empty spool")
        stop(process)
    first, again = [r.body for r in collector.requests if r.path.endswith("batches")][:2]
    assert first == again


@contextmanager
def agent_again(state: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [AGENT, "--state", str(state), "run"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    with process.stderr:
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def waiting(state: Path) -> int | None:
    view = view_spool(state)
    return view.waiting if view else None


def started(state: Path, probe: str) -> float | None:
    view = view_spool(state)
    begun = view.facts.get(f"started:{probe}") if view else None
    return begun if isinstance(begun, float) else None
