"""Everything that can go wrong, in full: `make faults`. Takes hours; --share takes a part of each.

Writes benchmarks/results/faults.json and faults.md. Ends with 1 if anything was lost or doubled.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import click

from benchmarks.recording import RESULTS, keep

PYTHON = sys.executable


class Part(NamedTuple):
    """Trials of one kind: what they are, and how many there are in all, or how far apart."""

    title: str
    module: str
    arguments: Sequence[str]
    share_by: str
    """`--every` for crash points; the option that says how many for the others."""
    whole: int = 1
    """Of crash points, each so many-th."""


# What takes longest begins first.
PARTS = [
    Part("server killed", "server_trials", [], "--kills", 1000),
    *(
        Part(f"results store, {name}", "store_trials", [name], "--every", 4)
        for name in ("erase", "upkeep", "commit")
    ),
    Part("power cut, results store", "power_trials", ["store"], "--cuts", 250),
    Part("power cut, agent's spool", "power_trials", ["spool"], "--cuts", 250),
    Part("power cut, agent's identity", "power_trials", ["identity"], "--cuts", 100),
    *(
        Part(f"agent's spool, {name}", "spool_trials", [name], "--every")
        for name in ("ship", "restored", "copied", "mend")
    ),
    Part("slots of 200 agents, collector killed", "slot_trials", [], "--kills", 60),
]


@click.command()
@click.option("--share", default=1.0, show_default=True, help="Of each part, such as 0.1.")
@click.option("--jobs", default=1, show_default=True, help="So many parts at a time.")
@click.argument("names", nargs=-1)
def cli(share: float, jobs: int, names: tuple[str, ...]) -> None:
    """Take the store, the spool and whole servers through kills and power cuts.

    With NAMES, only the parts whose title has one of them in it.
    """
    chosen = [p for p in PARTS if not names or any(name in p.title for name in names)]
    with ThreadPoolExecutor(jobs) as pool:
        rows = list(pool.map(partial(_run, share=share), chosen))
    if not names:
        keep("faults", {"share": share, "parts": rows})
        (RESULTS / "faults.md").write_text(_table(rows, share))
    click.echo(_table(rows, share))
    sys.exit(any(row["failed"] for row in rows))


def _run(part: Part, share: float) -> dict[str, Any]:
    share = 1 / share if part.share_by == "--every" else share
    amount = max(1, round(part.whole * share))
    arguments = [*part.arguments, part.share_by, str(amount)]
    click.echo(f"{part.title}: {' '.join(arguments)}", err=True)
    began = time.monotonic()
    command = [PYTHON, "-m", f"tests.faults.{part.module}", *arguments]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    said = json.loads(ended.stdout or "{}")
    return {
        "part": part.title,
        "trials": said.get("trials", 0),
        "points": said.get("points", 0),
        "acknowledged": said.get("acknowledged", 0),
        "failed": said.get("failed", ["it did not run to its end"]),
        "seconds": round(time.monotonic() - began),
    }


def _table(rows: list[dict[str, Any]], share: float) -> str:
    head = (
        "# Faults\n\n"
        "In each trial what keeps results was killed, or its power cut, and what it had "
        "acknowledged\nwas looked for afterwards: each result once, none missing, and new ones "
        f"taken. Share of all\ntrials: {share:.0%}.\n\n"
        "| what | trials | different points | acknowledged | lost or doubled | seconds |\n"
        "|---|---:|---:|---:|---:|---:|\n"
    )
    lines = [
        f"| {row['part']} | {row['trials']:,} | {row['points']:,} | {row['acknowledged']:,} | "
        f"{len(row['failed'])} | {row['seconds']:,} |"
        for row in rows
    ]
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    cli()
