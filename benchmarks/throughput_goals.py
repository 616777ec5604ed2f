"""The goals, what was reached of them, and where not, why. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .throughput_ceiling import UNSHAPED_GOAL_BITS_PER_SECOND
from .throughput_figures import (
    by,
    errors,
    labels,
    middle,
    otherwise_bound,
    ours,
    quantile,
    wrong_exacts,
)
from .throughput_machine import QUIET_CORES
from .throughput_run import WRONG_RATIO, Run

MEDIAN_ERROR, P95_ERROR = 0.02, 0.05
BYTES_RATIO = 0.10
FALSE_LABELS = 0.01
SHAPED_LINE_BITS_PER_SECOND = 2.4e9
CORES = 1.0
TEST_SECONDS = 3.0
NAMED = 5
"""As many of the worst are named."""


@dataclass(frozen=True)
class Goal:
    """One of them. Not reached and not measured are different things."""

    name: str
    goal: str
    measured: str
    is_reached: bool | None
    reason: str = ""


def goals(runs: Sequence[Run]) -> list[Goal]:
    """All of them."""
    grid = ours(runs, "grid")
    return [
        _at_most("Error, median", MEDIAN_ERROR, middle(errors(grid)), lambda: _worst(grid)),
        _at_most("Error, 95th percentile", P95_ERROR, quantile(errors(grid), 0.95),
                 lambda: _worst(grid)),
        _at_most("Bytes of a 10 s flood, median", BYTES_RATIO,
                 middle(run.bytes_ratio for run in grid), lambda: _costliest(grid)),
        _no_wrong_exact(runs),
        _recall(runs),
        _not_exact(runs),
        _at_most("False at_least in the clean grid", FALSE_LABELS,
                 labels(runs)["false_at_least"], lambda: _false(grid)),
        *_ceilings(runs),
        _wall(grid),
    ]  # fmt: skip


def _at_most(name: str, most: float, found: float | None, why: Callable[[], str]) -> Goal:
    if found is None:
        return Goal(name, f"at most {most:.0%}", "not measured", None)
    is_reached = found <= most
    return Goal(
        name, f"at most {most:.0%}", f"{found:.2%}", is_reached, "" if is_reached else why()
    )


def _no_wrong_exact(runs: Sequence[Run]) -> Goal:
    found = wrong_exacts(runs)
    told = ours(runs, "grid", "loss", "traps")
    said = sum(run.bound == "exact" for run in told)
    named = [f"{run['unit']} {run['direction']} ({run['knows']} known)" for run in found]
    return Goal(
        f"`exact` more than {WRONG_RATIO:.0%} wrong",
        "none",
        f"{len(found)} of {said}",
        not found if told else None,
        _counted(named),
    )


def _recall(runs: Sequence[Run]) -> Goal:
    limited = otherwise_bound(runs, "traps")
    missed = [run for run in limited if run.bound != "at_least"]
    return _all_of("`at_least` where the machine was the bound", limited, missed)


def _not_exact(runs: Sequence[Run]) -> Goal:
    bound = otherwise_bound(runs, "traps", "loss")
    missed = [run for run in bound if run.bound == "exact"]
    return _all_of("Not `exact` where the machine or loss was the bound", bound, missed)


def _all_of(name: str, runs: Sequence[Run], missed: Sequence[Run]) -> Goal:
    if not runs:
        return Goal(name, "100%", "not measured", None)
    words = f"{1 - len(missed) / len(runs):.1%} of {len(runs)}"
    named = _counted(
        [f"{run.unit} {run.direction} said {run.bound} by {run.limited_by}" for run in missed]
    )
    return Goal(name, "100%", words, not missed, named)


def _ceilings(runs: Sequence[Run]) -> list[Goal]:
    measured = by(ours(runs, "ceiling"), lambda run: (run.unit, run.direction))
    found = []
    for direction in ("download", "upload"):
        found.append(_shaped(direction, measured.get(("shaped-2500M", direction), [])))
        found.append(_unshaped(direction, measured.get(("unshaped-tls", direction), [])))
    return found


def _shaped(direction: str, runs: Sequence[Run]) -> Goal:
    name = f"2.5 Gbit/s shaper, {direction}"
    goal = f"at least {SHAPED_LINE_BITS_PER_SECOND / 1e9} Gbit/s on the line, under one core"
    rate, cores = middle(r.line_bits_per_second for r in runs), middle(r.cpu_ratio for r in runs)
    if rate is None or cores is None:
        return Goal(name, goal, "not measured", None)
    is_reached = rate >= SHAPED_LINE_BITS_PER_SECOND and cores < CORES
    return Goal(
        name, goal, f"{rate / 1e9:.2f} Gbit/s on {cores:.2f} cores", is_reached,
        "" if is_reached else _shared(runs),
    )  # fmt: skip


def _unshaped(direction: str, runs: Sequence[Run]) -> Goal:
    name = f"Unshaped with TLS, {direction}"
    goal = f"at least {UNSHAPED_GOAL_BITS_PER_SECOND / 1e9:g} Gbit/s"
    rate = middle(run.bits_per_second for run in runs)
    if rate is None:
        return Goal(name, goal, "not measured", None)
    is_reached = rate >= UNSHAPED_GOAL_BITS_PER_SECOND
    reason = "" if is_reached else _shared(runs)
    return Goal(name, goal, f"{rate / 1e9:.2f} Gbit/s", is_reached, reason)


def _shared(runs: Sequence[Run]) -> str:
    bounds = sorted({f"{run.bound} by {run.limited_by}" for run in runs})
    taken = max(run.others_cores for run in runs)
    return (
        f"client, server and kernel share this machine's cores; the client said {', '.join(bounds)}"
        f"; others took up to {taken:.2f} cores"
    )


def _wall(grid: Sequence[Run]) -> Goal:
    found, goal = middle(run.test_seconds for run in grid), f"at most {TEST_SECONDS:g} s"
    if found is None:
        return Goal("Test of one direction, median", goal, "not measured", None)
    slowest = _counted(_lines(grid, lambda run: run.test_seconds, "{:.1f} s"))
    is_reached = found <= TEST_SECONDS
    reason = "" if is_reached else slowest
    return Goal("Test of one direction, median", goal, f"{found:.2f} s", is_reached, reason)


def _worst(grid: Sequence[Run]) -> str:
    busy = sum(run.others_cores > QUIET_CORES for run in grid)
    named = _lines(grid, lambda r: None if r.error_ratio is None else abs(r.error_ratio), "{:.1%}")
    words = f"worst lines: {_counted(named)}"
    return words + (f"; the machine was busy before {busy} of {len(grid)} tests" if busy else "")


def _costliest(grid: Sequence[Run]) -> str:
    return f"costliest lines: {_counted(_lines(grid, lambda run: run.bytes_ratio, '{:.0%}'))}"


def _lines(grid: Sequence[Run], figure: Callable[[Run], float | None], words: str) -> list[str]:
    """Lines by the median of a figure, the largest first."""
    groups = by(grid, lambda run: f"{run.unit} {run.direction}")
    medians = {line: middle(map(figure, runs)) or 0.0 for line, runs in groups.items()}
    ordered = sorted(medians, key=medians.__getitem__, reverse=True)
    return [f"{line} {words.format(medians[line])}" for line in ordered]


def _false(grid: Sequence[Run]) -> str:
    return _counted(
        [
            f"{run.unit} {run.direction} by {run.limited_by}"
            for run in grid
            if run.bound == "at_least"
        ]
    )


def _counted(named: Sequence[str]) -> str:
    more = len(named) - NAMED
    return ", ".join(named[:NAMED]) + (f" and {more} more" if more > 0 else "")


def as_documents(found: Sequence[Goal]) -> list[dict[str, Any]]:
    """For a file."""
    return [
        {"name": g.name, "goal": g.goal, "measured": g.measured, "reached": g.is_reached,
         "reason": g.reason}
        for g in found
    ]  # fmt: skip
