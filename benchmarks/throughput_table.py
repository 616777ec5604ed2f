"""The figures as tables that people read. Pure: from the JSON alone."""

from collections.abc import Iterable, Sequence
from typing import Any

from .throughput_run import IPERF3, IPERF3_STREAMS, NDT7, RIVALS, SPEEDTEST

FIRST_AND_LATER = """A first test knows nothing of its line; later ones know what it found, and one
in eight of them is long all the same."""

SAME_RUN = """In links made the same way, on the same machine, both ways. `iperf3 -P n` has eight
streams, and its first two seconds don't count: it checks the truth."""

SUMMARY_HEAD = (
    *("", "tests", "failed", "median error", "95%", "worst", "bytes of a flood", "mean of them"),
    *("test", "with its process", "exact", "at_least"),
)
SHORT_NAMES = {
    IPERF3: "iperf3",
    IPERF3_STREAMS: "iperf3 -P n",
    SPEEDTEST: "speedtest-cli",
    NDT7: NDT7,
}


def markdown(kept: dict[str, Any]) -> str:
    """The whole page."""
    machine = kept["machine"]
    return "\n".join(
        [
            "# Throughput: how near to the truth, and at what cost",
            "",
            f"Put together {kept['measured_at']}. Measured at revision {_revisions(kept)}.",
            f"Machine: {machine['cpu']}, {machine['cpu_threads']} threads.",
            f"System: {machine['system']}, kernel {machine['kernel']}.",
            "What is measured, and how: [benchmarks](../README.md). Made from the JSON beside it.",
            "",
            *_goals(kept),
            *_rivals(kept),
            *_grid(kept["grid"], "Clean lines"),
            *_beside(kept["grid"]),
            *_grid(kept["loss"], "Lines that lose 0.1% of packets"),
            *_traps(kept["traps"]),
            *_ceilings(kept["ceilings"]),
            *_listed(kept),
        ]
    )


def _revisions(kept: dict[str, Any]) -> str:
    return "; ".join(f"{', '.join(of)} ({part})" for part, of in kept["revisions"].items())


def _goals(kept: dict[str, Any]) -> list[str]:
    said = {True: "reached", False: "**not reached**", None: "not measured"}
    rows = [
        (g["name"], g["goal"], g["measured"], said[g["reached"]], g["reason"])
        for g in kept["goals"]
    ]
    clean, labels = kept["clean"], kept["labels"]
    rows_of = [
        (words, *_summary(clean[key]))
        for key, words in (("first", "first tests"), ("later", "later tests"), ("together", "all"))
    ]
    return [
        "## Goals",
        "",
        *_table(("", "goal", "measured", "", "why not"), rows),
        "## Clean lines in short",
        "",
        FIRST_AND_LATER,
        "",
        *_table(SUMMARY_HEAD, rows_of),
        _label_words(labels),
        (
            f"Others took more than {kept['quiet_cores']:g} of a core before "
            f"{_percent(kept['busy_share'])} of all tests."
        ),
        "",
    ]


def _label_words(labels: dict[str, Any]) -> str:
    return (
        f"No claim at all: {_percent(labels['no_claim'])} of clean tests. Where the machine was "
        f"the bound, {_percent(labels['recall'])} of {labels['machine_limited_runs']} tests said "
        "at_least."
    )


def _summary(figures: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(figures["runs"]),
        str(figures["failed"]),
        _percent(figures["median_error_ratio"], 2),
        _percent(figures["p95_error_ratio"], 2),
        _percent(figures["worst_error_ratio"]),
        _percent(figures["median_bytes_of_flood_ratio"]),
        _percent(figures["mean_bytes_of_flood_ratio"]),
        _seconds(figures["median_test_seconds"]),
        _seconds(figures["median_process_seconds"]),
        _percent(figures["exact_share"]),
        _percent(figures["at_least_share"]),
    )


def _rivals(kept: dict[str, Any]) -> list[str]:
    found = kept["rivals"]
    if len(found["tools"]) < 2:
        return []
    rows = []
    for tool, figures in found["tools"].items():
        ratios = found["ours_to"].get(tool, {})
        rows.append(
            (
                SHORT_NAMES.get(tool, f"**{tool}**"), str(figures["runs"]), str(figures["failed"]),
                _percent(figures["median_error_ratio"], 2), _percent(figures["p95_error_ratio"]),
                _percent(figures["worst_error_ratio"]),
                _percent(figures["median_bytes_of_flood_ratio"]),
                _seconds(figures["median_test_seconds"]),
                _times(ratios.get("median_error_ratio")),
                _times(ratios.get("median_bytes_of_flood_ratio")),
                _times(ratios.get("median_test_seconds")),
            )
        )  # fmt: skip
    head = ("", "tests", "failed", "median error", "95%", "worst", "bytes of a flood", "seconds",
            "our error to its", "our bytes to its", "our time to its")  # fmt: skip
    return [
        f"## Beside others, on {found['lines']} of these lines", "",
        SAME_RUN, "",
        *_table(head, rows),
    ]  # fmt: skip


def _grid(found: Sequence[dict[str, Any]], title: str) -> list[str]:
    rows = []
    for line in found:
        first, later, both = (line["ours"][key] for key in ("first", "later", "together"))
        rows.append(
            (
                line["line"], line["direction"], _mbps(line["truth_bits_per_second"]),
                _read(first, line), _percent(first["median_bytes_of_flood_ratio"]),
                _seconds(first["median_test_seconds"]),
                _read(later, line), _percent(later["worst_error_ratio"]),
                _percent(later["median_bytes_of_flood_ratio"]),
                _seconds(later["median_test_seconds"]),
                _percent(both["p95_error_ratio"]), _percent(both["exact_share"]),
                _percent(both["at_least_share"]),
            )
        )  # fmt: skip
    head = ("line", "", "truth, Mbit/s", "first: error", "bytes", "s", "later: error", "worst",
            "bytes", "s", "all: 95%", "exact", "at_least")  # fmt: skip
    return [f"## {title}", "", *_table(head, rows)] if rows else []


def _beside(found: Sequence[dict[str, Any]]) -> list[str]:
    rows = [
        (
            line["line"], line["direction"], _mbps(line["truth_bits_per_second"]),
            _read(line["ours"]["together"], line),
            *(_read(line["rivals"].get(tool), line) for tool in RIVALS),
        )
        for line in found
        if line["rivals"]
    ]  # fmt: skip
    head = ("line", "", "truth, Mbit/s", "ours", *(SHORT_NAMES[tool] for tool in RIVALS))
    if not rows:
        return []
    return ["## What each reads of the same line", "", "Error of the median reading.", "",
            *_table(head, rows)]  # fmt: skip


def _traps(found: Sequence[dict[str, Any]]) -> list[str]:
    rows = [
        (
            trap["kind"], trap["trap"], trap["direction"], trap["knows"],
            " ".join(_number(share) for share in trap["readings_of_truth"]),
            _percent(trap["exact_share"]), _percent(trap["at_least_share"]),
            str(trap["wrong_exact"] or ""), _percent(trap["median_bytes_of_flood_ratio"]),
            _seconds(trap["median_test_seconds"]),
        )
        for trap in found
    ]  # fmt: skip
    head = ("trap", "", "", "agent knows", "readings / truth", "exact", "at_least",
            "exact and wrong", "bytes", "s")  # fmt: skip
    return ["## Traps", "", *_table(head, rows)] if rows else []


def _ceilings(found: Sequence[dict[str, Any]]) -> list[str]:
    rows = [
        (
            one["link"], one["direction"], str(one["runs"]), _mbps(one["median_bits_per_second"]),
            _mbps(one["best_bits_per_second"]), _mbps(one["median_line_bits_per_second"]),
            _number(one["median_cpu_ratio"]), _number(one["median_process_cores"]),
            ", ".join(one["bounds"]),
        )
        for one in found
    ]  # fmt: skip
    head = ("link", "", "tests", "payload, Mbit/s", "best", "on the line", "cores while measured",
            "cores of the whole process", "said")  # fmt: skip
    return ["## The most one client carries", "", *_table(head, rows)] if rows else []


def _listed(kept: dict[str, Any]) -> list[str]:
    groups = (
        ("Every `exact` more than 10% wrong", kept["wrong_exact"]),
        ("Every `at_least` more than 10% above the path", kept["at_least_too_high"]),
        ("Every test without a reading", kept["failed"]),
    )
    return [line for title, found in groups for line in (f"## {title}", "", *_items(found), "")]


def _items(found: Iterable[dict[str, Any]]) -> list[str]:
    items = ["- " + ", ".join(f"{key} {_plain(key, one[key])}" for key in one) for one in found]
    return items or ["None."]


def _plain(key: str, value: Any) -> str:
    return f"{_mbps(value)} Mbit/s" if key.endswith("bits_per_second") else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows),
        "",
    ]


def _read(figures: dict[str, Any] | None, line: dict[str, Any]) -> str:
    """The median reading's error, with its sign."""
    if not figures or figures["median_bits_per_second"] is None:
        return "-"
    return f"{figures['median_bits_per_second'] / line['truth_bits_per_second'] - 1:+.1%}"


def _mbps(value: float | None) -> str:
    return "-" if value is None else f"{value / 1e6:.4g}"


def _percent(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}x"
