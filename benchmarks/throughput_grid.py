"""How near throughput tests come to the truth, and at what cost, in links of known rate and delay.

`python -m benchmarks.throughput_grid` runs everything, goes on where an interrupted run stopped,
and writes results/throughput.json and .md when all of it is there. benchmarks/README.md says more.
"""

import fnmatch
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

from broadgauge_agent.calibration import Calibrating
from lab.errors import LabError

from .recording import RESULTS, ROOT, document, keep
from .throughput_agent import spool
from .throughput_ceiling import Ceiling, ceilings
from .throughput_cells import Cell, Rivals, cells, rivals
from .throughput_kept import is_done, keep_unit, kept_runs
from .throughput_machine import (
    QUIET_CORES,
    BusyError,
    await_quiet,
    others_cores,
)
from .throughput_report import figures
from .throughput_run import Run
from .throughput_table import markdown
from .throughput_traps import Walk, walks

NAME = "throughput"
RUNS, RIVAL_RUNS, LOSS_RUNS, TRAP_RUNS, CEILING_RUNS = 10, 3, 5, 2, 5
QUICK_RUNS = 3
QUICK = (
    *("100M-20ms-rivals", "100M-20ms", "5M-20ms", "100M-100ms", "500M-20ms", "1000M-100ms"),
    *("100M-20ms-loss", "step-100M-to-20M-20ms", "own-30%-100M-20ms", "shaped-2500M"),
)

ENDED_BY = 128
LEAVING_OUT = (BusyError, LabError, subprocess.SubprocessError)
"""One line that can't be measured is no reason to measure none of the others."""

Unit = Cell | Walk | Ceiling | Rivals


@dataclass(frozen=True)
class Wish:
    """What is to be run, how often, and where it is kept."""

    patterns: tuple[str, ...]
    runs: int | None
    folder: Path
    is_quick: bool
    goes_on_when_busy: bool

    def units(self) -> list[Unit]:
        """Those wished for, in the order they are run in."""
        every = quick_units() if self.is_quick else all_units(self.runs)
        return [unit for unit in every if _is_wished(unit.name, unit.part, self.patterns)]


def all_units(runs: int | None = None) -> list[Unit]:
    """Everything; with `runs` of ours each instead of as many as the benchmark has."""
    return [
        *cells(runs or RUNS, runs or LOSS_RUNS),
        *walks(runs or TRAP_RUNS),
        *ceilings(runs or CEILING_RUNS),
        *rivals(RIVAL_RUNS),
    ]


def quick_units() -> list[Unit]:
    """A first look of a few minutes."""
    units: list[Unit] = [*rivals(1), *cells(QUICK_RUNS, 2), *walks(1), *ceilings(1)]
    every = {unit.name: unit for unit in units}
    return [every[name] for name in QUICK]


def _is_wished(name: str, part: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(p == part or fnmatch.fnmatch(name, p) for p in patterns)


CELLS_HELP = (
    "Names or parts (rivals, grid, loss, traps, ceiling), with commas; * is anything. Default: all."
)
RUNS_HELP = "Of ours on each line; the benchmark's own number otherwise."
OUT_HELP = (
    "Where runs are kept, for the next time. Default: .bench/throughput, or -quick beside it."
)
BUSY_HELP = (
    "Go on while others use the machine: from 500 Mbit/s on, it is the machine that is read."
)


@click.command(context_settings={"max_content_width": 100})
@click.option("--cells", "patterns", default="", help=CELLS_HELP)
@click.option("--runs", type=int, help=RUNS_HELP)
@click.option("--out", type=click.Path(path_type=Path), help=OUT_HELP)
@click.option("--quick", is_flag=True, help="Few lines and runs, for a first look.")
@click.option("--busy-anyway", is_flag=True, help=BUSY_HELP)
@click.option("--list", "lists", is_flag=True, help="Only say what would be run.")
def cli(
    patterns: str, runs: int | None, out: Path | None, quick: bool, busy_anyway: bool, lists: bool
) -> None:
    """Measure lines of known rate with our probe and others, and say how near they come."""
    folder = out or ROOT / ".bench" / (f"{NAME}-quick" if quick else NAME)
    wished = tuple(filter(None, patterns.split(",")))
    wish = Wish(wished, runs, folder, quick, busy_anyway)
    if lists:
        click.echo("\n".join(f"{unit.part} {unit.name}" for unit in wish.units()))
        return
    signal.signal(signal.SIGTERM, _end)  # so that what was made is removed
    left = run_units(wish)
    report(wish)
    if left:
        click.echo(f"{left} lines were left out: run this again for them", err=True)
        sys.exit(1)


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(ENDED_BY + number)


def run_units(wish: Wish) -> int:
    """Each that isn't there yet. How many were left out because others used the machine."""
    left, began, units = 0, time.monotonic(), wish.units()
    with spool() as kept:
        calibrating = Calibrating(kept)
        for number, unit in enumerate(units, start=1):
            if is_done(wish.folder, unit.name, _plan(unit)):
                continue
            minutes = (time.monotonic() - began) / 60
            click.echo(
                f"{minutes:5.1f} min: {number}/{len(units)} {unit.part} {unit.name}", err=True
            )
            try:
                run_unit(wish, unit, calibrating)
            except LEAVING_OUT as error:
                click.echo(f"left out {unit.name}: {error}", err=True)
                left += 1
    return left


def run_unit(wish: Wish, unit: Unit, calibrating: Calibrating) -> None:
    """One line or trap. BusyError if it needs a quiet machine, and this one isn't."""
    if wish.goes_on_when_busy:
        if (taken := others_cores()) > QUIET_CORES:
            click.echo(f"others take {taken:.2f} cores of this machine", err=True)
    else:
        await_quiet(unit.fastest_bits_per_second)
    keep_unit(wish.folder, unit.name, _plan(unit), unit.measure(calibrating))


def report(wish: Wish) -> None:
    """Figures and tables of what is there; among the results once everything is."""
    runs = kept_runs(wish.folder)
    found = figures(runs)
    whole = all(is_done(wish.folder, unit.name, _plan(unit)) for unit in all_units())
    (wish.folder / "summary.json").write_bytes(msgspec.json.encode(document(NAME, found)))
    page = markdown(document(NAME, found))
    (wish.folder / "throughput.md").write_text(page)
    click.echo(page)
    click.echo(f"Kept in {wish.folder}", err=True)
    if whole and not wish.is_quick:
        _keep(found, runs)


def _keep(found: dict[str, Any], runs: Sequence[Run]) -> None:
    keep(NAME, found)
    kept = msgspec.json.decode((RESULTS / f"{NAME}.json").read_bytes())
    (RESULTS / f"{NAME}.md").write_text(markdown(kept))
    lines = (msgspec.structs.replace(run, rates_bits_per_second=()) for run in runs)
    (RESULTS / f"{NAME}_runs.jsonl").write_bytes(
        b"\n".join(map(msgspec.json.encode, lines)) + b"\n"
    )


def _plan(unit: Unit) -> str:
    """What a file of runs begins with: if this changes, they are run anew."""
    return msgspec.json.encode({"unit": unit.name, "runs": unit.runs}).decode()


if __name__ == "__main__":
    cli(prog_name="python -m benchmarks.throughput_grid")
