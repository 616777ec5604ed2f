"""Six agents of 250 Mbit/s each on one line: what do they find together?

Real processes in network namespaces: an agent behind a shaper of its own in each of six, a router,
whose line they share, and the far end with the collector and the test server. On a line of 950
Mbit/s the collector is killed in the middle of a group test, and started again.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.group import GroupLab, group_lab
from lab.shared_line import SharedLine, shared_line
from tests.faults.slot_trials import logged, overlaps

from .recording import keep
from .throughput_machine import others_cores

NAME = "group_test"
AGENTS = 6
OWN_BITS_PER_SECOND = 250_000_000
NARROW, WIDE = 950_000_000, 2_000_000_000
FIRST_TESTS = 2
"""Agents that test by themselves before, so that there is something to keep apart from."""

MAY_ERR = 0.05


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="Print the figures, and keep none.")
    options = parser.parse_args()
    figures: dict[str, Any] = {
        "others_cores_before": round(others_cores(1.0), 3),
        "agents": AGENTS,
        "own_bits_per_second": OWN_BITS_PER_SECOND,
        "groups": [*_measured(NARROW, kill=True), *_measured(WIDE, kill=False)],
    }
    figures["failed"] = [fault for group in figures["groups"] for fault in faults(group)]
    if options.print:
        print(figures)
    else:
        keep(NAME, figures)


def faults(group: dict[str, Any]) -> Iterator[str]:
    """What of one group test is not as it has to be."""
    name = f"{group['line_bits_per_second'] / 1e6:.0f} Mbit/s {group['direction']}"
    if group["state"] != "done":
        yield f"{name}: {group['state']}, {group['reason']}"
        return
    if group["is_narrow"] and not (
        group["bound"] == "exact" and abs(group["error_ratio"]) <= MAY_ERR
    ):
        yield f"{name}: {group['bound']}, {group['error_ratio']:+.1%}"
    if not group["is_narrow"] and group["bound"] != "at_least":
        yield f"{name}: {group['bound']}"
    yield from (f"{name}: {overlap}" for overlap in group["overlaps"])


def _measured(rate: int, *, kill: bool) -> Iterator[dict[str, Any]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        shared_line(AGENTS, OWN_BITS_PER_SECOND, rate) as line,
        group_lab(line, Path(folder, "lab"), OWN_BITS_PER_SECOND, FIRST_TESTS) as lab,
    ):
        yield _one(lab, line, "download", kill=kill)
        if kill:
            yield _one(lab, line, "upload", kill=False)


def _one(lab: GroupLab, line: SharedLine, direction: str, *, kill: bool) -> dict[str, Any]:
    group_id = lab.start(direction)["id"]
    if kill:
        lab.until_in_the_middle(group_id)
        lab.collector.kill()
        lab.collector.start()
    group = lab.until(group_id, "done", "failed")
    found = lab.result(group_id) if group["state"] == "done" else {}
    read = found.get("line_bits_per_second")
    transfers = logged(lab.slot_log)
    return {
        "line_bits_per_second": line.line_bits_per_second,
        "is_narrow": line.rate_bits_per_second < AGENTS * OWN_BITS_PER_SECOND,
        "direction": direction,
        "collector_killed": kill,
        "state": group["state"],
        "reason": group["reason"],
        "read_bits_per_second": read,
        "error_ratio": read and round(read / line.line_bits_per_second - 1, 4),
        "bound": found.get("bound"),
        "limited_by": found.get("limited_by"),
        "ceiling_bits_per_second": found.get("ceiling_bits_per_second"),
        "stages": found.get("swarm_stages", ()),
        "parts": [_part(part) for part in found.get("swarm_parts", ())],
        "tests_at_the_server": len({one.slot_id for one in transfers}),
        "connections_at_the_server": len(transfers),
        "overlaps": list(overlaps(transfers)),
    }


def _part(part: dict[str, Any]) -> dict[str, Any]:
    kept = ("joined_after_seconds", "line_bits_per_second", "ceiling_bits_per_second", "trouble")
    return {name: part[name] for name in kept}


if __name__ == "__main__":
    main()
