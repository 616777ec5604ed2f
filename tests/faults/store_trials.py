"""The results store killed at its crash points: `python -m tests.faults.store_trials upkeep`.

Prints one JSON object: how many trials, how many different points, what was acknowledged. Ends with
1 and the trials that failed if anything acknowledged was lost, doubled, or the store took no more.
"""

import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from broadgauge_collector.store import DuckDBResults
from tests.collecting import NOW, an_agent
from tests.faults.crash_points import Crash, in_a_child, run_until
from tests.faults.store_work import CODE, check_kept, commit_all, ids_of, sent_by, stored

AGENTS = [an_agent(), an_agent()]
SENT = sent_by(AGENTS)
CLOSED = NOW - timedelta(days=10)

Acknowledge = Callable[[str], None]


class Scenario(NamedTuple):
    """What is done in a fresh store while it is killed, and what must hold of it afterwards."""

    work: Callable[[Path, Acknowledge], None]
    check: Callable[[Path, list[str]], None]


def _commit(path: Path, acknowledge: Acknowledge) -> None:
    results = DuckDBResults.open(path)
    commit_all(results, SENT, acknowledge)
    results.close()


def _upkeep(path: Path, acknowledge: Acknowledge) -> None:
    results = DuckDBResults.open(path)
    half = len(SENT) // 2
    for some in (SENT[:half], SENT[half:]):
        commit_all(results, some, acknowledge)
        results.seal(CLOSED)
    results.compact()
    results.close()


def _erase(path: Path, acknowledge: Acknowledge) -> None:
    results = DuckDBResults.open(path)
    commit_all(results, SENT, acknowledge)
    results.seal(CLOSED)
    acknowledge("erasing")
    results.erase(agent_ids=[AGENTS[0].id])
    acknowledge("erased")
    results.close()


def _check(path: Path, acknowledged: list[str]) -> None:
    check_kept(path, acknowledged, SENT)


def _check_erased(path: Path, acknowledged: list[str]) -> None:
    """One agent's results are gone once that was said; the other's are all there, always."""
    theirs = {str(one) for one in ids_of(s for s in SENT if s.key.agent_id == AGENTS[0].id)}
    results = DuckDBResults.open(path)
    try:
        found = stored(results)
        assert set(found.values()) <= {1}
        present = {str(one) for one in found}
        assert not {a for a in acknowledged if a not in theirs} - {"erasing", "erased"} - present
        if "erased" in acknowledged:
            assert not present & theirs
        results.erase(agent_ids=[AGENTS[0].id])
        assert not {str(one) for one in stored(results)} & theirs
    finally:
        results.close()


SCENARIOS = {
    "commit": Scenario(_commit, _check),
    "upkeep": Scenario(_upkeep, _check),
    "erase": Scenario(_erase, _check_erased),
}


@click.command()
@click.argument("scenario", type=click.Choice(list(SCENARIOS)))
@click.option("--every", default=1, help="Take only each so many-th point.")
@click.option("--at-most", default=sys.maxsize, help="Stop after so many trials.")
def cli(scenario: str, every: int, at_most: int) -> None:
    """Kill a results store at its crash points, one after another."""
    points, failed, trials, acknowledged = set[str](), list[str](), 0, 0
    for nth in range(1, sys.maxsize, every):
        crash = _trial(SCENARIOS[scenario], nth, failed)
        trials += 1
        acknowledged += len(crash.acknowledged)
        if crash.point is None or trials >= at_most:
            break
        points.add(crash.point)
    summary = {"scenario": scenario, "trials": trials, "points": len(points)}
    click.echo(json.dumps(summary | {"acknowledged": acknowledged, "failed": failed}))
    sys.exit(bool(failed))


def _trial(scenario: Scenario, nth: int, failed: list[str]) -> Crash:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results" / "hot.duckdb"
        crash = run_until(nth, CODE, partial(scenario.work, path))
        try:
            in_a_child(lambda: scenario.check(path, crash.acknowledged))
        except RuntimeError:
            traceback.print_exc()
            failed.append(f"killed {nth} lines in, at {crash.point}")
    return crash


if __name__ == "__main__":
    cli()
