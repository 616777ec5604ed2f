"""Tests that are asked whether a line carries a need: are they right, and what do they cost?

A thousand made-up links for the rule alone, and forty real ones in the lab beside full tests.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from statistics import median
from typing import Any

from .recording import RESULTS, document, keep
from .throughput_machine import others_cores
from .verdict_mode_lab import Line, lines, measured
from .verdict_mode_links import Trial, trial

LINKS = 1000
NAME = "verdict_mode"
COLUMNS = ("line", "direction", "RTT", "carries", "test", "read", "says", "ended", "MB", "of full")


def main() -> None:
    """All of it, or a slice."""
    options = _options()
    chosen = [line for line in lines() if fnmatch(line.name, options.lines)]
    figures = {
        "others_cores_before": round(others_cores(1.0), 3),
        "made_up": made_up_figures([trial(number) for number in range(options.links)]),
        "lab": lab_figures(_measured(chosen)),
    }
    if options.links >= LINKS and options.lines == "*":
        keep(NAME, figures)
        (RESULTS / f"{NAME}.md").write_text(markdown(figures))
    print(markdown(document(NAME, figures)))


def made_up_figures(trials: Sequence[Trial]) -> dict[str, Any]:
    """Of the rule alone: each link is tested once by who doesn't know it, and once by who does."""
    wrong = [f"link {number}, {words}" for number, t in enumerate(trials) for words in t.wrong()]
    return {
        "links": len(trials),
        "tests": 2 * len(trials),
        "wrong": wrong,
        "wrong_share": len(wrong) / (2 * len(trials)) if trials else None,
        "ends": {
            "first": Counter(t.first.stop_reason for t in trials),
            "later": Counter(t.later.stop_reason for t in trials),
        },
        "bytes_of_full": {
            name: _ratio(
                [(getattr(t, name).bits, t.full.bits) for t in trials
                 if getattr(t, name).stop_reason == "target_reached"]
            )
            for name in ("first", "later")
        },
    }  # fmt: skip


def lab_figures(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of the real links."""
    asked = [run for run in runs if run["test"] != "full"]
    full = {run["line"]: run["interface_bytes"] for run in runs if run["test"] == "full"}

    def ratio(name: str, *, reached: bool) -> float | None:
        return _ratio(
            [(run["interface_bytes"], full[run["line"]]) for run in asked
             if run["test"] == name and (run["stop_reason"] == "target_reached" or not reached)]
        )  # fmt: skip

    return {
        "links": len(full),
        "tests": len(asked),
        "wrong": [run["line"] for run in asked if run["is_wrong"]],
        "failed": [run["line"] for run in asked if run["error"]],
        "bytes_of_full": {
            name: {"target_reached": ratio(name, reached=True), "all": ratio(name, reached=False)}
            for name in ("first", "later")
        },
        "runs": list(runs),
    }


def markdown(figures: dict[str, Any]) -> str:
    """As tables."""
    made_up, lab = figures["made_up"], figures["lab"]
    return "\n".join(
        [
            "# Does the line carry the need? Right answers, and bytes",
            "",
            "What is measured, and how: [benchmarks](../README.md#verdict-mode).",
            "",
            "| | links | tests | wrong | bytes of a full test, first | later |",
            "|---|---|---|---|---|---|",
            _summary("made up", made_up, made_up["bytes_of_full"]),
            _summary("lab", lab, {k: v["target_reached"] for k, v in lab["bytes_of_full"].items()}),
            "",
            "Bytes are medians of the tests that ended when the need was proven, against a test of",
            "full length of the same line.",
            "",
            f"| {' | '.join(COLUMNS)} |",
            f"|{'---|' * len(COLUMNS)}",
            *_rows(lab["runs"]),
            "",
        ]
    )


def _summary(name: str, part: dict[str, Any], ratios: dict[str, float | None]) -> str:
    first, later = (_percent(ratios[key]) for key in ("first", "later"))
    return (
        f"| {name} | {part['links']} | {part['tests']} | {len(part['wrong'])} | {first} | {later} |"
    )


def _rows(runs: Iterable[dict[str, Any]]) -> Iterator[str]:
    full = 0
    for run in runs:
        full = run["interface_bytes"] if run["test"] == "full" else full
        says = {True: "reaches", False: "doesn't", None: "can't say"}[run["vote"]]
        words = (
            run["line"],
            run["direction"],
            f"{run['rtt_seconds'] * 1e3:g} ms",
            f"{run['left_of_need']:.2f}",
            run["test"],
            "" if run["read_of_need"] is None else f"{run['read_of_need']:.3f}",
            f"{says}{' (WRONG)' if run['is_wrong'] else ''}",
            (run["stop_reason"] or "").replace("_", " "),
            f"{run['interface_bytes'] / 1e6:.1f}",
            _percent(run["interface_bytes"] / full if full else None),
        )
        yield f"| {' | '.join(words)} |"


def _percent(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.0%}"


def _ratio(pairs: Sequence[tuple[float, float]]) -> float | None:
    return median(part / whole for part, whole in pairs) if pairs else None


def _measured(chosen: Iterable[Line]) -> list[dict[str, Any]]:
    runs = []
    for line in chosen:
        for run in measured(line):
            runs.append(run)
            print(line.name, run["test"], run["stop_reason"], run["read_of_need"], flush=True)
    return runs


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verdict_mode", description=__doc__)
    parser.add_argument("--links", type=int, default=LINKS, help="made-up ones")
    parser.add_argument("--lines", default="*", help="names of real ones, such as '*bucket*'")
    return parser.parse_args()


if __name__ == "__main__":
    main()
