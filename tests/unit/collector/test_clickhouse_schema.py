"""Where ClickHouse is, and the tables that are made there."""

import subprocess
import sys
from pathlib import Path

import pytest

from broadgauge_collector.errors import CannotStart
from broadgauge_collector.store import ControlStore
from broadgauge_collector.store.clickhouse_client import ClickHouse, read_address
from broadgauge_collector.store.clickhouse_results import ClickHouseResults
from broadgauge_collector.store.clickhouse_schema import adding, local, making, removing, tables
from broadgauge_wire import RESULT_KINDS
from broadgauge_wire.catalogue import fields_of
from tests.chdb_store import client_of, engine, open_chdb_results


def test_a_url_says_where_who_and_in_which_cluster() -> None:
    address = read_address("clickhouses://me:p%40ss@ch.example.org:9440/results?cluster=state")
    assert (address.interface, address.host, address.port) == ("https", "ch.example.org", 9440)
    assert (address.user, address.password, address.database) == ("me", "p@ss", "results")
    assert address.cluster == "state"
    assert "p@ss" not in address.name
    url = "clickhouses://host/results?ca_cert=/etc/district.pem"
    assert (read_address(url).ca_cert, read_address(url).cluster) == ("/etc/district.pem", None)
    plain = read_address("clickhouse://localhost/results")
    assert (plain.interface, plain.user, plain.port, plain.cluster) == (
        "http", "default", None, None
    )  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "http://me:secret@host/results",
        "clickhouse://me:secret@host",
        "clickhouse://me:secret@/results",
        "clickhouse://me:secret@host:port/results",
        "clickhouse://me:secret@host/results?clutser=state",
    ],
)
def test_a_url_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(CannotStart, match="clickhouse://USER@HOST") as refused:
        read_address(url)
    assert "secret" not in str(refused.value)


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    control = ControlStore.open(tmp_path / "control.sqlite")
    with pytest.raises(CannotStart, match=r"at 127\.0\.0\.1:1 doesn't answer") as refused:
        ClickHouseResults.open("clickhouse://me:secret@127.0.0.1:1/results", control)
    assert "secret" not in str(refused.value)
    control.close()


def test_its_client_is_imported_only_by_a_server_that_uses_it() -> None:
    code = (
        "import sys, broadgauge_collector.app, broadgauge_collector.cli.serving; "
        "loaded = {name.split('.')[0] for name in sys.modules}; "
        "sys.exit(bool(loaded & {'clickhouse_connect', 'chdb'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("cluster", [None, "the state's"])
def test_every_statement_is_one_that_the_engine_can_parse(cluster: str | None) -> None:
    for table in tables().values():
        statements = [*making(table, cluster), removing(table, "1", cluster)]
        statements += adding(table, table.columns[0], cluster)
        for statement in statements:
            assert engine().query(f"EXPLAIN AST {statement}").result_rows
            assert ("ON CLUSTER 'the state\\'s'" in statement) == (cluster is not None)


def test_on_a_cluster_rows_are_replicated_and_a_districts_are_together() -> None:
    of_shard, everywhere = making(tables()["throughput"], "state")
    assert "`throughput_local`" in of_shard
    assert (
        "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/throughput_local'" in of_shard
    )
    assert everywhere.endswith(
        "ENGINE = Distributed('state', currentDatabase(), 'throughput_local', "
        "cityHash64(`district_id`))"
    )
    assert local(tables()["throughput"], None) == "throughput"


def test_each_kind_is_laid_down_by_school_moment_and_id() -> None:
    for kind in RESULT_KINDS:
        table = tables()[kind]
        assert table.key == ("school_id", "moment", "id")
        names = {column.name for column in table.columns}
        assert {field.name for field in fields_of(kind)} <= names
        assert {"agent_id", "school_id", "received_at", "commit_number", "district_id"} <= names


def test_a_table_of_an_older_version_gets_the_columns_it_lacks(tmp_path: Path) -> None:
    store = open_chdb_results(tmp_path)
    store._clickhouse.run("ALTER TABLE latency DROP COLUMN jitter_seconds")
    store.close()
    again = open_chdb_results(tmp_path)
    assert "jitter_seconds" in again.select("latency", limit=1).column_names
    again.close()


def test_moments_have_no_zone_and_rows_come_in_pieces() -> None:
    clickhouse = ClickHouse(client_of("default"))
    numbers = [n for (n,) in clickhouse.rows("SELECT number FROM numbers(12345) ORDER BY 1")]
    assert numbers == list(range(12345))
    (field,) = clickhouse.table("SELECT toDateTime64('2026-03-01 01:02:03.5', 6, 'UTC')").schema
    assert (field.type.unit, field.type.tz) == ("us", None)
    clickhouse.close()
