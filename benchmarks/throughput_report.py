"""All figures of the benchmark, as its JSON has them. Pure."""

from collections.abc import Sequence
from typing import Any

from .throughput_figures import (
    busy_share,
    ceilings,
    failed,
    first_and_later,
    labels,
    lines,
    ours,
    revisions,
    rivals,
    too_high,
    traps,
    wrong_exacts,
)
from .throughput_goals import as_documents, goals
from .throughput_machine import QUIET_CORES
from .throughput_run import Run


def figures(runs: Sequence[Run]) -> dict[str, Any]:
    """Of these runs."""
    return {
        "goals": as_documents(goals(runs)),
        "clean": first_and_later(ours(runs, "grid")),
        "labels": labels(runs),
        "wrong_exact": wrong_exacts(runs),
        "at_least_too_high": too_high(runs),
        "failed": failed(runs),
        "rivals": rivals(runs),
        "grid": _ordered([run for run in runs if run.part == "grid"]),
        "loss": _ordered([run for run in runs if run.part == "loss"]),
        "traps": traps(runs),
        "ceilings": ceilings(runs),
        "revisions": revisions(runs),
        "quiet_cores": QUIET_CORES,
        "busy_share": busy_share(runs, QUIET_CORES),
    }


def _ordered(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Slow lines first, and of the same rate the short ones."""
    return sorted(lines(runs), key=lambda line: _numbers(line["line"]))


def _numbers(line: str) -> tuple[float, float]:
    rate, rtt, *_ = line.split("-")
    return float(rate.removesuffix("M")), float(rtt.removesuffix("ms"))
