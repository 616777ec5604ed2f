"""Several collectors on one ClickHouse: what each of them may find that another began."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest
from msgspec.structs import replace

from broadgauge_collector.errors import AgentRefused, Busy, CannotStart, Invalid, StorageFull
from broadgauge_collector.ingest import Ingest
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import clickhouse_ledger as ledger
from broadgauge_collector.store import clickhouse_upkeep, tables
from broadgauge_collector.store.clickhouse_commit import write
from broadgauge_collector.store.clickhouse_results import ClickHouseResults
from broadgauge_collector.store.erased import digest_of
from broadgauge_collector.store.ledger import KEEP
from broadgauge_collector.store.questions import Window
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import RESULT_KINDS, Result, encode, new_id
from tests.chdb_store import open_chdb_results
from tests.collecting import NOW, an_agent, batch, latency, skipped, throughput

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "many-collectors.md"


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[ClickHouseResults, ClickHouseResults]]:
    """One store, opened by two collectors."""
    both = open_chdb_results(tmp_path), open_chdb_results(tmp_path)
    yield both
    for each in both:
        each.close()


Both = tuple[ClickHouseResults, ClickHouseResults]


def incoming(agent: Agent, *records: Result | bytes, sequence: int = 1) -> Incoming:
    return read(agent, encode(batch(agent, *records, sequence=sequence)), None, NOW)


def commit(store: ClickHouseResults, *group: Incoming) -> list[str]:
    return [outcome.state for outcome in store.commit(group)]


def stored(store: ClickHouseResults) -> list[UUID]:
    return sorted(
        UUID(id_)
        for kind in RESULT_KINDS
        for id_ in store.select(kind, limit=10_000).column("id").to_pylist()
    )


def ids(*batches: Incoming) -> list[UUID]:
    return sorted(result.id for each in batches for result in each.accepted)


def begin(store: ClickHouseResults, *group: Incoming, inserts: bool = True) -> ledger.Claim:
    """A commit as far as a collector gets that is killed before it counts."""
    with store._control.begin() as c:
        claim = ledger.claim(c, group, ledger.now())
    if inserts:
        write(store._writing(claim, group), group)
    return claim


def lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "LEASE", timedelta(days=-1))


def changed(store: ClickHouseResults, after: int) -> list[UUID]:
    tables = store.changes(after, 1000).tables.values()
    return sorted(UUID(id_) for table in tables for id_ in table.column("id").to_pylist())


def test_a_batch_sent_to_both_is_stored_once_and_both_show_it(stores: Both) -> None:
    one, other = stores
    sent = incoming(an_agent(), throughput(), latency(), b"{}")
    (first,) = one.commit([sent])
    (again,) = other.commit([sent])
    assert (first.state, again.state) == ("stored", "seen")
    assert first.refused == again.refused != ()
    assert stored(one) == stored(other) == ids(sent)
    assert one.incarnation == other.incarnation


def test_a_batch_that_another_collector_is_storing_is_left_alone_until_that_has_ended(
    stores: Both,
) -> None:
    one, other = stores
    agent = an_agent()
    sent, different = (incoming(agent, throughput()) for _ in range(2))
    mine = incoming(an_agent(), throughput())
    claim = begin(one, sent)
    assert commit(other, sent, mine, different) == ["under_way", "stored", "under_way"]
    assert stored(other) == ids(mine)
    with one._control.begin() as c:
        assert ledger.finish(c, claim.number, [sent.key])
    assert commit(other, sent, different) == ["seen", "conflict"]
    assert stored(other) == ids(sent, mine)


@pytest.mark.parametrize("inserts", [False, True])
def test_what_a_killed_collector_had_begun_is_stored_by_the_next_and_counts_once(
    stores: Both, monkeypatch: pytest.MonkeyPatch, inserts: bool
) -> None:
    one, other = stores
    sent = incoming(an_agent(), throughput(), skipped(), b"{}")
    begin(one, sent, inserts=inserts)
    assert stored(other) == []
    assert other.refused(limit=10) == []
    lease_ends(monkeypatch)
    assert commit(other, sent) == ["stored"]
    assert stored(other) == ids(sent) == changed(other, 0)
    assert len(other.refused(limit=10)) == 1


def test_a_collector_that_was_given_up_can_not_make_its_commit_count(
    stores: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores
    sent = incoming(an_agent(), throughput())

    def slow(*arguments: Any) -> Any:
        monkeypatch.undo()
        lease_ends(monkeypatch)
        assert commit(other, sent) == ["stored"]
        return write(*arguments)

    monkeypatch.setattr("broadgauge_collector.store.clickhouse_results.write", slow)
    with pytest.raises(Busy, match="another collector"):
        one.commit([sent])
    assert commit(one, sent) == ["seen"]
    assert stored(one) == ids(sent)


@pytest.mark.parametrize("failure", [Busy("lost"), StorageFull("full")])
@pytest.mark.parametrize("inserted", [False, True])
def test_an_insert_that_failed_or_whose_answer_got_lost_is_made_again_and_counts_once(
    stores: Both, monkeypatch: pytest.MonkeyPatch, failure: Exception, inserted: bool
) -> None:
    one, _ = stores
    sent = incoming(an_agent(), throughput(), latency())
    insert = one._clickhouse.insert

    def fails(*arguments: Any) -> None:
        if inserted:
            insert(*arguments)
        raise failure

    monkeypatch.setattr(one._clickhouse, "insert", fails)
    with pytest.raises(type(failure)):
        one.commit([sent])
    monkeypatch.undo()
    assert stored(one) == []
    assert commit(one, sent) == ["stored"]
    assert stored(one) == ids(sent)


def test_numbers_that_never_came_do_not_grow_the_ledger_and_may_come_still(stores: Both) -> None:
    one, other = stores
    agent = an_agent()
    numbers = [n for n in range(3, 2 * ledger.PRUNE_EVERY + 1) if n != 20]
    sent = [incoming(agent, b"{}", sequence=number) for number in numbers]
    commit(one, *sent)
    with one._control.connect() as c:
        assert len(c.execute(ledger.ledger.select()).all()) == KEEP
        assert len(c.execute(ledger.spans.select()).all()) == 2
    missing = [incoming(agent, b"{}", sequence=number) for number in (2, 20)]
    assert commit(other, *missing) == ["stored"] * 2
    assert set(commit(other, *missing, *sent)) == {"seen"}


def test_followers_wait_for_a_slower_collectors_lower_number(stores: Both) -> None:
    one, other = stores
    first, slow, quick = (incoming(an_agent(), throughput()) for _ in range(3))
    commit(one, first)
    claim = begin(one, slow)
    commit(other, quick)
    assert stored(other) == ids(first, quick)
    changes = other.changes(0, 1000)
    assert changed(other, 0) == ids(first)
    with one._control.begin() as c:
        ledger.finish(c, claim.number, [slow.key])
    assert changed(other, changes.upto) == ids(slow, quick)


def test_followers_do_not_wait_for_a_collector_that_is_gone(
    stores: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores
    begin(one, incoming(an_agent(), throughput()))
    quick = incoming(an_agent(), throughput())
    commit(other, quick)
    assert changed(other, 0) == []
    lease_ends(monkeypatch)
    assert changed(other, 0) == ids(quick)


def test_questions_are_of_one_moment_whatever_is_committed_meanwhile(stores: Both) -> None:
    one, other = stores
    agent = an_agent()
    with one.questions() as questions:
        commit(other, incoming(agent, throughput()))
        assert questions.last_results(NOW - timedelta(days=1)) == {}
    with one.questions() as questions:
        assert set(questions.last_results(NOW - timedelta(days=1))) == {agent.id}


def test_what_commits_left_behind_that_were_given_up_is_removed(
    stores: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores
    sent = incoming(an_agent(), throughput())
    begin(one, sent)
    lease_ends(monkeypatch)
    commit(other, sent)
    rows = "SELECT count() FROM throughput"
    assert other._clickhouse.number(rows) == 2
    other.compact()
    assert other._clickhouse.number(rows) == 2  # an insert may still be on its way
    monkeypatch.setattr(ledger, "VOID_KEPT", timedelta(days=-1))
    other.compact()
    assert other._clickhouse.number(rows) == 1
    assert stored(one) == ids(sent)
    assert other._seen().snapshot.not_counted == ()


def test_hours_and_windows_never_count_together(
    stores: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores
    sent = incoming(an_agent(), latency(), latency())
    commit(one, sent)
    run = one._clickhouse.run

    def both_at_once(*arguments: Any) -> None:
        monkeypatch.undo()
        assert other.expire("latency", NOW) == 2
        run(*arguments)

    monkeypatch.setattr(one._clickhouse, "run", both_at_once)
    with pytest.raises(Busy, match="meanwhile"):
        one.expire("latency", NOW)
    assert one.select("latency", limit=9).num_rows == 0
    assert counted_windows(one) == 2


def test_hours_that_were_given_up_hide_no_windows(
    stores: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores
    commit(one, incoming(an_agent(), latency(), latency()))
    run = one._clickhouse.run

    def slow(*arguments: Any) -> None:
        monkeypatch.undo()
        run(*arguments)
        lease_ends(monkeypatch)
        commit(other, incoming(an_agent(), skipped()))

    monkeypatch.setattr(one._clickhouse, "run", slow)
    with pytest.raises(Busy, match="gave it up"):
        one.expire("latency", NOW)
    monkeypatch.undo()
    assert one.select("latency", limit=9).num_rows == 2
    assert one.expire("latency", NOW) == 2
    assert counted_windows(one) == 2


def test_windows_are_laid_together_some_days_at_a_time_each_with_a_lease_of_its_own(
    stores: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores
    days = [NOW - timedelta(days=n) for n in range(1, 4)]
    commit(one, incoming(an_agent(), *[latency(started_at=day) for day in days for _ in range(2)]))
    monkeypatch.setattr(clickhouse_upkeep, "ROWS_AT_ONCE", 3)
    run, laid = one._clickhouse.run, []

    def long_ago(statement: str, *arguments: Any, **more: Any) -> None:
        if "INSERT INTO latency_hourly" in statement:
            laid.append(statement)
            with other._control.begin() as c:
                ledger.give_up_abandoned(c, ledger.now())
                c.execute(ledger.commits.update().values(began_at=NOW - timedelta(days=9)))
        run(statement, *arguments, **more)

    monkeypatch.setattr(one._clickhouse, "run", long_ago)
    one.expire("latency", NOW)
    assert len(laid) == len(days)
    assert one.select("latency", limit=9).num_rows == 0
    assert counted_windows(one) == 2 * len(days)


def counted_windows(store: ClickHouseResults) -> int:
    query = "SELECT sum(windows) FROM latency_hourly WHERE commit_number NOT IN {void:Array(Int64)}"
    void = list(store._seen().snapshot.not_counted)
    return store._clickhouse.number(query, {"void": void})


@pytest.mark.parametrize("kind", ["agent", "school"])
def test_no_collector_takes_a_batch_of_whom_another_has_erased(
    stores: Both, kind: Literal["agent", "school"]
) -> None:
    one, other = stores
    agent, staying = an_agent(), an_agent()
    staying = replace(staying, school_id=new_id())
    commit(other, incoming(agent, throughput()))
    note_erased(one, kind, agent)
    late, mine = incoming(agent, throughput(), sequence=2), incoming(staying, throughput())
    assert commit(other, late, mine) == ["erased", "stored"]
    one.erase(agent_ids=[agent.id], school_ids=[agent.school_id])
    assert stored(other) == ids(mine)


def test_an_agent_that_another_collector_erased_is_told_so(stores: Both) -> None:
    one, other = stores
    agent = an_agent()
    note_erased(one, "agent", agent)
    ingest = Ingest(other)
    body = encode(batch(agent, throughput()))
    with pytest.raises(AgentRefused):
        asyncio.run(ingest.submit(agent, body, None, NOW))
    ingest.close()
    assert stored(one) == []


def note_erased(store: ClickHouseResults, kind: Literal["agent", "school"], agent: Agent) -> None:
    digest = digest_of(kind, agent.id if kind == "agent" else agent.school_id)
    with store._control.begin() as c:
        c.execute(tables.erasure.insert().values(digest=digest, kind=kind, asked_at=NOW))


def test_erasing_waits_for_what_another_collector_has_begun(stores: Both) -> None:
    one, other = stores
    agent = an_agent()
    sent = incoming(agent, throughput(), latency())
    claim = begin(one, sent, inserts=False)
    note_erased(other, "agent", agent)
    with ThreadPoolExecutor(1) as thread:
        erasing = thread.submit(other.erase, agent_ids=[agent.id])
        with pytest.raises(TimeoutError):
            erasing.result(0.3)
        write(one._writing(claim, [sent]), [sent])
        with one._control.begin() as c:
            assert ledger.finish(c, claim.number, [sent.key])
        assert erasing.result() > 0
    assert other._clickhouse.number("SELECT count() FROM throughput") == 0
    assert other._clickhouse.number("SELECT count() FROM latency") == 0


def test_erasing_waits_neither_for_a_collector_that_is_gone_nor_for_ever(
    stores: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores
    agent = an_agent()
    begin(one, incoming(agent, throughput()))
    monkeypatch.setattr(clickhouse_upkeep, "PATIENCE_SECONDS", 0)
    with pytest.raises(Busy, match="yet to finish"):
        other.erase(agent_ids=[agent.id])
    lease_ends(monkeypatch)
    other.erase(agent_ids=[agent.id])
    assert other._clickhouse.number("SELECT count() FROM throughput") == 0


def test_results_of_years_in_one_batch_are_taken(stores: Both) -> None:
    one, _ = stores
    months = [NOW - timedelta(days=30 * n) for n in range(60)]
    old = [skipped(started_at=at, clock_offset_seconds=None) for at in months]
    sent = incoming(an_agent(), *old)
    commit(one, sent)
    assert stored(one) == ids(sent)


def test_results_of_another_control_database_are_refused(tmp_path: Path) -> None:
    store = open_chdb_results(tmp_path)
    (tmp_path / "control.sqlite").rename(tmp_path / "away")
    with pytest.raises(CannotStart, match="another control database"):
        open_chdb_results(tmp_path)
    store.close()


def test_a_control_database_that_is_older_than_the_results_is_refused(tmp_path: Path) -> None:
    store = open_chdb_results(tmp_path)
    commit(store, incoming(an_agent(), throughput()))
    with store._control.begin() as c:
        c.execute(ledger.counter.update().values(last_commit=0))
    with pytest.raises(CannotStart, match="older backup"):
        open_chdb_results(tmp_path)
    store.close()


def test_a_backup_is_clickhouses_own(stores: Both, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="BACKUP DATABASE"):
        stores[0].backup(tmp_path)


def test_both_databases_are_put_back_as_the_guide_says(tmp_path: Path) -> None:
    store = open_chdb_results(tmp_path)
    before, after = (incoming(an_agent(), throughput(), b"{}") for _ in range(2))
    commit(store, before)
    before_that = store.incarnation
    with store._control.connect() as c:
        known = ledger.snapshot(c).upto
    commit(store, after)  # after the control database was copied, before ClickHouse was
    with store._control.begin() as c:
        c.execute(ledger.ledger.delete().where(ledger.ledger.c.commit_number > known))
        c.execute(ledger.counter.update().values(last_commit=known, incarnation=new_id()))
    for table in (
        "throughput",
        "latency",
        "latency_hourly",
        "inventory",
        "skipped",
        "refused",
        "commits",
    ):
        assert f"`{table}`" in GUIDE.read_text() or f"ALTER TABLE {table} " in GUIDE.read_text()
        later = (
            f"ALTER TABLE {table} DELETE WHERE commit_number > {known} SETTINGS mutations_sync = 2"
        )
        store._clickhouse.run(later)
    store._clickhouse.run("TRUNCATE TABLE owner")
    store.close()
    again = open_chdb_results(tmp_path)
    assert again.incarnation != before_that
    assert stored(again) == ids(before)
    assert commit(again, before, after) == ["seen", "stored"]
    assert stored(again) == ids(before, after) == changed(again, 0)
    assert len(again.refused(limit=9)) == 2
    again.close()


def test_a_nations_schools_can_be_asked_about_at_once(stores: Both) -> None:
    one, _ = stores
    agent = an_agent()
    commit(one, incoming(agent, throughput(reflector_id=agent.id)))
    many = [new_id() for _ in range(20_000)]
    day = timedelta(days=1)
    with one.questions() as questions:
        for servers, place in ([*many, agent.id], 20_000), (many, None):
            (row,) = questions.tests(
                Window(NOW - day, NOW + day), "download", [*many, agent.school_id], servers
            ).to_pylist()
            assert (row["school"], row["reflector"]) == (20_000, place)


def test_a_great_many_batches_can_be_sent_again_at_once(stores: Both) -> None:
    one, other = stores
    sent = [incoming(an_agent(), b"{}") for _ in range(3000)]
    first = one.commit(sent)
    again = other.commit(sent)
    assert {outcome.state for outcome in first} == {"stored"}
    assert {outcome.state for outcome in again} == {"seen"}
    assert [outcome.refused for outcome in first] == [outcome.refused for outcome in again]
