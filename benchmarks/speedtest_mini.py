"""speedtest-cli, unmodified but for where it learns what to do: `python -m ... MINI_SERVER`.

It would ask www.speedtest.net for its settings. These are the ones it gets there.
"""

import copy
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import speedtest

from broadgauge_agent.probes.ookla.client import MINI_CONFIG


class Offline(speedtest.Speedtest):  # type: ignore[misc]  # speedtest-cli has no types
    """speedtest-cli that asks nobody else anything."""

    def get_config(self) -> Any:
        """What to do."""
        self.config.update(copy.deepcopy(MINI_CONFIG))
        self.lat_lon = (0.0, 0.0)
        return self.config


def timed(run: Callable[[], float], streams: int) -> dict[str, float]:
    """The rate that it reads, and how long that took."""
    began = time.perf_counter()
    rate = run()
    return {
        "bits_per_second": rate,
        "seconds": time.perf_counter() - began,
        "streams": streams,
    }


def main() -> None:
    """Both ways; the figures as JSON."""
    test = Offline()
    test.get_best_server(test.set_mini_server(sys.argv[1]))
    threads = test.config["threads"]
    figures = {
        "download": timed(test.download, threads["download"]),
        "upload": timed(test.upload, threads["upload"]),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
