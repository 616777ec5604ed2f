"""The benchmark of reads asks what the pages ask, or its figures are of something else."""

from pathlib import Path

import pytest

from benchmarks import reads


def test_what_it_asks_is_answered_and_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"SCHOOLS": 3, "TIMES": 2, "AGENTS": 2, "SENT": 400, "KEPT_AT": tmp_path}
    for name, value in small.items():
        monkeypatch.setattr(reads, name, value)
    figures = reads._size(7200)
    timed = {name for name, figure in figures.items() if isinstance(figure, dict)}
    assert {"overview_page", "school_page_90_days", "percentiles_of_latency"} <= timed
    assert figures["bytes_a_row"] > 0
    assert figures["ingest_while_reading"]["other_answers"] == []
    assert "overview page" in reads.table([figures])
