"""`config show` and `status` say what holds, who said so, and whether the agent sleeps."""

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from broadgauge_agent.config import settings
from broadgauge_agent.identity import save_identity, save_settings
from broadgauge_agent.presence import EVER, FACT
from broadgauge_agent.spool import Spool
from broadgauge_wire import Settings
from tests.running import BIN, PATIENCE_SECONDS
from tests.scripted_collector import make_identity

VARIABLE = "BROADGAUGE_AGENT_PROBES_LATENCY_INTERVAL_SECONDS"
SENT = {
    "probes.latency.interval_seconds": 60,
    "probes.inventory.enabled": False,
    "probes.throughput.max_seconds": 3600,
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    save_identity(tmp_path, make_identity("http://collector.invalid:8484"))
    save_settings(tmp_path, Settings(configuration=SENT))
    (tmp_path / "agent.toml").write_text('location = "Room 12"\n')
    return tmp_path


def said(state: Path, *arguments: str, **environment: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("BROADGAUGE")}
    return subprocess.run(
        [BIN / "broadgauge-agent", *arguments, "--state", state],
        env=clean | environment,
        check=True,
        text=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    ).stdout


def test_config_show_lists_every_setting_with_its_value(state: Path) -> None:
    lines = said(state, "config", "show").splitlines()
    assert [line.split(" = ")[0] for line in lines[:-1]] == [each.key for each in settings()]
    assert "location = Room 12" in lines
    assert "probes.inventory.enabled = false" in lines
    assert "probes.throughput.max_seconds = 10 s" in lines
    assert lines[-1].startswith("left out: probes.throughput.max_seconds, sent by the collector")


def test_config_show_says_where_each_value_comes_from(state: Path) -> None:
    lines = said(state, "config", "show", "--origin", **{VARIABLE: "120"}).splitlines()
    assert f"location = Room 12  (file {state / 'agent.toml'})" in lines
    assert f"probes.latency.interval_seconds = 120 s  (environment {VARIABLE})" in lines
    assert "probes.inventory.enabled = false  (collector)" in lines
    assert "log_level = info  (default)" in lines


def test_config_show_has_the_same_as_json(state: Path) -> None:
    found: dict[str, Any] = json.loads(said(state, "config", "show", "--json"))
    values = {each["key"]: (each["value"], each["origin"]) for each in found["settings"]}
    assert values["probes.latency.interval_seconds"] == (60, "collector")
    (refused,) = found["refused_settings"]
    assert refused["key"] == "probes.throughput.max_seconds"
    assert "0.5 to 10" in refused["reason"]


def test_probes_knows_what_the_collector_switched_off(state: Path) -> None:
    assert "inventory (switched off)" in said(state, "probes")


def note(state: Path, *, proven: bool, ever: bool) -> None:
    identity = json.loads((state / "identity.json").read_text())
    spool = Spool(state, uuid.UUID(identity["agent_id"]))
    spool.note(FACT, {"proven": proven, "words": "an address is in 10.20.0.0/16", "since": 1.8e9})
    spool.note(EVER, ever)
    spool.close()


def test_status_says_that_it_sleeps_since_when_why_and_what_to_do(state: Path) -> None:
    assert "not known" in said(state, "status")
    assert json.loads(said(state, "status", "--json"))["asleep"] is None
    note(state, proven=False, ever=False)
    words = said(state, "status")
    assert "asleep         since 2027-01-15 08:00:00 UTC, nothing is measured or sent" in words
    assert "broadgauge networks add" in words
    assert "left out       probes.throughput.max_seconds" in words
    note(state, proven=False, ever=True)
    assert "broadgauge networks add" not in said(state, "status")


def test_status_says_what_proves_the_school_network(state: Path) -> None:
    note(state, proven=True, ever=True)
    assert "awake          since 2027-01-15 08:00:00 UTC: an address is in 10.20" in said(
        state, "status"
    )
    found: dict[str, Any] = json.loads(said(state, "status", "--json"))
    assert (found["asleep"], found["school_network"]) == (False, "an address is in 10.20.0.0/16")
    (refused,) = found["refused_settings"]
    assert refused["key"] == "probes.throughput.max_seconds"
