"""The results store killed at its crash points: `python -m tests.faults.store_trials upkeep`.

Prints one JSON object: how many trials, how many different points, what was acknowledged. Ends with
1 and the trials that failed if anything acknowledged was lost, doubled, or the store took no more.
"""

from datetime import timedelta
from pathlib import Path

from broadgauge_collector.store import DuckDBResults
from tests.collecting import NOW, an_agent
from tests.faults.crash_trials import Acknowledge, Scenario, command
from tests.faults.store_work import CODE, check_kept, commit_all, ids_of, sent_by, stored

AGENTS = [an_agent(), an_agent()]
SENT = sent_by(AGENTS)
HOT = Path("results", "hot.duckdb")
CLOSED = NOW - timedelta(days=10)


def _commit(folder: Path, acknowledge: Acknowledge) -> None:
    results = DuckDBResults.open(folder / HOT)
    commit_all(results, SENT, acknowledge)
    results.close()


def _upkeep(folder: Path, acknowledge: Acknowledge) -> None:
    results = DuckDBResults.open(folder / HOT)
    half = len(SENT) // 2
    for some in (SENT[:half], SENT[half:]):
        commit_all(results, some, acknowledge)
        results.seal(CLOSED)
    results.compact()
    results.close()


def _erase(folder: Path, acknowledge: Acknowledge) -> None:
    results = DuckDBResults.open(folder / HOT)
    commit_all(results, SENT, acknowledge)
    results.seal(CLOSED)
    acknowledge("erasing")
    results.erase(agent_ids=[AGENTS[0].id])
    acknowledge("erased")
    results.close()


def _check(folder: Path, acknowledged: list[str]) -> None:
    check_kept(folder / HOT, acknowledged, SENT)


def _check_erased(folder: Path, acknowledged: list[str]) -> None:
    """One agent's results are gone once that was said; the other's are all there, always."""
    theirs = {str(one) for one in ids_of(s for s in SENT if s.key.agent_id == AGENTS[0].id)}
    results = DuckDBResults.open(folder / HOT)
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


if __name__ == "__main__":
    command(SCENARIOS, CODE)()
