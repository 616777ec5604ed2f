"""Two machines join a server that made its own certificate; one is taken home and brought back,
one is shut out. At each step, what the dashboard says."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from lab.hosts import Host, Port, cable, hosts
from tests.browser.conftest import ARGUMENTS
from tests.conftest import tool
from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, running

COLLECTOR = "198.51.100.10"
"""Reached from school and from home alike, as a server in the cloud is."""

AGENT_TOML = """
[probes.latency]
interval_seconds = 5
[probes.throughput]
interval_seconds = 3600
max_seconds = 1
"""


@dataclass
class Machine:
    """A machine with an agent on it."""

    name: str
    host: Host
    command: list[str]
    process: subprocess.Popen[bytes]

    def say(self, *arguments: str) -> str:
        """What a command of its agent prints."""
        asked = self.host.command([*self.command, *arguments])
        found = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        return found.stdout + found.stderr


@contextmanager
def machine(server: Server, host: Host, name: str, folder: Path) -> Iterator[Machine]:
    """An agent that joins with a token and runs."""
    (school,) = server.get("/api/v1/schools")
    token = server.post("/api/v1/tokens", {"school": school["id"]})["token"]
    state = folder / name
    state.mkdir()
    (state / "agent.toml").write_text(AGENT_TOML)
    command = [str(BIN / "broadgauge-agent"), "--state", str(state)]
    joining = [*command, "join", server.url, "--name", name]
    environment = {**os.environ, "BROADGAUGE_TOKEN": token}
    subprocess.run(host.command(joining), env=environment, check=True, timeout=PATIENCE_SECONDS)
    with subprocess.Popen(host.command([*command, "run"])) as process:
        try:
            yield Machine(name, host, command, process)
        finally:
            process.terminate()


@dataclass
class Scene:
    """The server, the machine that stays, and the one that travels, with its two cables."""

    server: Server
    desk: Machine
    laptop: Machine
    at_school: Port
    at_home: Port
    page: Page

    def shows(self, machine: Machine, state: str) -> bool:
        """Whether the Agents page, opened anew, calls the machine so."""
        self.page.reload()
        row = self.page.locator("table.agents tbody tr").filter(has_text=machine.name)
        row.wait_for()
        return state in row.inner_text()

    def latencies(self, machine: Machine) -> int:
        agents = {agent["name"]: agent["id"] for agent in self.server.get("/api/v1/agents")}
        path = f"/api/v1/results?kind=latency&agent={agents[machine.name]}"
        return len(self.server.get(path)["results"])

    def go_home(self) -> None:
        self.at_school.set_cable(plugged=False)
        self.at_home.set_cable(plugged=True)
        self.laptop.host.add_route("default", "192.168.1.1")

    def go_to_school(self) -> None:
        self.at_home.set_cable(plugged=False)
        self.at_school.set_cable(plugged=True)
        self.laptop.host.add_route("default", "10.20.2.1")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        far, desk, laptop = stack.enter_context(hosts("server", "desk", "laptop"))
        far.add_address(f"{COLLECTOR}/32")
        cable(far, desk, "10.20.1.1/24", "10.20.1.2/24")
        _, at_school = cable(far, laptop, "10.20.2.1/24", "10.20.2.2/24")
        _, at_home = cable(far, laptop, "192.168.1.1/24", "192.168.1.77/24")
        at_home.set_cable(plugged=False)
        desk.add_route("default", "10.20.1.1")
        laptop.add_route("default", "10.20.2.1")
        stack.enter_context(far.inside())
        server = stack.enter_context(running(tmp_path / "data", "--no-agent", host=COLLECTOR))
        server.cli("networks", "add", "10.20.0.0/16", "--note", "schools")
        machines = [
            stack.enter_context(machine(server, host, name, tmp_path))
            for host, name in ((desk, "Front desk"), (laptop, "Cart 7"))
        ]
        page = stack.enter_context(signed_in(server))
        yield Scene(server, machines[0], machines[1], at_school, at_home, page)


@contextmanager
def signed_in(server: Server) -> Iterator[Page]:
    """The Agents page in a browser that was told to go on past the certificate warning."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=ARGUMENTS)
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        printed = "\n".join(server.words)
        (link,) = re.findall(r"https://\S+/login\?token=\S+", printed)
        page.goto(link)
        page.goto(f"{server.url}/agents")
        yield page
        browser.close()


@pytest.mark.timeout(300)
def test_what_the_dashboard_says_of_machines_at_school_at_home_and_shut_out(scene: Scene) -> None:
    desk, laptop = scene.desk, scene.laptop

    for each in (desk, laptop):
        eventually(partial(scene.shows, each, "Running"), f"{each.name} to be shown as Running")
        eventually(partial(scene.latencies, each), f"round trips of {each.name}")

    scene.go_home()
    eventually(partial(scene.shows, laptop, "Asleep"), f"{laptop.name} to be shown as Asleep")
    assert scene.shows(desk, "Running")
    before = scene.latencies(laptop), scene.latencies(desk)
    eventually(lambda: scene.latencies(desk) >= before[1] + 2, "more round trips of the desk")
    assert scene.latencies(laptop) == before[0]
    assert "asleep" in laptop.say("status").lower()
    assert not away_from_school(scene.server, "192.168.1.")

    scene.go_to_school()
    eventually(partial(scene.shows, laptop, "Running"), f"{laptop.name} to be shown as Running")
    eventually(lambda: scene.latencies(laptop) > before[0], "round trips after coming back")

    agents = {agent["name"]: agent["id"] for agent in scene.server.get("/api/v1/agents")}
    scene.server.cli("agents", "revoke", agents[desk.name])
    eventually(partial(scene.shows, desk, "Shut out"), f"{desk.name} to be shown as Shut out")
    assert scene.shows(laptop, "Running")
    told = eventually(
        lambda: words if "removed" in (words := desk.say("status")) else None,
        "the agent that was shut out to know it",
    )
    assert "join" in told


def away_from_school(server: Server, address: str) -> list[Any]:
    """Results or agents in which an address of home is."""
    said = [server.get(f"/api/v1/results?kind={kind}") for kind in ("latency", "throughput")]
    said += [server.get("/api/v1/agents"), server.get("/api/v1/results?kind=skipped")]
    return [each for each in said if address in str(each)]
