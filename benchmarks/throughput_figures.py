"""From runs to figures. Pure."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from math import ceil
from statistics import median
from typing import Any, TypeVar

from .throughput_run import OURS, RIVALS, WRONG_RATIO, Run
from .throughput_trap_kinds import MACHINE_LIMITED

FULL_SHARE = 0.95
"""A machine-limited test that reads so much of the path was bound by the path all the same."""

Key = TypeVar("Key", bound=Hashable)


def ours(runs: Iterable[Run], *parts: str) -> list[Run]:
    """Of these parts of the benchmark."""
    return [run for run in runs if run.tool == OURS and run.part in parts]


def by(runs: Iterable[Run], key: Callable[[Run], Key]) -> dict[Key, list[Run]]:
    """In groups, in the order of their first."""
    groups: defaultdict[Key, list[Run]] = defaultdict(list)
    for run in runs:
        groups[key(run)].append(run)
    return dict(groups)


def quantile(values: Iterable[float | None], share: float) -> float | None:
    """The smallest value that so large a share is not above. Unknown ones don't count."""
    known = sorted(value for value in values if value is not None)
    return known[max(0, ceil(share * len(known)) - 1)] if known else None


def middle(values: Iterable[float | None]) -> float | None:
    """The median; unknown ones don't count."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def mean(values: Iterable[float | None]) -> float | None:
    """Unknown ones don't count."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def share(runs: Sequence[Run], holds: Callable[[Run], bool]) -> float | None:
    """Of the runs, those for which it holds."""
    return sum(map(holds, runs)) / len(runs) if runs else None


def errors(runs: Iterable[Run]) -> list[float | None]:
    """Without signs."""
    return [None if (ratio := run.error_ratio) is None else abs(ratio) for run in runs]


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """What is said of a group of runs of one tool."""
    return {
        "runs": len(runs),
        "failed": sum(run.bits_per_second is None for run in runs),
        "median_bits_per_second": middle(run.bits_per_second for run in runs),
        "median_error_ratio": middle(errors(runs)),
        "p95_error_ratio": quantile(errors(runs), 0.95),
        "worst_error_ratio": quantile(errors(runs), 1.0),
        "median_bytes_of_flood_ratio": middle(run.bytes_ratio for run in runs),
        "mean_bytes_of_flood_ratio": mean(run.bytes_ratio for run in runs),
        "median_test_seconds": middle(run.test_seconds for run in runs),
        "median_process_seconds": middle(run.process_seconds for run in runs),
        "exact_share": share(runs, lambda run: run.bound == "exact"),
        "at_least_share": share(runs, lambda run: run.bound == "at_least"),
        "long_share": share(runs, lambda run: run.was_long),
        "wrong_exact": sum(run.is_wrong_exact for run in runs),
    }


def first_and_later(runs: Sequence[Run]) -> dict[str, Any]:
    """Those of an agent that knew nothing, of one that knew the line, and all of them."""
    return {
        "first": summary([run for run in runs if run.knows == "nothing"]),
        "later": summary([run for run in runs if run.knows == "line"]),
        "together": summary(runs),
    }


def was_otherwise_bound(run: Run) -> bool:
    """Whether something else than the path's rate set the reading: then `exact` is wrong."""
    if run.bits_per_second is None:
        return False
    read_share = run.bits_per_second / run.path_bits_per_second
    if run.part == "loss":
        return read_share < 1 - WRONG_RATIO
    return run.kind in MACHINE_LIMITED and read_share < FULL_SHARE


def otherwise_bound(runs: Sequence[Run], *parts: str) -> list[Run]:
    """Our tests of these parts whose reading something else set."""
    return [run for run in ours(runs, *parts) if was_otherwise_bound(run)]


def labels(runs: Sequence[Run]) -> dict[str, Any]:
    """Whether tests that weren't bound by the path said so, and clean ones didn't. Where loss set
    the rate, no claim is right; where the machine did, `at_least` is."""
    otherwise = otherwise_bound(runs, "traps", "loss")
    limited = otherwise_bound(runs, "traps")
    clean = ours(runs, "grid")
    return {
        "otherwise_bound_runs": len(otherwise),
        "not_exact": share(otherwise, lambda run: run.bound != "exact"),
        "machine_limited_runs": len(limited),
        "recall": share(limited, lambda run: run.bound == "at_least"),
        "clean_runs": len(clean),
        "false_at_least": share(clean, lambda run: run.bound == "at_least"),
        "no_claim": share(clean, lambda run: run.bound is None),
        "exact": share(clean, lambda run: run.bound == "exact"),
    }


def wrong_exacts(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Each `exact` that is more than 10% off the path's rate."""
    return [listed(run) for run in ours(runs, "grid", "loss", "traps") if run.is_wrong_exact]


def too_high(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Each `at_least` above what the path carries: a floor that isn't one."""
    return [
        listed(run)
        for run in ours(runs, "grid", "loss", "traps")
        if run.bound == "at_least"
        and run.bits_per_second is not None
        and run.bits_per_second > 1.1 * run.path_bits_per_second
    ]


def listed(run: Run) -> dict[str, Any]:
    """What identifies a run and what it said."""
    return {
        "unit": run.unit,
        "direction": run.direction,
        "knows": run.knows,
        "was_long": run.was_long,
        "truth_bits_per_second": run.path_bits_per_second,
        "bits_per_second": run.bits_per_second,
        "bound": run.bound,
        "stop_reason": run.stop_reason,
        "others_cores": run.others_cores,
        "note": run.note,
    }


def failed(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Each run without a reading, whoever's."""
    return [
        {"unit": run.unit, "tool": run.tool, "direction": run.direction, "error": run.error}
        for run in runs
        if run.bits_per_second is None
    ]


def revisions(runs: Iterable[Run]) -> dict[str, list[str]]:
    """The commits that ran each part."""
    return {
        part: sorted({r.revision for r in of}) for part, of in by(runs, lambda r: r.part).items()
    }


def rivals(runs: Sequence[Run]) -> dict[str, Any]:
    """Each tool, and ours, on the lines where all of them ran; ours against each as a ratio."""
    where = {run.unit for run in runs if run.tool in RIVALS and run.part == "grid"}
    beside = [run for run in runs if run.unit in where and run.part == "grid"]
    tools = {tool: summary(members) for tool, members in by(beside, lambda r: r.tool).items()}
    mine = tools.get(OURS, {})
    keys = ("median_error_ratio", "median_bytes_of_flood_ratio", "median_test_seconds")
    return {
        "lines": len(where),
        "tools": tools,
        "ours_to": {
            tool: {key: _ratio(mine.get(key), figures[key]) for key in keys}
            for tool, figures in tools.items()
            if tool != OURS
        },
    }


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def lines(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Each line and direction, with each tool on it."""
    found = []
    for (unit, direction), members in by(runs, lambda r: (r.unit, r.direction)).items():
        tools = by(members, lambda r: r.tool)
        found.append(
            {
                "line": unit,
                "direction": direction,
                "truth_bits_per_second": members[0].truth_bits_per_second,
                "ours": first_and_later(tools.get(OURS, [])),
                "rivals": {tool: summary(tools[tool]) for tool in RIVALS if tool in tools},
            }
        )
    return found


def traps(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Each trap, direction and knowledge."""
    groups = by(ours(runs, "traps"), lambda r: (r.kind, r.unit, r.direction, r.knows))
    return [
        {
            "kind": kind,
            "trap": unit,
            "direction": direction,
            "knows": knows,
            "readings_of_truth": [
                None if run.error_ratio is None else round(1 + run.error_ratio, 3)
                for run in members
            ],
            **summary(members),
        }
        for (kind, unit, direction, knows), members in groups.items()
    ]


def ceilings(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Each link without a delay and each direction."""
    groups = by(ours(runs, "ceiling"), lambda r: (r.unit, r.direction))
    return [
        {
            "link": unit,
            "direction": direction,
            "runs": len(members),
            "median_bits_per_second": middle(run.bits_per_second for run in members),
            "best_bits_per_second": quantile((run.bits_per_second for run in members), 1.0),
            "median_line_bits_per_second": middle(run.line_bits_per_second for run in members),
            "median_cpu_ratio": middle(run.cpu_ratio for run in members),
            "median_process_cores": middle(
                run.process_cpu_seconds / run.process_seconds
                for run in members
                if run.process_cpu_seconds is not None and run.process_seconds
            ),
            "bounds": sorted({f"{run.bound} {run.limited_by}" for run in members}),
        }
        for (unit, direction), members in groups.items()
    ]


def busy_share(runs: Sequence[Run], cores: float) -> float | None:
    """Runs before which others took more of the machine than that."""
    return share(runs, lambda run: run.others_cores > cores)
