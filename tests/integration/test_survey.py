"""A walk through a school with a laptop, at a real terminal."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from broadgauge_agent.identity import save_identity, save_settings
from broadgauge_agent.spool_file import view_spool
from broadgauge_wire import Settings
from lab.hosts import Host, cable, hosts
from tests.integration.test_school_networks import (
    HOME,
    SCHOOL,
    World,
    collector_on,
    reflector_at,
)
from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, running
from tests.scripted_collector import make_identity
from tests.terminal import CTRL_C, CTRL_D, Terminal, terminal

AGENT = str(BIN / "broadgauge-agent")
QUICK = "[probes.throughput]\nmax_seconds = 0.5\n"
QUESTION = r"Test in (.+)\? Enter, .*: "
NO_ROOM_LEFT = r"All rooms are done\. .*: "


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("up") / "data", "--no-agent") as made:
        yield made


def joined(server: Server, state: Path, location: str) -> Path:
    """A laptop's state directory."""
    (school,) = server.get("/api/v1/schools")
    token = server.post("/api/v1/tokens", {"school": school["id"]})["token"]
    command = [AGENT, "--state", str(state), "join", server.url, "--location", location]
    environment = {**os.environ, "BROADGAUGE_TOKEN": token}
    subprocess.run(command, env=environment, check=True, timeout=PATIENCE_SECONDS)
    (state / "agent.toml").write_text(QUICK)
    return state


@contextmanager
def survey(state: Path, *options: str, on: Host | None = None) -> Iterator[Terminal]:
    argv = [AGENT, "--state", str(state), "survey", *options]
    environment = {**os.environ, "LANG": "C.UTF-8"}
    with terminal(on.command(argv) if on else argv, environment) as walk:
        yield walk


def stored(server: Server, location: str) -> list[dict[str, Any]]:
    found = [
        result
        for kind in ("throughput", "latency")
        for result in server.get(f"/api/v1/results?kind={kind}")["results"]
    ]
    return [result for result in found if result["location"] == location]


def kept(state: Path) -> int:
    view = view_spool(state)
    return view.waiting if view else 0


def test_a_walk_of_two_rooms_is_stored_and_ticked_off(server: Server, tmp_path: Path) -> None:
    state = joined(server, tmp_path / "laptop", "Room 12")
    with survey(state) as walk:
        walk.answer(QUESTION, "")
        rates = walk.expect(r"\nRoom 12: download ([\d.]+) Mbps, upload ([\d.]+) Mbps, round trip")
        assert min(float(rate) for rate in rates.groups()) > 0
        walk.answer(NO_ROOM_LEFT, "Gym")
        walk.answer(r"Gym isn't on the list\. .*\[y/N\] ", "y")
        walk.expect(r"\nGym: download")
        walk.answer(NO_ROOM_LEFT, "list")
        walk.expect(r"\[✓\] Gym  ")
        walk.answer(NO_ROOM_LEFT, CTRL_D)
        assert walk.end() == 0
    assert kept(state) == 0
    for room in ("Room 12", "Gym"):
        results = stored(server, room)
        assert {result["trigger"] for result in results} == {"survey"}
        directions = sorted(str(result.get("direction")) for result in results)
        assert directions == ["None", "download", "upload"]


def test_it_goes_on_after_ctrl_c_and_a_closed_window(server: Server, tmp_path: Path) -> None:
    state = joined(server, tmp_path / "laptop", "Lab")
    (state / "agent.toml").write_text("[probes.throughput]\nmax_seconds = 5\n")
    with survey(state) as walk:
        walk.answer(QUESTION, "")
        walk.expect(r"Testing in Lab\.")
        (child,) = eventually(lambda: psutil.Process(walk.process.pid).children(), "a test")
        walk.type(CTRL_C)
        assert walk.end() == 1
        assert psutil.wait_procs([child], PATIENCE_SECONDS)[1] == []
    with survey(state) as walk:
        walk.answer(QUESTION, "")
        walk.expect(r"Testing in Lab\.")
        walk.hang_up()
        assert walk.end() != 0
    assert kept(state) == 0
    (state / "agent.toml").write_text(QUICK)
    with survey(state, "--json") as walk:
        walk.answer(QUESTION, "s")
        walk.expect(": ")
        walk.answer("", "Lab")
        walk.expect(r"\nLab: download")
        walk.answer(": ", "q")
        assert walk.end() == 0


def test_nothing_typed_is_no_survey_and_bad_bytes_are_no_room(
    server: Server, tmp_path: Path
) -> None:
    state = joined(server, tmp_path / "laptop", "Annex")
    command = [AGENT, "--state", str(state), "survey", "--json"]
    given = b"\xff\xfe\x00\n" + b"x" * 500 + b"\nGym\nn\nskip Annex\n"
    done = subprocess.run(command, input=given, capture_output=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr.decode()
    facts = json.loads(done.stdout)
    assert [(room["name"], room["state"]) for room in facts["rooms"]] == [("Annex", "skipped")]
    assert "Annex" not in facts["rooms_left"]
    assert facts["unsent"] is None
    words = done.stderr.decode()
    assert "can't be shown" in words
    assert "at most 200 characters" in words
    assert stored(server, "Annex") == []


def test_a_machine_that_has_not_joined_says_how(tmp_path: Path) -> None:
    command = [AGENT, "--state", str(tmp_path), "survey"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 3
    assert "broadgauge-agent join" in done.stderr


def test_beside_a_running_agent_it_takes_turns_and_the_agent_sends(tmp_path: Path) -> None:
    state = tmp_path / "data" / "agent"
    state.mkdir(parents=True)
    (state / "agent.toml").write_text(f"{QUICK}[probes.latency]\nenabled = false\n")
    with running(tmp_path / "data") as server:
        eventually((state / "identity.json").exists, "the agent's having joined")
        with survey(state) as walk:
            walk.answer(r"(Which room|Test in|All rooms).*: ", "Gym")
            walk.answer(r"\[y/N\] ", "y")
            walk.expect(r"\nGym: download")
            walk.type(CTRL_D)
            walk.expect("rooms done")
        results = eventually(lambda: stored(server, "Gym"), "the survey's results")
        assert {result["trigger"] for result in results} == {"survey"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with hosts("server", "laptop") as (far, laptop):
        _, at_school = cable(far, laptop, f"{SCHOOL}.1/24", f"{SCHOOL}.2/24")
        _, at_home = cable(far, laptop, f"{HOME}.1/24", f"{HOME}.2/24")
        made = World(far, laptop, at_school, at_home, tmp_path / "state")
        made.state.mkdir()
        (made.state / "agent.toml").write_text(QUICK)
        made.go(SCHOOL)
        yield made


@contextmanager
def far_end(host: Host) -> Iterator[None]:
    argv = host.command([AGENT, "reflector", "--host", f"{SCHOOL}.1", "--port", "8485"])
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        process.stderr.readline()
        yield
    finally:
        process.terminate()
        process.stderr.close()
        process.wait(PATIENCE_SECONDS)


def test_it_outlasts_a_lost_network_and_measures_nothing_at_home(world: World) -> None:
    settings = Settings(
        reflectors=(reflector_at(f"{SCHOOL}.1"),),
        school_networks=(f"{SCHOOL}.0/24",),
        locations=("Room 1", "Room 2"),
    )
    with collector_on(world.server, f"{SCHOOL}.1") as collector, far_end(world.server):
        collector.settings = settings
        save_identity(world.state, make_identity(collector.url))
        save_settings(world.state, settings)
        with survey(world.state, on=world.laptop) as walk:
            walk.answer(QUESTION, "")
            walk.expect(r"\nRoom 1: download .*, over a cable")
            walk.expect("Test in Room 2")
            world.at_school.set_cable(plugged=False)
            walk.answer(": ", "")
            walk.expect(r"\nRoom 2: nothing measured.*trouble")
            world.go(HOME)
            eventually(lambda: "collector" in world.prove()[1], "the network at home")
            walk.answer("Test in Room 2.*: ", "")
            walk.expect("No school network is proven here")
            world.go(SCHOOL)
            eventually(lambda: world.prove()[0], "the network at school")
            walk.answer("Test in Room 2.*: ", "")
            walk.expect(r"\nRoom 2: download")
            walk.answer(NO_ROOM_LEFT, "q")
            assert walk.end() == 0
        assert kept(world.state) == 0
    rooms = [
        json.loads(bytes(raw))["location"] for batch in collector.batches for raw in batch.results
    ]
    assert rooms.count("Room 1") == 3
    assert rooms.count("Room 2") == 5  # two that say why they couldn't run, and three that read
