"""A district with real stores, filled with tests, for tests of reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from broadgauge_collector.access.agents import add_agent
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools import repository
from broadgauge_collector.schools.model import Agent, Link, School
from broadgauge_collector.store import ControlStore, DuckDBResults, Stores
from broadgauge_wire import Result, encode, new_id
from tests import collecting
from tests.migrated import migrated

NOW = datetime(2026, 3, 20, 3, 0, tzinfo=UTC)
"""Thursday 19 March 2026, 22:00 in Chicago; clocks went forward on the 8th."""


class TestDistrict:
    """Adds schools, lines and agents, and keeps what they measure."""

    __test__ = False

    def __init__(self, stores: Stores) -> None:
        self.stores = stores

    def school(self, name: str = "Lincoln", students: int | None = 500, **more: Any) -> School:
        with self.stores.control.begin() as c:
            return repository.add_school(
                c, **{"name": name, "timezone": "America/Chicago", "students": students} | more
            )

    def link(self, *schools: School, name: str = "Internet", **more: Any) -> Link:
        ids = [school.id for school in schools]
        with self.stores.control.begin() as c:
            return repository.add_link(
                c, **{"name": name, "segment": "internet", "school_ids": ids} | more
            )

    def reflector(self, name: str, link: Link) -> UUID:
        with self.stores.control.begin() as c:
            return repository.add_reflector(
                c, name=name, host="10.0.0.1", port=8485, segment=link.segment, link_id=link.id
            ).id

    def agent(self, school: School, name: str = "Library desk") -> Agent:
        with self.stores.control.begin() as c:
            return add_agent(
                c, school_id=school.id, name=name, location=None, version="0.1.0", now=NOW
            )[0]

    def keep(self, agent: Agent, *results: Result) -> None:
        body = encode(collecting.batch(agent, *results, epoch=new_id(), sent_at=NOW))
        outcome = self.stores.results.commit([read(agent, body, None, NOW)])[0]
        assert (outcome.state, outcome.refused) == ("stored", ())


@contextmanager
def district(path: Path) -> Iterator[TestDistrict]:
    """An empty one in a directory."""
    stores = Stores(ControlStore.open(migrated(path)), DuckDBResults.open(path / "hot.duckdb"))
    try:
        yield TestDistrict(stores)
    finally:
        stores.results.close()
        stores.control.close()


def at(days_ago: int, hour: int = 21, minute: int = 0) -> datetime:
    """So many days before today, at an hour of the clock in Chicago."""
    day = date(2026, 3, 19) - timedelta(days=days_ago)
    offset = 5 if day >= date(2026, 3, 8) else 6
    midnight = datetime(day.year, day.month, day.day, offset, tzinfo=UTC)
    return midnight + timedelta(hours=hour, minutes=minute)


def full_reading(days_ago: int, mbps: float, hour: int = 21, **changes: Any) -> Result:
    """A full download reading on the Internet line."""
    facts = {
        "id": new_id(),
        "started_at": at(days_ago, hour),
        "segment": "internet",
        "line_bits_per_second": mbps * 1e6,
        "throughput_bits_per_second": mbps * 1e6 * 1448 / 1500,
    }
    return collecting.throughput(**facts | changes)


def twelve_days(mbps: float, **changes: Any) -> list[Result]:
    """Two tests a night on twelve days, so long ago that the last two evaluations saw them all."""
    nights = range(11, 23)
    return [full_reading(day, mbps, hour, **changes) for day in nights for hour in (20, 21)]
