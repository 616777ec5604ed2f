"""A disk that fails to sync: nothing is acknowledged meanwhile, and nothing is lost or doubled."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from broadgauge_collector.store import DuckDBResults
from broadgauge_wire import encode
from tests.collecting import an_agent, batch, stored_ids, throughput
from tests.conftest import tool

ROOT = Path(__file__).parents[2]
FIRST = 60
"""The syncs of one thread that fail begin here: opening the database takes fewer."""

BATCHES = 100
TAKEN = re.compile("stored|seen")


@pytest.mark.parametrize("failing", [1, 4], ids=["once", "and again as the store is opened"])
def test_a_failed_fsync_is_never_acknowledged_and_nothing_is_lost_or_doubled(
    tmp_path: Path, failing: int
) -> None:
    agent, path, file = an_agent(), tmp_path / "hot.duckdb", tmp_path / "batches"
    results = [throughput() for _ in range(BATCHES)]
    bodies = [encode(batch(agent, r, sequence=n)) for n, r in enumerate(results, 1)]
    file.write_bytes(b"\n".join(bodies))

    said = run_with_failing_syncs(path, file, failing, tmp_path / "trace")

    busy = [number for number, state in said if state == "busy"]
    assert len(set(busy)) == 1, "one batch met the failing syncs, and the next ones did not"
    assert len(busy) <= failing
    taken = [number for number, state in said if state in ("stored", "seen")]
    assert taken == list(range(BATCHES))
    store = DuckDBResults.open(path)
    assert stored_ids(store) == sorted(result.id for result in results)
    store.close()
    check_trace((tmp_path / "trace").read_text().splitlines())


def check_trace(lines: list[str]) -> None:
    """What was in the log as the sync failed may be on no disk, though a later sync succeeds: so
    the database itself is synced before anything more is acknowledged."""
    failed = max(n for n, line in enumerate(lines) if "INJECTED" in line)
    after = lines[failed + 1 :]
    synced = next(n for n, line in enumerate(after) if "sync(" in line and "hot.duckdb>" in line)
    said = next(n for n, line in enumerate(after) if "write(1<" in line and TAKEN.search(line))
    assert synced < said


def run_with_failing_syncs(
    path: Path, batches: Path, failing: int, trace: Path
) -> list[tuple[int, str]]:
    """What became of each batch, in order, where some syncs of the committing thread failed."""
    syncs = "fdatasync,fsync"
    run = subprocess.run(
        [
            tool("strace"), "-f", "-qq", "-y", "-o", str(trace), "-e", f"trace={syncs},write",
            "-e", f"inject={syncs}:error=EIO:when={FIRST}..{FIRST + failing - 1}",
            sys.executable, "-m", "tests.faults.fsync_work", str(path), str(batches),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    pairs = (line.split() for line in run.stdout.splitlines())
    return [(int(number), state) for number, state in pairs]
