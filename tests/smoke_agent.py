"""Whether an installed agent works on this system at all: `python tests/smoke_agent.py`, on Linux,
Windows and macOS alike, with nothing but the agent and Python.

It asks the agent for what it is and can do, and lets it measure a test server of its own on
loopback. `--inventory FILE` keeps what the inventory probe found, to be looked at by people.
"""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_wire import InventoryResult, encode

PATIENCE_SECONDS = 120
LISTENS = re.compile(r"listening on 127\.0\.0\.1 port (\d+)")
WELL, TROUBLE, CONFIGURATION, UNREACHABLE = 0, 1, 3, 4
"""Exit codes, as documented."""


@click.command()
@click.option("--inventory", type=click.Path(path_type=Path), help="Keep the inventory here.")
def main(inventory: Path | None) -> None:
    """Every step, each with a line that says so."""
    with TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        state.mkdir()
        agent = Agent(state)
        for step in (version, probes, configuration, doctor, status, measuring):
            click.echo(f"{step.__name__}: {step(agent)}")
    click.echo(f"take_stock: {take_stock(inventory)}")


class Agent:
    """The command, with a state directory of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.command = shutil.which("broadgauge-agent", path=sysconfig.get_path("scripts"))
        assert self.command, f"there is no broadgauge-agent beside {sys.executable}"

    def argv(self, *arguments: str) -> list[str]:
        return [str(self.command), *arguments, "--state", str(self.state)]

    def say(self, *arguments: str, code: int = WELL) -> str:
        """What it prints. AssertionError with everything it said, if it ends otherwise."""
        argv = self.argv(*arguments)
        run = subprocess.run(
            argv, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
        assert run.returncode == code, f"{argv} ended with {run.returncode}: {run}"
        return run.stdout

    def facts(self, *arguments: str, code: int = WELL) -> Any:
        """What it prints, as JSON."""
        return json.loads(self.say(*arguments, "--json", code=code))


def version(agent: Agent) -> str:
    """It starts."""
    run = subprocess.run(
        [str(agent.command), "--version"], capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


def probes(agent: Agent) -> str:
    """The inventory probe can run anywhere."""
    found = {probe["name"]: probe for probe in agent.facts("probes")}
    assert found.keys() >= {"inventory", "latency", "throughput"}
    assert found["inventory"]["can_run"], found
    return ", ".join(found)


def configuration(agent: Agent) -> str:
    """A setting in the file is in force, and said to be the file's."""
    file = agent.state / "agent.toml"
    file.write_text("[probes.throughput]\nmax_seconds = 1.5\n", encoding="utf-8")
    lines = agent.say("config", "show", "--origin").splitlines()
    line = next(line for line in lines if "probes.throughput.max_seconds" in line)
    assert "1.5" in line, line
    assert str(file) in line, line
    return " ".join(line.split())


def doctor(agent: Agent) -> str:
    """An agent that has not joined is in trouble, and is told what to do."""
    told = agent.say("doctor", code=TROUBLE)
    assert "join" in told, told
    agent.facts("doctor", code=TROUBLE)
    return "says that it has not joined, and what to do"


def status(agent: Agent) -> str:
    """The same, with the exit code for a machine that isn't set up."""
    agent.say("status", code=CONFIGURATION)
    return f"ends with {CONFIGURATION}, as it has not joined"


def measuring(agent: Agent) -> str:
    """Both directions to a real test server on loopback; and none that isn't there."""
    with test_server(agent) as port:
        results = agent.facts("measure", "--server", f"127.0.0.1:{port}")
    rates = {r["direction"]: r["throughput_bits_per_second"] for r in results}
    assert {r["path_kind"] for r in results} == {"loopback"}, results
    assert rates.keys() == {"download", "upload"}, results
    assert all(rate and rate > 0 for rate in rates.values()), results
    agent.say("measure", "--server", f"127.0.0.1:{port}", code=UNREACHABLE)
    return ", ".join(f"{direction} {rate / 1e6:.0f} Mbps" for direction, rate in rates.items())


@contextmanager
def test_server(agent: Agent) -> Iterator[int]:
    """A running test server's port."""
    argv = agent.argv("reflector", "--host", "127.0.0.1", "--port", "0")
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            first = process.stderr.readline()
            listens = LISTENS.search(first)
            assert listens, first + process.stderr.read()
            yield int(listens[1])
        finally:
            process.terminate()


def take_stock(file: Path | None) -> str:
    """What the machine is, as the agent would send it."""
    results = list(load_probe("inventory").run(ProbeRequest()))
    found = next(result for result in results if isinstance(result, InventoryResult))
    assert found.error is None, found
    assert found.memory_bytes, found
    assert found.os_name, found
    if file is not None:
        file.write_bytes(encode(found))
    return encode(found).decode()


if __name__ == "__main__":
    main()
