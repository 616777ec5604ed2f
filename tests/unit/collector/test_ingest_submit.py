import asyncio
import gzip
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from broadgauge_collector.errors import Busy, Conflict, NotPermitted, Unreadable
from broadgauge_collector.ingest import Ingest
from broadgauge_collector.ingest.group_commit import MAX_WAITING_BYTES, MAX_WAITING_RESULTS
from broadgauge_collector.ingest.ingest import Taken, read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.results import MAX_ASIDE_BYTES, Incoming, Outcome
from broadgauge_wire import BatchAnswer, BatchKey, encode, new_id
from broadgauge_wire.spec import MAX_BATCH_RESULTS
from tests.collecting import NOW, an_agent, batch, latency, skipped, stored_ids, throughput


@pytest.fixture
def results(tmp_path: Path) -> Iterator[DuckDBResults]:
    store = DuckDBResults.open(tmp_path / "hot.duckdb")
    yield store
    store.close()


@pytest.fixture
def ingest(results: DuckDBResults) -> Iterator[Ingest]:
    made = Ingest(results)
    yield made
    made.close()


def send(ingest: Ingest, agent: Agent, *bodies: bytes) -> list[Taken | BaseException]:
    """Post gzipped bodies all at once; the answers, or what was raised instead."""

    async def run() -> list[Taken | BaseException]:
        posts = [ingest.submit(agent, gzip.compress(body), "gzip", NOW) for body in bodies]
        return await asyncio.gather(*posts, return_exceptions=True)

    return asyncio.run(run())


def send_one(ingest: Ingest, agent: Agent, body: bytes) -> BatchAnswer:
    (taken,) = send(ingest, agent, body)
    if isinstance(taken, BaseException):
        raise taken
    return taken.answer


def test_an_answer_names_the_batch_what_was_refused_and_when_it_came(
    ingest: Ingest, results: DuckDBResults
) -> None:
    agent = an_agent()
    good, bad = throughput(), latency(lost=101)
    sent = batch(agent, good, bad, b"{}", sequence=3, lane="backlog")
    answer = send_one(ingest, agent, encode(sent))
    key = BatchKey(agent_id=agent.id, epoch=agent.id, lane="backlog", sequence=3)
    assert answer.committed == (key,)
    assert answer.received_at == NOW
    assert [(refusal.index, refusal.id) for refusal in answer.refused] == [
        (1, str(bad.id)),
        (2, None),
    ]
    assert stored_ids(results) == [good.id]


def test_what_a_batch_says_of_its_spool_is_handed_on(ingest: Ingest) -> None:
    agent = an_agent()
    for waiting in (None, 0, 7):
        body = encode(batch(agent, throughput(), epoch=new_id(), spooled_results=waiting))
        (taken,) = send(ingest, agent, body)
        assert isinstance(taken, Taken)
        assert taken.spooled_results == waiting


def test_an_answer_is_given_after_the_commit_only(ingest: Ingest, results: DuckDBResults) -> None:
    agent = an_agent()
    for sequence in range(1, 20):
        record = throughput()
        send_one(ingest, agent, encode(batch(agent, record, sequence=sequence)))
        assert record.id in stored_ids(results)


def test_a_batch_sent_again_gets_the_same_answer(ingest: Ingest, results: DuckDBResults) -> None:
    agent = an_agent()
    body = encode(batch(agent, throughput(), b"{}", latency(lost=101)))
    first, again = send_one(ingest, agent, body), send_one(ingest, agent, body)
    assert again == first
    assert len(stored_ids(results)) == 1


def test_a_batch_whose_date_was_refused_stays_refused_when_sent_a_day_later(
    ingest: Ingest, results: DuckDBResults
) -> None:
    agent = an_agent()
    body = encode(batch(agent, skipped(started_at=NOW + timedelta(hours=30))))
    first = send_one(ingest, agent, body)
    later = asyncio.run(ingest.submit(agent, body, None, NOW + timedelta(days=2)))
    assert later.answer.refused == first.refused != ()
    assert stored_ids(results) == []


def test_the_same_number_with_other_content_is_a_conflict(
    ingest: Ingest, results: DuckDBResults
) -> None:
    agent = an_agent()
    first = throughput()
    send_one(ingest, agent, encode(batch(agent, first)))
    with pytest.raises(Conflict, match="other content"):
        send_one(ingest, agent, encode(batch(agent, throughput())))
    assert stored_ids(results) == [first.id]


def test_an_agent_sends_its_own_results_only(ingest: Ingest, results: DuckDBResults) -> None:
    one, two = an_agent(), an_agent()
    with pytest.raises(NotPermitted, match="another agent's"):
        send_one(ingest, one, encode(batch(two, throughput())))
    assert stored_ids(results) == []


def test_a_body_that_is_no_batch_hurts_no_other(ingest: Ingest, results: DuckDBResults) -> None:
    agent = an_agent()
    good, bad = send(ingest, agent, encode(batch(agent, throughput())), b"{")
    assert isinstance(good, Taken)
    assert isinstance(bad, Unreadable)


def test_the_largest_batch_of_the_largest_results_is_taken(
    ingest: Ingest, results: DuckDBResults
) -> None:
    agent = an_agent()
    records = [throughput(error=None, location="x" * 200) for _ in range(MAX_BATCH_RESULTS)]
    send_one(ingest, agent, encode(batch(agent, *records)))
    assert len(stored_ids(results)) == MAX_BATCH_RESULTS


def test_batches_of_many_agents_at_once_are_each_stored_once(
    ingest: Ingest, results: DuckDBResults
) -> None:
    agent = an_agent()
    bodies = [encode(batch(agent, throughput(), sequence=n)) for n in range(1, 101)]
    answers = send(ingest, agent, *bodies, *bodies)
    assert all(isinstance(answer, Taken) for answer in answers)
    assert len(stored_ids(results)) == 100
    assert (ingest.counts.results, ingest.counts.repeated_batches) == (100, 100)


class HeldStore:
    """A store whose commits wait until they are let through, and then do as told."""

    incarnation = new_id()

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.groups: list[int] = []
        self.let_through = threading.Event()
        self._then = then

    def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        self.groups.append(len(group))
        self.let_through.wait(30)
        self._then()
        return tuple(Outcome(state="stored") for _ in group)


def big(agent: Agent, sequence: int) -> bytes:
    record = encode(skipped())
    return encode(batch(agent, *[record] * MAX_BATCH_RESULTS, sequence=sequence))


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a thread
            await asyncio.sleep(0.01)


def test_batches_that_wait_are_committed_together() -> None:
    store, agent = HeldStore(), an_agent()
    ingest = Ingest(store)

    async def run() -> None:
        def post(sequence: int) -> asyncio.Task[Taken]:
            body = encode(batch(agent, throughput(), sequence=sequence))
            return asyncio.create_task(ingest.submit(agent, body, None, NOW))

        posts = [post(1)]
        await eventually(lambda: store.groups == [1])
        posts += [post(sequence) for sequence in range(2, 12)]
        await eventually(lambda: ingest.waiting_results == 10)
        store.let_through.set()
        await asyncio.gather(*posts)

    asyncio.run(run())
    ingest.close()
    assert store.groups == [1, 10]


def test_a_line_too_long_is_refused_at_once_and_says_when_to_come_back() -> None:
    store, agent = HeldStore(), an_agent()
    ingest = Ingest(store)

    async def run() -> None:
        posts = []
        for sequence in range(1, MAX_WAITING_RESULTS["live"] // MAX_BATCH_RESULTS + 2):
            post = ingest.submit(agent, big(agent, sequence), None, NOW)
            posts.append(asyncio.create_task(post))
            if sequence == 1:
                await eventually(lambda: store.groups == [1])
        await eventually(lambda: ingest.waiting_results == MAX_WAITING_RESULTS["live"])
        with pytest.raises(Busy, match="waiting") as refused:
            await ingest.submit(agent, big(agent, 10_000), None, NOW)
        assert refused.value.retry_after_seconds
        store.let_through.set()
        await asyncio.gather(*posts)

    asyncio.run(run())
    ingest.close()
    assert ingest.waiting_results == 0


def test_few_and_huge_batches_are_a_line_too_long_as_well() -> None:
    store, agent = HeldStore(), an_agent()
    ingest = Ingest(store)
    padding = b'"' + b"x" * 4_000_000 + b'"'

    async def run() -> None:
        posts = []
        for sequence in range(1, MAX_WAITING_BYTES["live"] // len(padding) + 3):
            body = gzip.compress(encode(batch(agent, padding, sequence=sequence)), 1)
            posts.append(asyncio.create_task(ingest.submit(agent, body, "gzip", NOW)))
            if sequence == 1:
                await eventually(lambda: store.groups == [1])
        await eventually(lambda: ingest.waiting_results == len(posts) - 1)
        with pytest.raises(Busy, match="waiting"):
            await ingest.submit(agent, encode(batch(agent, padding)), None, NOW)
        store.let_through.set()
        await asyncio.gather(*posts)

    asyncio.run(run())
    ingest.close()


def test_of_a_huge_record_only_the_beginning_is_kept() -> None:
    agent = an_agent()
    incoming = read(agent, encode(batch(agent, b'"' + b"x" * 1_000_000 + b'"')), None, NOW)
    assert [len(record) for record in incoming.records] == [MAX_ASIDE_BYTES]
    assert [len(aside.record) for aside in incoming.refused] == [MAX_ASIDE_BYTES]


def test_a_failed_commit_is_told_to_every_sender_and_the_next_succeeds() -> None:
    failures = [ZeroDivisionError("broken"), Busy("failed")]

    def fail() -> None:
        if failures:
            raise failures.pop(0)

    store, agent = HeldStore(fail), an_agent()
    store.let_through.set()
    ingest = Ingest(store)
    body = encode(batch(agent, throughput()))
    for kind in (ZeroDivisionError, Busy):
        with pytest.raises(kind):
            send_one(ingest, agent, body)
    assert send_one(ingest, agent, body).committed
    ingest.close()


def test_stopping_commits_what_waits_and_takes_no_more(results: DuckDBResults) -> None:
    agent = an_agent()
    ingest = Ingest(results)
    records = [throughput() for _ in range(20)]

    async def run() -> None:
        posts = [
            asyncio.create_task(
                ingest.submit(agent, encode(batch(agent, r, sequence=n)), None, NOW)
            )
            for n, r in enumerate(records, 1)
        ]
        await asyncio.sleep(0)
        await asyncio.to_thread(ingest.close)
        await asyncio.gather(*posts)
        with pytest.raises(Busy, match="stopping"):
            await ingest.submit(agent, encode(batch(agent, throughput())), None, NOW)

    asyncio.run(run())
    expected: list[UUID] = sorted(record.id for record in records)
    assert stored_ids(results) == expected


def test_a_sender_that_hung_up_disturbs_nobody(ingest: Ingest, results: DuckDBResults) -> None:
    agent, epoch = an_agent(), new_id()

    async def run() -> None:
        gone = [
            asyncio.create_task(
                ingest.submit(agent, encode(batch(agent, latency(), sequence=n)), None, NOW)
            )
            for n in range(1, 10)
        ]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        stays = encode(batch(agent, throughput(), epoch=epoch))
        await ingest.submit(agent, stays, None, NOW)

    asyncio.run(run())
    assert results.select("throughput", limit=10).num_rows == 1
