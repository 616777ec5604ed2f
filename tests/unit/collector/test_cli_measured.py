"""Commands over a server that has measured something."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from pyarrow import csv, parquet

from broadgauge_collector.cli import exporting, main
from tests.api_client import serving
from tests.collecting import batch, throughput
from tests.running import BIN, eventually, free_ports

NIGHTS = 12


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data directory of a running server with twelve nights far below the need."""
    data = tmp_path_factory.mktemp("measured")
    _measure(data)
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [BIN / "broadgauge", "serve", "--data", data, "--port", str(port)],
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        lines = process.stderr
        eventually(lambda: b"serving" in lines.readline(), "the server")
        yield data
    finally:
        process.terminate()
        process.communicate()


def _measure(data: Path) -> None:
    with serving(data) as api:
        school = api.school(students=420)
        line = {"name": "LAN", "segment": "lan", "schools": [school.name]}
        api.http.post("/api/v1/links", json=line, headers=api.admin)
        agent, headers = api.agent(school)
        today = api.services.now().date()
        nights = [
            datetime.combine(today - timedelta(days=n), time(9), UTC)
            for n in range(15, 15 + NIGHTS)
        ]
        slow = {"throughput_bits_per_second": 96e6, "line_bits_per_second": 100e6}
        tests = [throughput(started_at=night, **slow) for night in nights]
        assert api.send(batch(agent, *tests), headers).status_code == 200


def _run(data: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("BROADGAUGE_DATA", str(data))
    monkeypatch.setattr("sys.argv", ["broadgauge", *arguments])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_school_below_its_target_is_measured_trouble(
    measured: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(measured, monkeypatch, "verdicts") == 1

    printed = capsys.readouterr().out
    assert "below" in printed
    assert "LAN: 100.0 Mbps" in printed


def test_what_a_school_carries_and_needs_is_said_by_commands(
    measured: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        assert _run(measured, monkeypatch, "needs", *arguments) == code
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    assert "No model is chosen yet." in said()
    assert "a_la_carte" in said("set", "model", "a_la_carte")
    assert "0.2" in said("set", "own_devices", "0.2", "--low", "0.1", "--high", "0.4")
    assert "from 0 to 1" in said("set", "students_at_once", "3", code=2)
    assert "Not enough today." in said("list", "--days", "30")
    carried = said("carry", "--school", "lincoln elementary")
    assert "A la carte or self-blend (wanted)  no" in carried
    assert "25 Mbps per 100 concurrent users" in said("targets", "--line", "LAN")
    assert "Say which" in said("targets", code=2)
    assert "[ ] 5. Fund it" in said("checklist")
    assert "enhanced_virtual" in said("models", "--json")
    assert "assumption, edit it" in said("unset", "own_devices")
    assert "FCC, Broadband Speed Guide" in said("assumptions")


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_an_export_of_many_pages_has_every_result_once(
    measured: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format_: str
) -> None:
    monkeypatch.setattr(exporting, "ROWS_A_PAGE", 5)
    file = tmp_path / f"tests.{format_}"

    code = _run(
        measured, monkeypatch, "export", "results", "--format", format_, "--output", str(file)
    )

    read = parquet.read_table if format_ == "parquet" else csv.read_csv
    ids = read(file)["id"].to_pylist()
    assert code == 0
    assert len(ids) == len(set(ids)) == NIGHTS
