"""Thirty days without the server, by a virtual clock, and what a spool of the default size makes of
them."""

import json
import uuid
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from broadgauge_agent.clock import Clock
from broadgauge_agent.config import SpoolConfig
from broadgauge_agent.spool import Spool
from broadgauge_agent.spool_file import view_spool
from broadgauge_wire import Result, new_id
from tests.collecting import latency, throughput

DAYS, HOURS = 30, 24
TEST_SERVERS = 3
AN_HOUR = 3600.0


def hour_of_results(hour: int) -> list[Result]:
    """At the default rhythm: delay every five minutes, throughput every four hours, both ways."""
    delays: list[Result] = [latency()] * (12 * TEST_SERVERS)
    rates = tuple(470e6 + 1.5 * tenth for tenth in range(100))
    tests: list[Result] = [throughput(rates_bits_per_second=rates)] * (2 * TEST_SERVERS)
    due = delays + (tests if hour % 4 == 0 else [])
    return [replace(result, id=new_id()) for result in due]


def test_thirty_days_without_the_server_fit_and_are_sent_once(tmp_path: Path) -> None:
    now = 1.8e9
    clock = Clock(lambda: now, lambda: now)
    put, sent = list[str](), list[str]()
    with closing(Spool(tmp_path, uuid.uuid4(), clock)) as spool:
        for hour in range(DAYS * HOURS):
            results = hour_of_results(hour)
            spool.put(results)
            put += [str(result.id) for result in results]
            now += AN_HOUR
        size = sum(file.stat().st_size for file in tmp_path.glob("spool.sqlite*"))
        assert size <= SpoolConfig().max_bytes
        view = view_spool(tmp_path)
        assert view and view.dropped == ()
        while batch := spool.next_batch("live") or spool.next_batch("backlog"):
            sent += [json.loads(body)["id"] for body in batch.bodies]
            spool.commit(batch)
    assert len(put) > DAYS * HOURS * 12 * TEST_SERVERS
    assert sorted(sent) == sorted(put)
