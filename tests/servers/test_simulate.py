"""A made-up district at a real server, made over its API alone."""

import csv
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pytest
from pyarrow import parquet

from broadgauge_collector.cli.client import ServerClient
from broadgauge_collector.errors import CannotStart
from broadgauge_collector.simulate import running, sending
from broadgauge_collector.simulate.inventory import lists_of
from broadgauge_collector.simulate.running import Options, Simulation, prepare
from broadgauge_wire import RESULT_KINDS, Batch
from tests.browser.serving import Board, board
from tests.running import BIN, free_ports
from tests.simulating import UNTIL, WORLD, client_of, lately, simulated

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Board]:
    with board(tmp_path / "data") as served:
        yield served


@pytest.fixture
def client(here: Board) -> Iterator[ServerClient]:
    with client_of(here) as made:
        yield made


def stored(client: ServerClient) -> list[str]:
    """The ids of all stored results, each as often as it is stored."""
    found: list[str] = []
    for kind in RESULT_KINDS:
        asked = {"kind": kind, "limit": 50_000}
        page = json.loads(client.raw("GET", "/results", parameters=asked).content)["results"]
        found += [result["id"] for result in page]
        assert all(result["simulated"] for result in page)
    return sorted(found)


def expected(simulation: Simulation, until: datetime = UNTIL) -> list[str]:
    """The ids of all results that the agents of a simulation make until an instant."""
    since = datetime.combine(simulation.world.since, datetime.min.time(), UTC)
    return sorted(
        str(result.id)
        for agent in simulation.agents()
        for result in simulation.made(agent, since, until)
    )


def test_a_district_is_made_over_the_api_and_every_result_is_stored_once(
    client: ServerClient, tmp_path: Path
) -> None:
    simulation = simulated(client, tmp_path / "simulation.json")
    simulation.send_history(UNTIL, print)

    schools = client.get("/schools", list[dict[str, Any]])
    links = client.get("/links", list[dict[str, Any]])
    agents = client.get("/agents", list[dict[str, Any]])
    assert [len(schools), len(agents)] == [3, 7]
    for what in (*schools, *links, *agents):
        assert what["simulated"], what
    assert all(school["people"][0]["students"] >= 20 for school in schools)
    (internet,) = (one for one in links if len(one["school_ids"]) > 1)
    circuits = [one for one in links if one["segment"] == "wan"]
    assert {one["upstream_id"] for one in circuits} == {internet["id"]}
    for line in (internet, *circuits):
        assert line["price_per_month"] > 0
        assert line["contract_ends"].endswith("-06-30")
    assert stored(client) == expected(simulation)
    assert len(stored(client)) == simulation.progress.results


def test_a_run_that_was_cut_off_goes_on_and_nothing_is_doubled(
    client: ServerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "simulation.json"
    monkeypatch.setattr(running, "SPAN", timedelta(days=1))
    cut = simulated(client, file)
    batches = 0
    whole = sending.compressed

    def pulled(body: bytes, encoding: sending.Encoding) -> bytes:
        nonlocal batches
        batches += 1
        if batches == 11:
            raise KeyboardInterrupt
        return whole(body, encoding)

    monkeypatch.setattr(sending, "compressed", pulled)
    with pytest.raises(KeyboardInterrupt):
        cut.send_history(UNTIL, print)
    monkeypatch.setattr(sending, "compressed", whole)
    some = stored(client)
    assert some

    again = simulated(client, file)
    again.send_history(UNTIL, print)
    assert stored(client) == expected(again)
    assert set(some) < set(stored(client))


def test_live_results_come_after_the_history_in_their_own_lane_and_none_is_missed(
    client: ServerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = set()
    made = sending.batch_of

    def noted(*facts: Any) -> Batch:
        batch = made(*facts)
        lanes.add(batch.lane)
        return batch

    monkeypatch.setattr(sending, "batch_of", noted)
    monkeypatch.setattr(running, "LIVE_SECONDS", 0.05)
    simulation = simulated(client, tmp_path / "simulation.json", lately())
    simulation.send_history(running.now() - timedelta(hours=9), print)
    before, stop = simulation.progress.results, threading.Event()
    thread = threading.Thread(target=simulation.go_live, args=(print, stop))
    thread.start()
    while simulation.saved.sent_until < running.now() - timedelta(hours=1):
        assert thread.is_alive()
        stop.wait(0.05)
    stop.set()
    thread.join(60)
    assert lanes == {"backlog", "live"}
    assert simulation.progress.results > before
    assert stored(client) == expected(simulation, simulation.saved.sent_until)


def test_a_district_brings_its_inventory_in_once_and_every_page_has_something_of_it(
    client: ServerClient, tmp_path: Path
) -> None:
    file = tmp_path / "simulation.json"
    first = simulated(client, file)
    first.bring_inventory(print)
    lists = lists_of(first.world)
    assert client.get("/devices/totals", dict[str, Any])["devices"] == lists.devices > 100
    told = client.get("/repairs", dict[str, Any])
    assert told["tickets"] == lists.tickets > 100
    assert told["total"] > 0.8 * lists.tickets
    feeds = client.get("/repair-feeds", list[dict[str, Any]])
    assert sorted(feed["has_feed"] for feed in feeds) == [False, True, True]
    counts = client.get("/school-counts", list[dict[str, Any]])
    assert {each["school"] for each in counts} >= {feed["school"] for feed in feeds}
    ready = client.get("/readiness", dict[str, Any])
    assert all(school["devices"] > 0 for school in ready["schools"])
    assert client.get("/refresh", dict[str, Any])["forecast"]["district"]["devices"] > 100

    simulated(client, file).bring_inventory(print)
    runs = client.get("/imports", list[dict[str, Any]])
    assert sorted((run["format"], run["state"], run["refused"]) for run in runs) == [
        ("devices", "applied", 0),
        ("oneroster", "applied", 0),
        ("tickets", "applied", 0),
    ]


def test_an_inventory_that_was_cut_off_comes_again_and_nothing_is_doubled(
    client: ServerClient, tmp_path: Path
) -> None:
    simulation = simulated(client, tmp_path / "simulation.json")
    simulation.bring_inventory(print)
    simulation.saved.has_inventory = False
    simulation.bring_inventory(print)
    lists = lists_of(simulation.world)
    assert client.get("/devices/totals", dict[str, Any])["devices"] == lists.devices
    assert client.get("/repairs", dict[str, Any])["tickets"] == lists.tickets


def test_beside_real_data_there_is_no_made_up_inventory(
    client: ServerClient, tmp_path: Path
) -> None:
    options = Options(file=tmp_path / "s.json", beside_real_data=True, connections=3)
    simulation = prepare(client, WORLD, options, print)
    simulation.set_up(print)
    simulation.bring_inventory(print)
    assert client.get("/imports", list[dict[str, Any]]) == []


def test_real_data_is_never_mixed_with_made_up_data_by_accident(
    here: Board, client: ServerClient, tmp_path: Path
) -> None:
    options = Options(file=tmp_path / "simulation.json")
    school = here.school("This computer", 1)
    prepare(client, WORLD, options, print)  # as `up` leaves it, with nothing measured
    here.agent(school)
    with pytest.raises(CannotStart, match="holds real data"):
        prepare(client, WORLD, options, print)
    beside = Options(file=tmp_path / "simulation.json", beside_real_data=True)
    prepare(client, WORLD, beside, print)


def test_a_second_simulation_needs_the_first_ones_file_or_a_collector_of_its_own(
    client: ServerClient, tmp_path: Path
) -> None:
    simulated(client, tmp_path / "simulation.json")
    with pytest.raises(CannotStart, match="holds a simulation already"):
        prepare(client, WORLD, Options(file=tmp_path / "other.json"), print)
    options = Options(file=tmp_path / "simulation.json")
    with pytest.raises(CannotStart, match="seed 3"):
        prepare(client, lately(schools=2), options, print)


def test_an_agent_whose_key_was_lost_in_a_cut_off_run_is_shut_out(
    here: Board, client: ServerClient, tmp_path: Path
) -> None:
    file = tmp_path / "simulation.json"
    simulation = simulated(client, file)
    lost = simulation.saved.joined.pop(0)
    simulation.save()
    simulated(client, file)
    agents = {a["id"]: a for a in client.get("/agents", list[dict[str, Any]])}
    assert agents[str(lost.agent_id)]["revoked_at"] is not None
    assert sum(agent["revoked_at"] is None for agent in agents.values()) == 7


def test_every_export_and_the_metrics_say_what_is_made_up(
    here: Board, client: ServerClient, tmp_path: Path
) -> None:
    simulated(client, tmp_path / "simulation.json").send_history(UNTIL, print)
    tables = [("/verdicts", {}), *(("/results", {"kind": kind}) for kind in RESULT_KINDS)]
    for path, asked in tables:
        as_csv = client.raw("GET", path, parameters={**asked, "format": "csv"}).content
        rows = list(csv.DictReader(io.StringIO(as_csv.decode())))
        assert {row["simulated"] for row in rows} == {"true"}, (path, asked)
        body = client.raw("GET", path, parameters={**asked, "format": "parquet"}).content
        table = parquet.ParquetFile(pa.BufferReader(body)).read(use_threads=False)
        assert set(table["simulated"].to_pylist()) == {True}, (path, asked)
    for school in client.get("/verdicts", dict[str, Any])["schools"]:
        assert school["simulated"], school
    metrics = client.exchange("GET", "/metrics", None, {}).text
    assert "broadgauge_simulated_schools 3.0" in metrics
    assert "broadgauge_line_rate_bytes_per_second{" not in metrics


def test_a_real_district_beside_it_is_not_marked(here: Board, client: ServerClient) -> None:
    here.school("Lincoln Elementary")
    (school,) = client.get("/schools", list[dict[str, Any]])
    (link,) = client.get("/links", list[dict[str, Any]])
    assert [school["simulated"], link["simulated"]] == [False, False]
    metrics = client.exchange("GET", "/metrics", None, {}).text
    assert "broadgauge_simulated_schools 0.0" in metrics


def test_the_command_fills_a_server_and_prints_what_it_did(
    here: Board, client: ServerClient, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "BROADGAUGE_URL": client.where.url,
        "BROADGAUGE_TOKEN": client.where.token,
    }
    argv = [
        str(BIN / "broadgauge"), "simulate", "--schools", "2", "--days", "1", "--encoding", "zstd",
        "--json", "--state", str(tmp_path / "simulation.json"),
    ]  # fmt: skip
    done = subprocess.run(
        argv, env=environment, check=True, text=True, capture_output=True, timeout=100
    )
    facts = json.loads(done.stdout)
    assert facts["schools"] == 2
    assert facts["results"] == len(stored(client))
    assert "marked as simulated" in done.stderr
    assert (tmp_path / "simulation.json").stat().st_mode & 0o777 == 0o600


def test_make_demo_has_a_district_ready_and_goes_on_with_it_the_next_time(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    argv = [
        sys.executable, "-m", "broadgauge_collector.simulate.demo", "--port", str(port),
        "--data", str(tmp_path / "demo"), "--schools", "2", "--days", "1", "--no-live",
    ]  # fmt: skip
    first, second = (
        subprocess.run(argv, cwd=ROOT, check=True, text=True, capture_output=True, timeout=100)
        for _ in range(2)
    )
    assert "2 schools" in first.stderr
    assert "in the inventory" in first.stderr
    assert "in the inventory" not in second.stderr
    assert f"http://127.0.0.1:{port}/login?token=" in first.stderr
    assert "Going on with the simulation" in second.stderr
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/readyz")
