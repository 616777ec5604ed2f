"""Keeping a benchmark's figures together with the machine they were measured on."""

import json
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[1]


def keep(name: str, figures: dict[str, Any]) -> None:
    """Write `results/NAME.json` and print it."""
    text = json.dumps(document(name, figures), indent=2) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(text)
    print(text)


def document(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """The figures with what, when and where they were measured."""
    return {
        "benchmark": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        **figures,
    }


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_model(),
        "cpu_threads": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": _system(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "broadgauge": version("broadgauge-agent"),
        "load_average_before": psutil.getloadavg()[0],
    }


@cache
def revision() -> str:
    """The commit, with a mark if the tree differs from it."""
    return subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _system() -> str:
    return str(platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()))
