"""The agent's spool killed at its crash points: `python -m tests.faults.spool_trials ship`.

Prints one JSON object: how many trials, how many different points, what was acknowledged. Ends with
1 and the trials that failed if anything acknowledged was lost, doubled, or nothing new flowed.
"""

from collections.abc import Callable
from pathlib import Path

from tests.faults import spool_work
from tests.faults.crash_trials import Acknowledge, Scenario, command
from tests.faults.spool_work import CODE, Ledger, restored_ledger


def _scenario(
    work: Callable[[Path, Acknowledge], None],
    ledger: Callable[[Path], Ledger] = lambda folder: Ledger(folder / "ledger"),
) -> Scenario:
    """With the ledger of the collector that is there afterwards."""
    return Scenario(work, lambda folder, said: spool_work.check(folder, said, ledger(folder)))


SCENARIOS = {
    "ship": _scenario(spool_work.put_and_ship),
    "restored": _scenario(spool_work.restore_the_collector, restored_ledger),
    "copied": _scenario(spool_work.copy_to_another_machine),
    "mend": _scenario(spool_work.mend),
}

if __name__ == "__main__":
    command(SCENARIOS, CODE)()
