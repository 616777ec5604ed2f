"""A machine whose clock stands in 1970 or 2099, and is set while the agent runs (libfaketime)."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scripted_collector import ScriptedCollector

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

AGENT = """
import sys, time
from pathlib import Path
from tests.scripted_collector import make_identity, make_result
from broadgauge_agent.client import client_of
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.ship import Shipper
from broadgauge_agent.spool import Spool
from tests.faults.spool_work import AwakePresence
from threading import Event
state, identity = Path(sys.argv[1]), make_identity(sys.argv[2])
spool = Spool(state, identity.agent_id)
live = LiveConfig(state / "a.toml", {}, {})
shipper = Shipper(state, identity, spool, AwakePresence(), live, Event())
with client_of(identity) as client:
    for line in sys.stdin:
        if line == "put\\n":
            spool.put([make_result()])
        else:
            shipper.ship_all(client)
        print(time.time(), flush=True)
spool.close()
"""


class FakedAgent:
    """An agent whose wall clock the test sets."""

    def __init__(self, state: Path, url: str) -> None:
        self._file = state.with_name("clock")
        self.set("1970-01-02 03:04:05")
        environment = os.environ | {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": "UTC",
        }
        command = [sys.executable, "-c", AGENT, str(state), url]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, env=environment, **pipes)  # type: ignore[call-overload]

    def set(self, to: str) -> None:
        new = self._file.with_name("new")
        new.write_text(f"@{to}\n")
        new.replace(self._file)

    def does(self, what: str) -> float:
        """Do it; what the agent's clock says then."""
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.process.stdout.close()


@pytest.fixture
def collector() -> Iterator[ScriptedCollector]:
    server = ScriptedCollector()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not (LIBRARIES and shutil.which("faketime")), reason="needs faketime")
def test_results_of_a_clock_that_is_set_twice_are_all_moved_to_when_they_were_made(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    agent, began = FakedAgent(tmp_path / "state", collector.url), time.time()
    assert agent.does("put") < 1e6
    agent.set("2099-01-01 00:00:00")
    assert agent.does("put") > 4e9
    agent.set(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}")
    agent.does("put")
    agent.does("ship")
    agent.set("2099-06-01 00:00:00")
    agent.does("put")
    agent.does("ship")
    agent.close()
    made = [json.loads(bytes(raw)) for batch in collector.batches for raw in batch.results]
    assert len(made) == 4
    assert {batch.lane for batch in collector.batches} == {"live"}
    for result in made:
        began_at = datetime.fromisoformat(result["started_at"]).timestamp()
        offset = result["clock_offset_seconds"]
        assert offset is not None
        assert began - 60 < began_at + offset < time.time() + 60
