"""Control data in PostgreSQL: several collectors at once, and a server that comes and goes."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial

import pytest
import sqlalchemy as sa

from broadgauge_collector.errors import (
    Busy,
    CannotStart,
    CollectorError,
    Conflict,
    StorageFull,
)
from broadgauge_collector.schools.networks import add_network, list_networks
from broadgauge_collector.schools.repository import add_school, list_schools
from broadgauge_collector.store import ControlStore, control_postgresql, tables
from broadgauge_collector.upkeep.records import begin_night_if_due
from broadgauge_wire import new_id
from tests.postgresql import PASSWORD, PostgresServer, postgres_server

OPEN = (
    "import sys; from broadgauge_collector.store import ControlStore; "
    "ControlStore.connect_to(sys.argv[1]).close()"
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that tests may stop."""
    with postgres_server() as running:
        yield running


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.database(str(new_id()))


@contextmanager
def two_collectors(url: str) -> Iterator[tuple[ControlStore, ControlStore]]:
    """As two processes would have them: with nothing in common but the database."""
    stores = ControlStore.connect_to(url), ControlStore.connect_to(url)
    yield stores
    for store in stores:
        store.close()


def at_once(*calls: Callable[[], None]) -> None:
    """Each in a thread of its own, which begins when all are there."""
    ready = threading.Barrier(len(calls))

    def run(call: Callable[[], None]) -> None:
        ready.wait()
        call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def add_district(store: ControlStore, name: str) -> None:
    with store.begin() as c:
        c.execute(sa.insert(tables.district).values(id=new_id(), name=name))


def districts(store: ControlStore) -> list[str]:
    with store.connect() as c:
        return sorted(c.execute(sa.select(tables.district.c.name)).scalars())


def test_writers_of_two_collectors_wait_for_each_other(postgresql: PostgresServer) -> None:
    def count_up(store: ControlStore) -> None:
        for _ in range(10):
            with store.begin() as c:
                count = c.execute(sa.select(sa.func.count()).select_from(tables.district))
                row = {"id": new_id(), "name": f"{count.scalar_one():03}"}
                c.execute(sa.insert(tables.district).values(row))

    postgresql.emptied()
    with two_collectors(postgresql.url("shared")) as (one, two):
        at_once(*(partial(count_up, store) for store in (one, two) * 2))
        assert districts(one) == [f"{number:03}" for number in range(40)]


def test_a_name_that_two_collectors_give_at_once_is_given_once(postgresql: PostgresServer) -> None:
    refused: list[CollectorError] = []

    def add(store: ControlStore) -> None:
        try:
            with store.begin() as c:
                add_school(c, name="Lincoln", timezone="America/Chicago")
        except Conflict as error:
            refused.append(error)

    postgresql.emptied()
    with two_collectors(postgresql.url("shared")) as (one, two):
        at_once(*(partial(add, store) for store in (one, two) * 3))
        with one.connect() as c:
            assert [school.name for school in list_schools(c)] == ["Lincoln"]
    assert len(refused) == 5


def test_subnets_listed_at_two_collectors_at_once_never_overlap(
    postgresql: PostgresServer,
) -> None:
    def add(store: ControlStore, subnet: str) -> None:
        with suppress(Conflict), store.begin() as c:
            add_network(c, subnet=subnet)

    postgresql.emptied()
    subnets = ["10.20.0.0/16", "10.20.4.0/22", "10.20.6.0/23"]
    with two_collectors(postgresql.url("shared")) as both:
        at_once(*(partial(add, store, subnet) for store in both for subnet in subnets))
        with both[0].connect() as c:
            listed = [network.subnet for network in list_networks(c)]
    assert len(listed) == 1


def test_of_two_collectors_one_does_the_nights_work(postgresql: PostgresServer) -> None:
    night = datetime(2026, 3, 20, 23, tzinfo=UTC)
    begun: list[object] = []

    def look(store: ControlStore) -> None:
        with store.begin() as c:
            begun.append(begin_night_if_due(c, night))

    postgresql.emptied()
    with two_collectors(postgresql.url("shared")) as both:
        at_once(*(partial(look, store) for store in both))
    assert sorted(run is None for run in begun) == [False, True]


def test_collectors_that_start_together_make_the_tables_once(url: str) -> None:
    starting = [
        subprocess.Popen([sys.executable, "-c", OPEN, url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[1] for process in starting]
    assert [process.returncode for process in starting] == [0, 0, 0], said


def test_while_the_server_is_away_we_are_busy_and_once_it_is_back_we_go_on(
    server: PostgresServer, url: str
) -> None:
    store = ControlStore.connect_to(url)
    add_district(store, "before")
    server.stop()
    with pytest.raises(Busy, match="can't be read now") as reading:
        districts(store)
    with pytest.raises(Busy, match="can't be written now") as writing:
        add_district(store, "meanwhile")
    for caught in (reading, writing):
        assert PASSWORD not in str(caught.value)
        assert "\n" not in str(caught.value)

    server.start()

    assert districts(store) == ["before"]
    add_district(store, "after")
    assert districts(store) == ["after", "before"]
    store.close()


def test_a_transaction_that_the_server_ends_is_busy_and_leaves_nothing(
    server: PostgresServer, url: str
) -> None:
    store = ControlStore.connect_to(url)
    with pytest.raises(Busy, match="Nothing was changed"), store.begin() as c:
        c.execute(sa.insert(tables.district).values(id=new_id(), name="half"))
        server.stop()
        server.start()
        c.execute(sa.insert(tables.district).values(id=new_id(), name="other half"))
    assert districts(store) == []
    store.close()


def test_a_commit_that_may_have_come_through_says_so(server: PostgresServer, url: str) -> None:
    store = ControlStore.connect_to(url)
    with pytest.raises(Busy, match="Look whether the change was made"), store.begin() as c:
        c.execute(sa.insert(tables.district).values(id=new_id(), name="one"))
        server.stop()
    server.start()
    store.close()


def test_what_was_committed_survives_a_crash_of_the_server(
    server: PostgresServer, url: str
) -> None:
    store = ControlStore.connect_to(url)
    for number in range(5):
        add_district(store, f"{number}")
    server.stop(signal.SIGKILL)
    server.start()
    assert districts(store) == [f"{number}" for number in range(5)]
    store.close()


def test_a_writer_that_stands_still_is_ended_and_the_next_one_goes_on(
    server: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = control_postgresql.BEGIN_ALONE.replace("'60s'", "'1s'")
    monkeypatch.setattr(control_postgresql, "BEGIN_ALONE", impatient)
    with two_collectors(url) as (slow, other):
        with pytest.raises(Busy), slow.begin() as c:
            c.execute(sa.insert(tables.district).values(id=new_id(), name="never"))
            add_district(other, "next")
            c.execute(sa.insert(tables.district).values(id=new_id(), name="never"))
        assert districts(slow) == ["next"]


def test_a_writer_that_waits_for_too_long_is_told_so(
    server: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = control_postgresql.BEGIN_ALONE.replace("'30s'", "'200ms'")
    monkeypatch.setattr(control_postgresql, "BEGIN_ALONE", impatient)
    with two_collectors(url) as (one, other), one.begin() as c:
        with pytest.raises(Busy, match="lock timeout"):
            add_district(other, "never")
        c.execute(sa.insert(tables.district).values(id=new_id(), name="first"))


def test_a_full_disk_is_said_and_what_was_begun_is_undone(server: PostgresServer) -> None:
    with full_disk(server) as url:
        store = ControlStore.connect_to(url)
        before = districts(store)
        with pytest.raises(StorageFull, match="Nothing was changed"):
            while True:
                add_districts(store, 2000)
        assert set(districts(store)) >= set(before)
        store.close()


def add_districts(store: ControlStore, count: int) -> None:
    with store.begin() as c:
        rows = [{"id": new_id(), "name": "x" * 200} for _ in range(count)]
        c.execute(sa.insert(tables.district), rows)


@contextmanager
def full_disk(server: PostgresServer) -> Iterator[str]:
    """The URL of a database on a disk with little room."""
    place = server.folder / "small"
    place.mkdir()
    owner = "uid=nobody,gid=nogroup,mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=14M,{owner}", "tmpfs", place], check=True)
    try:
        server.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        yield server.database("small", "TABLESPACE small")
        server.execute("DROP DATABASE small")
        server.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u@h/d", "postgresql://USER@HOST/DATABASE"),
        ("postgresql://u:secret@h", "postgresql://USER@HOST/DATABASE"),
        ("postgresql://u:secret@h:port/d", "postgresql://USER@HOST/DATABASE"),
        ("no url, but secret", "postgresql://USER@HOST/DATABASE"),
        ("postgresql://u:secret@/d?host=/nowhere", "see to it that the server runs"),
        ("postgresql://u@/d?host=/nowhere&password=secret", "see to it that the server runs"),
        ("postgresql://u:secret@/d?host=/nowhere&no_such=1", "no_such"),
    ],
)
def test_what_cant_be_opened_is_told_without_its_password(url: str, said: str) -> None:
    with pytest.raises(CannotStart) as caught:
        ControlStore.connect_to(url)
    assert said in caught.value.detail
    assert "secret" not in caught.value.detail


def test_whom_the_server_does_not_let_in_is_told_so(postgresql: PostgresServer) -> None:
    wrong = f"postgresql://broadgauge:not-this-one@/postgres?host={postgresql.folder}"
    with pytest.raises(CannotStart, match="password authentication failed") as caught:
        ControlStore.connect_to(wrong)
    assert "not-this-one" not in caught.value.detail


def test_a_database_that_cant_hold_every_name_is_refused(postgresql: PostgresServer) -> None:
    options = ("TEMPLATE template0", "ENCODING 'LATIN1'", "LOCALE 'C'", "LOCALE_PROVIDER libc")
    with pytest.raises(CannotStart, match="createdb --encoding=UTF8"):
        ControlStore.connect_to(postgresql.database("latin", *options))


def test_a_database_of_a_newer_version_is_left_alone(postgresql: PostgresServer) -> None:
    url = postgresql.database("newer")
    ControlStore.connect_to(url).close()
    postgresql.execute("UPDATE alembic_version SET version_num = '9999'", "newer")
    with pytest.raises(CannotStart, match="written by a newer broadgauge") as caught:
        ControlStore.connect_to(url)
    assert PASSWORD not in caught.value.detail


def test_no_collector_that_has_no_driver_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CannotStart, match=r"broadgauge-collector\[postgresql\]"):
        ControlStore.connect_to("postgresql://u@h/d")


def test_where_it_is_names_no_secret() -> None:
    url = "postgresql://u:secret@db.example.org:6432/broadgauge?sslmode=verify-full"
    found = control_postgresql.postgresql_database(url)
    assert found.name == "PostgreSQL database 'broadgauge' at db.example.org:6432"
