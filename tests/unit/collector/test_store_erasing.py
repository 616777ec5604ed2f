"""Erasing says that it is done once no file is left that has it."""

from pathlib import Path
from typing import Any

import pytest

from broadgauge_collector.errors import Busy
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.store import DuckDBResults, duckdb_erase, duckdb_file
from broadgauge_wire import encode
from tests.collecting import NOW, an_agent, batch, throughput


def test_erasing_is_not_done_while_an_older_file_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, agent = DuckDBResults.open(tmp_path / "hot.duckdb"), an_agent()
    results.commit([read(agent, encode(batch(agent, throughput())), None, NOW)])
    monkeypatch.setattr(duckdb_erase, "PATIENCE_SECONDS", 0.05)
    with results.cursor(), pytest.raises(Busy, match="still being read"):
        results.erase(agent_ids=[agent.id])
    results.erase(agent_ids=[agent.id])
    assert len(list(tmp_path.glob("hot*.duckdb"))) == 1
    results.close()


def test_the_older_file_goes_even_if_the_newer_cannot_be_opened_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, agent = DuckDBResults.open(tmp_path / "hot.duckdb"), an_agent()
    results.commit([read(agent, encode(batch(agent, throughput())), None, NOW)])
    connect = duckdb_file.connect

    def away(path: Path, *rest: Any) -> Any:
        monkeypatch.setattr(duckdb_file, "connect", connect)
        raise Busy(f"{path} can't be opened now.")

    monkeypatch.setattr(duckdb_file, "connect", away)
    with pytest.raises(Busy):
        results.erase(agent_ids=[agent.id])
    assert [file.name for file in tmp_path.glob("hot*.duckdb")] == ["hot-000001.duckdb"]
    assert results.select("throughput", limit=9).num_rows == 0
    results.close()
