import resource
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, StatementError

from broadgauge_collector.app import open_control
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.errors import Busy, CollectorError, StorageFull
from broadgauge_collector.schools import repository
from broadgauge_collector.store import ControlStore, tables
from broadgauge_collector.store.control import MIGRATIONS
from broadgauge_wire import new_id
from tests.postgresql import PostgresServer


@pytest.fixture
def in_file(tmp_path: Path) -> Iterator[ControlStore]:
    """On SQLite alone."""
    store = ControlStore.open(tmp_path / "control.sqlite")
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> ServerConfig:
    """Where control data is to be that nobody made yet."""
    if request.param == "sqlite":
        return ServerConfig(data=tmp_path)
    server: PostgresServer = request.getfixturevalue("postgresql")
    return ServerConfig(data=tmp_path, control_url=server.database(str(new_id())))


def add_district(store: ControlStore, name: str) -> None:
    with store.begin() as c:
        c.execute(sa.insert(tables.district).values(id=new_id(), name=name))


def districts(store: ControlStore) -> list[str]:
    with store.connect() as c:
        return list(c.execute(sa.select(tables.district.c.name)).scalars())


def indexes(database: sa.Inspector, table: str) -> list[tuple[object, ...]]:
    """Name, columns, whether it is unique, and of which rows."""
    return sorted(
        (
            i["name"],
            i["column_names"],
            i["unique"],
            *map(str, i.get("dialect_options", {}).values()),
        )
        for i in database.get_indexes(table)
    )


def test_migrations_yield_exactly_the_tables_the_code_uses(control: ControlStore) -> None:
    with control.connect() as c:
        context = MigrationContext.configure(c, opts={"compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_migrations_yield_the_constraints_the_tables_name(
    config: ServerConfig, request: pytest.FixtureRequest
) -> None:
    url = "sqlite://"
    if config.control_url:
        url = request.getfixturevalue("postgresql").database("by_tables")
    by_tables = sa.create_engine(url)
    tables.metadata.create_all(by_tables)
    store = open_control(config)
    with store.connect() as c:
        for name in tables.metadata.tables:
            migrated, made = sa.inspect(c), sa.inspect(by_tables)
            for what in ("get_check_constraints", "get_unique_constraints", "get_foreign_keys"):
                found = [getattr(each, what)(name) for each in (migrated, made)]
                assert sorted(map(str, found[0])) == sorted(map(str, found[1]))
            assert indexes(migrated, name) == indexes(made, name)
            assert migrated.get_pk_constraint(name) == made.get_pk_constraint(name)
    by_tables.dispose()
    store.close()


def test_the_database_is_where_it_was_asked_for_whatever_the_folders_name(tmp_path: Path) -> None:
    path = tmp_path / "what?mode=memory#100%25" / "control.sqlite"
    ControlStore.open(path).close()
    assert path.exists()


def test_a_database_opened_again_has_what_was_committed(config: ServerConfig) -> None:
    for name in ("one", "two"):
        store = open_control(config)
        add_district(store, name)
        store.close()
    again = open_control(config)
    assert districts(again) == ["one", "two"]
    again.close()


def test_a_commit_to_a_file_reaches_the_disk(in_file: ControlStore) -> None:
    with in_file.connect() as c:
        assert c.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert c.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_what_refers_to_nothing_is_not_kept(control: ControlStore) -> None:
    with pytest.raises(IntegrityError), control.begin() as c:
        c.execute(sa.insert(tables.link_school).values(link_id=new_id(), school_id=new_id()))


def test_a_transaction_that_fails_leaves_nothing(control: ControlStore) -> None:
    with pytest.raises(ZeroDivisionError), control.begin() as c:
        c.execute(sa.insert(tables.district).values(id=new_id(), name="half"))
        1 / 0  # noqa: B018 - the failure
    assert districts(control) == []


def test_a_reader_sees_one_moment_while_others_write(control: ControlStore) -> None:
    with control.connect() as c:
        count = sa.select(sa.func.count()).select_from(tables.district)
        before = c.execute(count).scalar_one()
        add_district(control, "meanwhile")
        assert c.execute(count).scalar_one() == before
    assert districts(control) == ["meanwhile"]


def test_writers_wait_for_each_other(control: ControlStore) -> None:
    def write() -> None:
        for number in range(20):
            with control.begin() as c:
                count = sa.select(sa.func.count()).select_from(tables.district)
                name = f"{c.execute(count).scalar_one()} {number}"
                c.execute(sa.insert(tables.district).values(id=new_id(), name=name))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(name.split()[0]) for name in districts(control)) == list(range(80))


def test_an_instant_comes_back_as_the_same_moment_in_utc(control: ControlStore) -> None:
    denver = datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-7)))
    row = {"secret_hash": b"x" * 32, "expires_at": denver}
    with control.begin() as c:
        c.execute(sa.insert(tables.login_link).values(row))
    with control.connect() as c:
        found = c.execute(sa.select(tables.login_link.c.expires_at)).scalar_one()
    assert found == denver
    assert found.tzinfo is UTC


def test_a_database_of_an_earlier_version_keeps_what_is_in_it(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
    before = open_control(config)
    add_district(before, "ours")
    with before.begin() as c:
        row = "'00000000000000000000000000000001', 'Core', 'core', '10.0.0.2', 8485, 'wan', NULL"
        c.exec_driver_sql(f"INSERT INTO reflector VALUES ({row}, FALSE)")
    before.close()
    monkeypatch.undo()

    now = open_control(config)

    assert districts(now) == ["ours"]
    with now.connect() as c:
        (core,) = repository.list_reflectors(c)
    assert (core.name, core.host, core.fingerprint) == ("Core", "10.0.0.2", None)
    now.close()


def test_batches_known_to_an_earlier_version_stay_known(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade
    with monkeypatch.context() as earlier:
        earlier.setattr(command, "upgrade", lambda config, _: upgrade(config, "0011"))
        old = open_control(config)
    lane = (new_id(), new_id(), "backlog")
    with old.begin() as c:
        columns = [tables.batch_span.c[name] for name in ("agent_id", "epoch", "lane")]
        typed = [sa.column(column.name, column.type) for column in columns]
        watermark = sa.table("batch_watermark", *typed, sa.column("sequence"))
        c.execute(sa.insert(watermark).values((*lane, 40)))
    old.close()
    store = open_control(config)
    with store.connect() as c:
        assert [tuple(row) for row in c.execute(tables.batch_span.select())] == [(*lane, 1, 40)]
    store.close()


def test_an_instant_without_a_zone_is_refused(control: ControlStore) -> None:
    naive = datetime(2026, 3, 2, 8, 0)  # noqa: DTZ001 - what must be refused
    with pytest.raises(StatementError, match="time zone"), control.begin() as c:
        c.execute(sa.insert(tables.login_link).values(secret_hash=b"x" * 32, expires_at=naive))


def test_a_path_with_a_percent_sign_and_a_blank_opens(tmp_path: Path) -> None:
    path = tmp_path / "100% new" / "control.sqlite"
    ControlStore.open(path).close()
    newest = max(file.name[1:5] for file in (MIGRATIONS / "versions").glob("v*.py"))
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (newest,)
    connection.close()


def test_a_full_disk_is_said_and_what_was_begun_is_undone(in_file: ControlStore) -> None:
    with pytest.raises(StorageFull, match="free some disk space"), in_file.begin() as c:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar_one()
        c.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(1000):
            c.execute(sa.insert(tables.district).values(id=new_id(), name=f"District {number}"))
    assert districts(in_file) == []


def test_a_database_that_cant_be_read_for_the_moment_is_busy_and_then_is_not(
    in_file: ControlStore,
) -> None:
    add_district(in_file, "one")
    in_file.close()  # so that the next read has to open the file
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(Busy, match="can't be read now"):
            districts(in_file)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert districts(in_file) == ["one"]


def test_lists_go_by_code_points_whatever_the_database_sorts_by(control: ControlStore) -> None:
    names = ["école", "Zoo School", "a-b", "ab", "Ab c", "10 Oaks", "9 Oaks"]
    with control.begin() as c:
        for name in names:
            repository.add_school(c, name=name, timezone="America/Chicago")
        listed = [school.name for school in repository.list_schools(c)]
    assert listed == ["10 Oaks", "9 Oaks", "a-b", "ab", "Ab c", "Zoo School", "école"]


def test_the_longest_name_is_kept_however_long_it_is_without_its_case(
    control: ControlStore,
) -> None:
    name = "\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}" * 200
    with control.begin() as c:
        repository.add_school(c, name=name, timezone="America/Chicago")
        assert repository.find_school(c, name.upper()).name == name


def test_what_no_name_can_be_is_not_found_or_refused(control: ControlStore) -> None:
    with pytest.raises(CollectorError) as caught, control.connect() as c:
        repository.find_school(c, "Lincoln\0")
    assert caught.value.status in {404, 422}


def test_a_name_that_is_taken_leaves_the_transaction_to_go_on(control: ControlStore) -> None:
    with control.begin() as c:
        repository.add_school(c, name="Lincoln", timezone="America/Chicago")
        with pytest.raises(CollectorError, match="already a school"):
            repository.add_school(c, name="LINCOLN", timezone="America/Chicago")
        repository.add_school(c, name="Grant", timezone="America/Chicago")
    with control.connect() as c:
        assert [school.name for school in repository.list_schools(c)] == ["Grant", "Lincoln"]
