"""The agent's spool killed at its crash points: `python -m tests.faults.spool_harness ship`.

Prints one JSON object: how many trials, how many different points, what was acknowledged. Ends with
1 and the trials that failed if anything acknowledged was lost, doubled, or nothing new flowed.
"""

import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from tests.faults import spool_work
from tests.faults.crash_points import Crash, in_a_child, run_until
from tests.faults.spool_work import CODE, Acknowledge, Ledger, restored_ledger


class Scenario(NamedTuple):
    """What a spool does while it is killed, and the collector afterwards."""

    work: Callable[[Path, Acknowledge], None]
    ledger: Callable[[Path], Ledger] = lambda folder: Ledger(folder / "ledger")


SCENARIOS = {
    "ship": Scenario(spool_work.put_and_ship),
    "restored": Scenario(spool_work.restore_the_collector, restored_ledger),
    "copied": Scenario(spool_work.copy_to_another_machine),
    "mend": Scenario(spool_work.mend),
}


@click.command()
@click.argument("scenario", type=click.Choice(list(SCENARIOS)))
@click.option("--every", default=1, help="Take only each so many-th point.")
@click.option("--at-most", default=sys.maxsize, help="Stop after so many trials.")
def cli(scenario: str, every: int, at_most: int) -> None:
    """Kill a spool at its crash points, one after another."""
    points, failed, trials, acknowledged = set[str](), list[str](), 0, 0
    for nth in range(1, sys.maxsize, every):
        crash = trial(SCENARIOS[scenario], nth, failed)
        trials += 1
        acknowledged += len(crash.acknowledged)
        if crash.point is None or trials >= at_most:
            break
        points.add(crash.point)
    summary = {"scenario": scenario, "trials": trials, "points": len(points)}
    click.echo(json.dumps(summary | {"acknowledged": acknowledged, "failed": failed}))
    sys.exit(bool(failed))


def trial(scenario: Scenario, nth: int, failed: list[str]) -> Crash:
    """One life of a spool that ends at the n-th crash point, and what came of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        crash = run_until(nth, CODE, partial(scenario.work, folder))
        try:
            acknowledged = list(crash.acknowledged)
            in_a_child(lambda: spool_work.check(folder, acknowledged, scenario.ledger(folder)))
        except RuntimeError:
            traceback.print_exc()
            failed.append(f"killed {nth} lines in, at {crash.point}")
    return crash


if __name__ == "__main__":
    cli()
