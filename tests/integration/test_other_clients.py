"""Other people's clients, unmodified, get their numbers from our test server."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from broadgauge_agent.reflector.limits import Limits
from tests.conftest import tool
from tests.ndt7_servers import reflector
from tests.npm_packages import npm_package
from tests.running import PATIENCE_SECONDS
from tests.tls import own

SHORT = Limits(send_seconds=1.5, receive_seconds=1.5)
"""The clients take what the server gives: a test that it ends early is a test."""

IN_NODE = Path(__file__).with_name("ndt7_in_node.cjs")

IN_BROWSER = """async (server) => {
  const found = {};
  const code = await ndt7.test(
    {server, protocol: "wss", mlabDataPolicyInapplicable: true},
    {downloadComplete: (data) => { found.download = data; },
     uploadComplete: (data) => { found.upload = data; }});
  return {code, ...found};
}"""

MINI = """
import json, sys
import speedtest

class Offline(speedtest.Speedtest):
    def get_config(self):
        self.config.update(
            client={"ip": "127.0.0.1", "lat": "0", "lon": "0"}, ignore_servers=[],
            sizes={"download": [350, 500, 750, 1000], "upload": [262144, 524288, 1048576]},
            counts={"download": 4, "upload": 4}, threads={"download": 4, "upload": 2},
            length={"download": 10, "upload": 10}, upload_max=12)
        self.lat_lon = (0.0, 0.0)

test = Offline()
test.get_best_server(test.set_mini_server(sys.argv[1]))
test.download()
test.upload()
print(json.dumps(test.results.dict()))
"""


@contextmanager
def pages(folder: Path) -> Iterator[str]:
    """The package's files as some page's own server has them."""
    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Keep quiet."""


def check_both_directions(found: dict[str, Any]) -> None:
    assert found["code"] == 0
    down, up = found["download"], found["upload"]
    assert down["LastClientMeasurement"]["MeanClientMbps"] > 10
    assert down["LastServerMeasurement"]["Test"] == "download"
    counted = up["LastServerMeasurement"]["AppInfo"]
    assert 8 * counted["NumBytes"] / counted["ElapsedTime"] > 10  # Mbit/s
    assert up["LastClientMeasurement"] is None or up["LastClientMeasurement"]["NumBytes"] > 0
    if sys.platform == "linux":
        received = up["LastServerMeasurement"]["TCPInfo"]["BytesReceived"]
        assert received >= counted["NumBytes"]


def test_the_npm_client_measures_both_ways_in_node() -> None:
    with reflector(limits=SHORT) as port:
        done = subprocess.run(
            [tool("node"), "--experimental-websocket", "--no-warnings", IN_NODE,
             npm_package("@m-lab/ndt7"), f"127.0.0.1:{port}"],
            capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    check_both_directions(json.loads(done.stdout))


def test_the_npm_client_measures_both_ways_in_a_browser_over_tls(
    tmp_path: Path, chromium: str
) -> None:
    with (
        reflector(limits=SHORT, tls=own(tmp_path).context) as port,
        pages(npm_package("@m-lab/ndt7") / "src") as address,
        sync_playwright() as playwright,
    ):
        arguments = ["--no-sandbox", "--disable-background-networking", "--no-first-run"]
        started = playwright.chromium.launch(
            executable_path=chromium, args=[*arguments, "--ignore-certificate-errors"]
        )
        page = started.new_page()
        page.goto(f"{address}/test/traces/")
        page.add_script_tag(url=f"{address}/ndt7.js")
        page.evaluate("history.replaceState(null, '', '/')")  # its workers' files are there
        found = page.evaluate(IN_BROWSER, f"127.0.0.1:{port}")
        started.close()
    check_both_directions(found)
    for direction in ("download", "upload"):  # whoever opened the page is not told to it
        assert "Client" not in found[direction]["LastServerMeasurement"]["ConnectionInfo"]


@pytest.mark.parametrize("given", ["", "/", "/mini.php"])
def test_speedtest_cli_measures_both_ways(given: str) -> None:
    with reflector() as port:
        done = subprocess.run(
            [sys.executable, "-c", MINI, f"http://127.0.0.1:{port}{given}"],
            capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["download"] > 10e6
    assert found["upload"] > 1e6
    assert 0 < found["ping"] < 1000
    assert found["bytes_received"] == 4 * sum(2 * n * n for n in (350, 500, 750, 1000))
