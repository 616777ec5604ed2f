import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadgauge_collector.errors import CannotStart
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.duckdb_parts import read_parts
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import encode
from tests.collecting import NOW, an_agent, batch, stored_ids, throughput
from tests.contract.result_stores import all_ids

ROOT = Path(__file__).parents[3]


def start(module: str, *arguments: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"tests.unit.collector.{module}", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_a_full_disk_acknowledges_nothing_loses_nothing_and_the_next_batch_works(
    tmp_path: Path,
) -> None:
    with start("filling", tmp_path / "hot.duckdb") as child:
        try:
            child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 0


def kill_after(child: subprocess.Popen[str], acknowledgements: int) -> set[int]:
    """The numbers of the batches that the child acknowledged before it was killed."""
    assert child.stdout is not None
    heard = [child.stdout.readline() for _ in range(acknowledgements)]
    child.kill()
    with child:  # read on as before: `communicate` would begin after what is buffered
        rest = child.stdout.read()
    assert child.returncode == -signal.SIGKILL
    # The last line may be torn by the kill, and then says nothing.
    whole = [line for line in [*heard, *rest.splitlines(keepends=True)] if line.endswith("\n")]
    return {int(line) for line in whole}


def test_what_was_acknowledged_before_a_kill_is_stored_once_and_sending_all_again_doubles_nothing(
    tmp_path: Path,
) -> None:
    agent, path, file = an_agent(), tmp_path / "hot.duckdb", tmp_path / "batches"
    made = [
        batch(agent, *[throughput() for _ in range(20)], sequence=number)
        for number in range(1, 401)
    ]
    bodies = [encode(each) for each in made]
    file.write_bytes(b"\n".join(bodies))
    incoming: list[Incoming] = [read(agent, body, None, NOW) for body in bodies]
    acknowledged: set[int] = set()
    chance = random.Random(7)
    for upto in (20, 60, 120, 200, 280):
        child = start("committing", path, file)
        acknowledged |= kill_after(child, chance.randint(upto // 2, upto))
        results = DuckDBResults.open(path)
        stored = stored_ids(results)
        results.close()
        assert len(stored) == len(set(stored))
        for number in acknowledged:
            assert {result.id for result in incoming[number].accepted} <= set(stored)
    results = DuckDBResults.open(path)
    results.commit(incoming)
    assert stored_ids(results) == sorted(r.id for each in incoming for r in each.accepted)
    results.close()


def test_a_kill_in_the_middle_of_upkeep_loses_and_doubles_nothing(tmp_path: Path) -> None:
    agent, path, file = an_agent(), tmp_path / "hot.duckdb", tmp_path / "batches"
    months = [datetime(2026, month, 9, 12, 0, tzinfo=UTC) for month in (1, 2, 3)]
    made = [
        batch(agent, *[throughput(started_at=months[n % 3]) for n in range(9)], sequence=number)
        for number in range(1, 500)
    ]
    bodies = [encode(each) for each in made]
    file.write_bytes(b"\n".join(bodies))
    incoming = [read(agent, body, None, NOW) for body in bodies]
    acknowledged: set[int] = set()
    chance = random.Random(11)
    for upto in (20, 60, 120):
        acknowledged |= kill_after(start("sealing", path, file), chance.randint(upto // 2, upto))
        results = DuckDBResults.open(path)
        stored = all_ids(results)
        assert len(stored) == len(set(stored))
        for number in acknowledged:
            assert {result.id for result in incoming[number].accepted} <= set(stored)
        with results.cursor() as cursor:
            counting = {part.file for part in read_parts(cursor)}
        assert {each.name for each in (tmp_path / "sealed").iterdir()} == counting
        assert len(list(tmp_path.glob("hot*"))) <= 2  # the database and its log
        results.close()
    results = DuckDBResults.open(path)
    sent = incoming[: max(acknowledged) + 50]
    results.commit(sent)
    assert set(all_ids(results)) >= {r.id for each in sent for r in each.accepted}
    assert len(all_ids(results)) == len(set(all_ids(results)))
    results.close()


def test_a_second_process_cannot_open_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "hot.duckdb"
    results = DuckDBResults.open(path)
    code = (
        "import sys; from pathlib import Path; from broadgauge_collector.store import "
        "DuckDBResults; DuckDBResults.open(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(path)]
    other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"CannotStart: In {tmp_path}, hot.duckdb is open in another process" in other.stderr
    results.close()


def test_a_file_that_is_no_database_is_told_as_such_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hot.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(CannotStart, match=r"hot\.duckdb can't be opened"):
        DuckDBResults.open(path)
    assert path.read_bytes() == b"not a database" * 1000
