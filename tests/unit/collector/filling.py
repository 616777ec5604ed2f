"""Commits batches while files may not grow, then again when they may. Run by test_store_faults.

SIGXFSZ ignored, a write beyond RLIMIT_FSIZE fails with EFBIG: a full disk in one process.
"""

import resource
import signal
import sys
import threading
from pathlib import Path

from broadgauge_collector.errors import Busy, StorageFull
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import encode
from tests.collecting import NOW, an_agent, batch, stored_ids, throughput

UNLIMITED = resource.RLIM_INFINITY


def main(path: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    results = DuckDBResults.open(path)
    agent = an_agent()

    def incoming(sequence: int) -> Incoming:
        records = [throughput(location="x" * 200) for _ in range(50)]
        return read(agent, encode(batch(agent, *records, sequence=sequence)), None, NOW)

    sent = [incoming(sequence) for sequence in range(1, 16)]
    for each in sent[:5]:
        results.commit([each])
    readers = Readers(results)
    try:
        fill_and_free(path, results, sent)
    finally:
        readers.stop()
    expected = sorted(result.id for each in sent for result in each.accepted)
    assert stored_ids(results) == expected
    results.close()
    again = DuckDBResults.open(path)
    assert stored_ids(again) == expected
    again.close()


def fill_and_free(path: Path, results: DuckDBResults, sent: list[Incoming]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, UNLIMITED))
    refused = [each for each in sent[5:10] if not committed(results, each)]
    assert len(refused) == 5
    assert len(stored_ids(results)) == 250
    resource.setrlimit(resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
    for each in [*refused, *sent]:
        results.commit([each])


def committed(results: DuckDBResults, incoming: Incoming) -> bool:
    try:
        results.commit([incoming])
    except StorageFull:
        return False
    return True


class Readers:
    """Threads that ask questions all the time; Busy is an answer, anything else is not."""

    def __init__(self, results: DuckDBResults) -> None:
        self._results = results
        self._stopping = threading.Event()
        self._surprises: list[Exception] = []
        self._threads = [threading.Thread(target=self._read) for _ in range(3)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        assert self._surprises == []

    def _read(self) -> None:
        while not self._stopping.is_set():
            try:
                self._results.select("throughput", limit=100)
            except (Busy, StorageFull):
                pass
            except Exception as surprise:  # noqa: BLE001 - told by stop
                self._surprises.append(surprise)
                return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
