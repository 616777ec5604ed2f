"""A real VictoriaMetrics, started by hand on a port of this machine, killed and started again."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.conftest import tool
from tests.running import free_ports

PATIENCE_SECONDS = 60.0
Labels = frozenset[tuple[str, str]]
Series = dict[Labels, list[tuple[int, float]]]


@dataclass
class VictoriaMetrics:
    """A server and its folder. `options` are further ones of its command line."""

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Returns once it answers."""
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        self.process = subprocess.Popen(
            [
                tool("victoria-metrics"),
                f"-storageDataPath={self.folder}",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                "-retentionPeriod=5y",
                "-dedup.minScrapeInterval=1ms",
                "-search.latencyOffset=0s",
                "-loggerLevel=WARN",
                *self.options,
            ],
            stdout=log,
            stderr=log,
        )
        log.close()
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            assert self.runs, (self.folder.parent / f"{self.folder.name}.log").read_text()[-2000:]
            try:
                with urlopen(f"{self.url}/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("VictoriaMetrics never answered")

    def kill(self) -> None:
        """As a crash would end it."""
        self.stop(signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE_SECONDS)
            self.process = None

    def ask(self, path: str, **parameters: str) -> bytes:
        with urlopen(f"{self.url}{path}?{urlencode(parameters)}", timeout=60) as answer:
            said: bytes = answer.read()
            return said

    def series(self, metric: str) -> Series:
        """Every stored sample of a metric: moments in ms and values, by labels."""
        body = self.ask("/api/v1/export", **{"match[]": metric})
        found: Series = {}
        for line in body.splitlines():
            said: dict[str, Any] = json.loads(line)
            labels = said["metric"].items()
            named = frozenset((k, v) for k, v in labels if k not in ("__name__", "db"))
            pairs = zip(said["timestamps"], said["values"], strict=True)
            found.setdefault(named, []).extend(pairs)
        return found

    def found(self, query: str) -> list[Any]:
        """What a query finds now."""
        said = json.loads(self.ask("/api/v1/query", query=query, nocache="1"))
        results: list[Any] = said["data"]["result"]
        return results

    def names(self) -> set[str]:
        """Names of all metrics."""
        # Without a start, it would look at the last minutes only.
        said = json.loads(self.ask("/api/v1/label/__name__/values", start="0"))
        return set(said["data"])


@contextmanager
def victoria_metrics(folder: Path, *options: str) -> Iterator[VictoriaMetrics]:
    """A server with a new folder; ended at the end."""
    (port,) = free_ports(1)
    server = VictoriaMetrics(folder, port, options)
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGKILL)
