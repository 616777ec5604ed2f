"""Results sent on to a real VictoriaMetrics, which is killed, full, slow or away for long. In the
end it has each result exactly once."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from broadgauge_collector.sinks import repository
from broadgauge_collector.sinks.points import FIELDS, MEASUREMENT
from broadgauge_collector.store import DuckDBResults, Stores
from tests.collecting import latency, throughput
from tests.dashboards import FOLDER, queries, read
from tests.line_database import DatabaseServer, line_database
from tests.running import eventually, free_ports
from tests.sinking import (
    QUICK,
    District,
    district,
    has_everything,
    held,
    ids_of,
    wait_until_certain,
)
from tests.victoria_metrics import VictoriaMetrics, victoria_metrics

KILLS = int(os.environ.get("BROADGAUGE_SINK_KILLS", "4"))
"""More of them in a run that looks for rare faults."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[District]:
    with district(tmp_path) as opened:
        yield opened


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    with victoria_metrics(tmp_path / "victoria") as running:
        yield running


def test_every_result_is_there_once_under_the_names_that_are_documented(
    made: District, server: VictoriaMetrics
) -> None:
    made.measure(200)
    made.follow(made.add_sink(server.url))
    wait_until_certain(made)
    assert has_everything(server, made)
    documented = {f"{MEASUREMENT}_{name}" for names in FIELDS.values() for name in names}
    found = {name for name in server.names() if name.startswith(f"{MEASUREMENT}_")}
    assert found <= documented
    assert f"{MEASUREMENT}_line_bits_per_second" in found


def test_each_query_of_the_dashboard_finds_something(
    made: District, server: VictoriaMetrics
) -> None:
    made.measure(40)
    made.follow(made.add_sink(server.url))
    wait_until_certain(made)
    asked = queries(read(FOLDER / "broadgauge-results.json"))
    empty = [query for query in asked if not server.found(query.filled)]
    assert asked
    assert empty == []


def test_killed_again_and_again_it_has_each_result_once(
    made: District, server: VictoriaMetrics
) -> None:
    made.follow(made.add_sink(server.url))
    for _ in range(KILLS):
        made.measure(100)
        made.wait_until_sent()
        made.measure(100)
        time.sleep(made.chance.uniform(0, 0.6))
        server.kill()
        made.measure(50)
        server.start()
    wait_until_certain(made)
    server.kill()  # what is said to be certain outlives this one, too
    server.start()
    assert has_everything(server, made)


def test_what_half_a_minute_proves_outlives_a_crash(
    made: District, server: VictoriaMetrics
) -> None:
    made.follow(made.add_sink(server.url, proof="age"))
    made.measure(200)
    made.wait_until_sent()
    server.kill()  # within the seconds that VictoriaMetrics keeps in memory
    server.start()
    wait_until_certain(made)
    server.kill()
    server.start()
    assert has_everything(server, made)


def test_one_that_was_away_for_long_catches_up_and_delays_nobody(
    made: District, server: VictoriaMetrics
) -> None:
    made.follow(made.add_sink(server.url))
    server.stop()
    for _ in range(10):
        made.measure(200)  # commits go on: nothing here waits for the sink
    eventually(lambda: made.status().trouble, "a word on what is wrong")
    assert made.status().behind_since is not None
    server.start()
    wait_until_certain(made)
    assert made.status().trouble is None
    assert has_everything(server, made)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_costs_no_point(made: District, tmp_path: Path) -> None:
    """VictoriaMetrics takes nothing while its disk is nearly full."""
    with small_disk(tmp_path / "disk", "64m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(58 * 2**20))
        with victoria_metrics(disk / "victoria") as server:
            made.measure(100)
            made.follow(made.add_sink(server.url))
            eventually(lambda: "read-only" in (made.status().trouble or ""), "a refusal")
            ballast.unlink()
            wait_until_certain(made)
            assert made.status().refused_points == 0
            assert has_everything(server, made)


def test_a_removed_sink_gets_nothing_more(made: District, server: VictoriaMetrics) -> None:
    sink = made.add_sink(server.url)
    pace = replace(QUICK, hold=1.0)
    made.follow(sink, pace)
    made.measure(10)
    wait_until_certain(made)
    with made.stores.control.begin() as c:
        repository.remove_sink(c, sink.id)
    time.sleep(pace.hold / 2 + 0.5)
    made.measure(10)
    time.sleep(0.5)
    samples = sum(len(found) for found in held(server, "duration_seconds").values())
    assert samples == 10


def test_a_collector_that_ends_is_followed_by_another_from_where_it_was(
    made: District, server: VictoriaMetrics
) -> None:
    sink = made.add_sink(server.url)
    first = made.follow(sink)
    made.measure(50)
    wait_until_certain(made)
    first.stop()
    first.join(30)
    made.measure(50)
    made.follow(sink)
    wait_until_certain(made)
    assert has_everything(server, made)


def test_of_two_collectors_one_sends_at_a_time(made: District, server: VictoriaMetrics) -> None:
    sink = made.add_sink(server.url)
    made.follow(sink)
    made.follow(sink)
    for _ in range(5):
        made.measure(40)
    wait_until_certain(made)
    assert made.status().points == 200
    assert has_everything(server, made)


def test_a_store_from_a_backup_is_sent_whole(
    made: District, server: VictoriaMetrics, tmp_path: Path
) -> None:
    """Its commits have the numbers of others that were sent before."""
    sink = made.add_sink(server.url)
    first = made.follow(sink)
    made.measure(40)
    wait_until_certain(made)
    first.stop()
    first.join(30)
    made.stores.results.close()
    results = DuckDBResults.open(tmp_path / "put back" / "hot.duckdb")
    made.stores = Stores(made.stores.control, results)
    try:
        sent = made.measure(60)
        made.follow(sink)
        wait_until_certain(made)
        assert len(sent) == 60
        samples = sum(len(found) for found in held(server, "duration_seconds").values())
        assert samples == 100
    finally:
        made.stop()
        results.close()


@pytest.fixture
def database() -> Iterator[DatabaseServer]:
    with line_database() as running:
        yield running


SOON = replace(QUICK, age=0.5)
"""For databases that lose nothing."""


def test_poison_is_set_aside_counted_and_named_and_the_others_go_on(
    made: District, database: DatabaseServer
) -> None:
    poison = [latency(location=f"Poison {number}", started_at=made.moment()) for number in (1, 2)]
    sent = made.measure(20)
    made.commit(*poison, *(more := [throughput(started_at=made.moment()) for _ in range(5)]))
    sink = made.add_sink(database.url, proof="age")
    made.follow(sink, SOON)
    wait_until_certain(made)
    status = made.status()
    assert (status.points, status.refused_points) == (25, 2)
    with made.stores.control.connect() as c:
        aside = repository.refused_points(c, sink.id)
    assert {point.result_id for point in aside} == ids_of(list(poison))
    assert "field type conflict" in aside[0].reason
    for result in (*sent, *more):
        assert sum(f'id="{result.id}"' in line for line in database.lines) == 1


def test_what_is_older_than_a_database_keeps_is_counted_and_no_other_is_lost(
    made: District, database: DatabaseServer
) -> None:
    old = [latency(location=f"Ancient {number}", started_at=made.moment()) for number in (1, 2)]
    made.commit(*old, *(new := [latency(started_at=made.moment()) for _ in range(5)]))
    made.follow(made.add_sink(database.url, proof="age"), SOON)
    eventually(lambda: made.status().outdated_points == 2, "old points to be counted")
    assert (made.status().points, made.status().refused_points) == (5, 0)
    for result in new:
        assert sum(f'id="{result.id}"' in line for line in database.lines) == 1


def test_the_token_goes_along_and_is_said_nowhere_else(
    made: District, database: DatabaseServer
) -> None:
    made.measure(4)
    made.follow(made.add_sink(database.url, proof="age"), SOON)
    wait_until_certain(made)
    assert set(database.asked) == {("district", "network", "Token secret-of-the-sink")}
    assert "secret-of-the-sink" not in repr(made.status())


def test_a_slow_database_holds_up_no_commit(made: District, database: DatabaseServer) -> None:
    database.seconds = 0.5
    made.follow(made.add_sink(database.url, proof="age"), SOON)
    made.measure(4)
    eventually(lambda: database.asked, "a write under way")
    made.measure(4)  # returns once it is durable, with the write still under way
    assert len(made.points()) == 8
    wait_until_certain(made)


def test_one_that_nobody_listens_at_is_in_trouble_and_says_where(made: District) -> None:
    (port,) = free_ports(1)
    made.measure(1)
    made.follow(made.add_sink(f"http://127.0.0.1:{port}"))
    trouble = eventually(lambda: made.status().trouble, "trouble")
    assert str(port) in trouble
