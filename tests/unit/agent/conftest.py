"""What the agent's tests share."""

import re
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from broadgauge_agent.spool import Spool
from tests.running import BIN, PATIENCE_SECONDS
from tests.scripted_collector import ScriptedCollector


@pytest.fixture
def collector() -> Iterator[ScriptedCollector]:
    server = ScriptedCollector()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path, uuid.uuid4())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reflector_port() -> Iterator[int]:
    """The port of a real test server on loopback."""
    command = [str(BIN / "broadgauge-agent"), "reflector", "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    with process.stderr as words:
        found = re.search(r"port (\d+)", words.readline())
        assert found
        yield int(found[1])
        process.terminate()
        process.wait(PATIENCE_SECONDS)
