"""Scenarios taken through every crash point of some code, and what all modules of trials print."""

import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

import click

from tests.faults.crash_points import Crash, in_a_child, run_until

Acknowledge = Callable[[str], None]


class Scenario(NamedTuple):
    """What is done in an empty folder while it is killed, and what must hold of it afterwards."""

    work: Callable[[Path, Acknowledge], None]
    check: Callable[[Path, list[str]], None]


def command(scenarios: Mapping[str, Scenario], code: Collection[Path]) -> click.Command:
    """A command that takes one of the scenarios through the crash points of the code."""

    @click.command()
    @click.argument("scenario", type=click.Choice(list(scenarios)))
    @click.option("--every", default=1, help="Take only each so many-th point.")
    @click.option("--at-most", default=sys.maxsize, help="Stop after so many trials.")
    def cli(scenario: str, every: int, at_most: int) -> None:
        """Kill what keeps results at its crash points, one after another."""
        points, failed, trials, acknowledged = set[str](), list[str](), 0, 0
        for nth in range(1, sys.maxsize, every):
            crash = _trial(scenarios[scenario], code, nth, failed)
            trials += 1
            acknowledged += len(crash.acknowledged)
            if crash.point is None or trials >= at_most:
                break
            points.add(crash.point)
        end(scenario, trials, len(points), acknowledged, failed)

    return cli


def end(scenario: str, trials: int, points: int, acknowledged: int, failed: list[str]) -> NoReturn:
    """Print one JSON object about trials, and end with 1 if one of them failed."""
    summary = {"scenario": scenario, "trials": trials, "points": points}
    click.echo(json.dumps(summary | {"acknowledged": acknowledged, "failed": failed}))
    sys.exit(bool(failed))


def _trial(scenario: Scenario, code: Collection[Path], nth: int, failed: list[str]) -> Crash:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        crash = run_until(nth, code, partial(scenario.work, folder))
        try:
            in_a_child(partial(scenario.check, folder, list(crash.acknowledged)))
        except RuntimeError:
            traceback.print_exc()
            failed.append(f"killed {nth} lines in, at {crash.point}")
    return crash
