"""Stores with a small district in them, and what a sink should have of their results."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from broadgauge_collector.access.agents import add_agent
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.schools.repository import add_link, add_school
from broadgauge_collector.sinks import repository
from broadgauge_collector.sinks.destination import Destination
from broadgauge_collector.sinks.follower import Follower, Pace
from broadgauge_collector.sinks.influxdb import InfluxDB
from broadgauge_collector.sinks.model import Proof, Sink, SinkStatus
from broadgauge_collector.sinks.names import read_names
from broadgauge_collector.sinks.points import Point, points_of
from broadgauge_collector.store import ControlStore, DuckDBResults, Stores
from broadgauge_wire import (
    Battery,
    Disk,
    InventoryResult,
    NetworkLink,
    Result,
    encode,
    new_id,
)
from tests.collecting import an_agent, batch, latency, skipped
from tests.made_up import full_reading
from tests.migrated import migrated
from tests.running import eventually
from tests.victoria_metrics import Series, VictoriaMetrics

QUICK = Pace(look=0.1, prove=0.3, age=12.0, first_pause=0.1, longest_pause=0.5, hold=5.0)
"""Everything sooner, but for the age: real VictoriaMetrics needs it."""

EVERYTHING = 10**9


@dataclass
class District:
    """A collector's stores, with one school, line and agent."""

    stores: Stores
    agent: Agent
    sequence: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    followers: list[Follower] = field(default_factory=list)

    def moment(self) -> datetime:
        """Some moment of the last week, never twice."""
        return datetime.now(UTC) - timedelta(seconds=self.chance.uniform(60, 7 * 86400))

    def measure(self, count: int) -> list[Result]:
        """Commit so many results of all kinds, in one batch."""
        made = [self.result(number) for number in range(count)]
        self.commit(*made)
        return made

    def result(self, number: int) -> Result:
        at = self.moment()
        match number % 4:
            case 0:
                return full_reading(started_at=at)
            case 1:
                return latency(started_at=at, segment="internet")
            case 2:
                return skipped(started_at=at)
            case _:
                return inventory(started_at=at)

    def commit(self, *results: Result) -> None:
        self.sequence += 1
        sent = batch(self.agent, *results, sequence=self.sequence)
        taken = read(self.agent, encode(sent), None, datetime.now(UTC))
        assert not taken.refused, taken.refused
        self.stores.results.commit([taken])

    def add_sink(self, url: str, proof: Proof = "snapshot", name: str = "graphs") -> Sink:
        with self.stores.control.begin() as c:
            return repository.add_sink(
                c,
                name=name,
                kind="influxdb",
                url=url,
                org="district",
                bucket="network",
                token="secret-of-the-sink",
                proof=proof,
                now=datetime.now(UTC),
            )

    def follow(
        self, sink: Sink, pace: Pace = QUICK, destination: Destination | None = None
    ) -> Follower:
        """Begin to send to a sink."""
        to = destination or InfluxDB(sink, "secret-of-the-sink")
        follower = Follower(self.stores, sink, to, new_id(), pace)
        follower.start()
        self.followers.append(follower)
        return follower

    def wait_until_sent(self) -> None:
        """Wait until the database has acknowledged everything, which proves nothing."""
        count = self.stores.results.changes(0, EVERYTHING).upto
        (follower,) = self.followers
        eventually(lambda: follower._window.sent == count, "an acknowledgement")

    def status(self) -> SinkStatus:
        """Of the one sink there is."""
        with self.stores.control.connect() as c:
            (found,) = repository.statuses(c)
        return found

    def points(self) -> list[Point]:
        """What every stored result is as a point."""
        changes = self.stores.results.changes(0, EVERYTHING)
        return list(points_of(changes.tables, read_names(self.stores)))

    def stop(self) -> None:
        for follower in self.followers:
            follower.stop()
        for follower in self.followers:
            follower.join(30)


def inventory(**changes: Any) -> InventoryResult:
    """A laptop with everything that is never sent on."""
    made = InventoryResult(
        id=new_id(),
        started_at=datetime.now(UTC) - timedelta(hours=1),
        duration_seconds=0.2,
        agent_version="0.1.0",
        make="Dell",
        model="Latitude 3120",
        serial="SERIAL-CANARY",
        cpu_model="Pentium Silver",
        cpu_cores=4,
        cpu_threads=4,
        memory_bytes=8 * 2**30,
        disks=(Disk(name="DISK-CANARY", model="DISKMODEL-CANARY", size_bytes=128 * 10**9),),
        batteries=(Battery(design_capacity_watt_hours=40.0, full_capacity_watt_hours=30.0),),
        os_name="Linux",
        os_version="6.1",
        architecture="x86_64",
        interfaces=(NetworkLink(name="INTERFACE-CANARY"),),
    )
    return replace(made, **changes)


def an_agent_called(agent_id: UUID, school_id: UUID) -> Agent:
    """An agent that joined elsewhere."""
    return replace(an_agent(), id=agent_id, school_id=school_id)


@contextmanager
def district(folder: Path) -> Iterator[District]:
    """New stores; closed at the end, as are the followers that were begun."""
    control = ControlStore.open(migrated(folder))
    results = DuckDBResults.open(folder / "results" / "hot.duckdb")
    made = District(Stores(control, results), _agent(control))
    try:
        yield made
    finally:
        made.stop()
        results.close()
        control.close()


def _agent(control: ControlStore) -> Agent:
    with control.begin() as c:
        school = add_school(c, name="Lincoln, Elementary", timezone="America/Chicago")
        add_link(c, name="Internet = all", segment="internet", school_ids=[school.id])
        agent, _ = add_agent(
            c,
            school_id=school.id,
            name="Library desk",
            location="Library",
            version="0.1.0",
            now=datetime.now(UTC),
        )
    return agent


def expected(points: list[Point], field_name: str) -> Series:
    """What VictoriaMetrics should have of a field: each sample once, at its millisecond."""
    found: Series = {}
    for point in points:
        if field_name in point.fields:
            value: Any = point.fields[field_name]
            labels = frozenset(point.tags.items())
            found.setdefault(labels, []).append((point.time_ns // 10**6, float(value)))
    return {labels: sorted(samples) for labels, samples in found.items()}


def held(server: VictoriaMetrics, field_name: str) -> Series:
    """What VictoriaMetrics has of it."""
    found = server.series(f"broadgauge_result_{field_name}")
    return {labels: sorted(samples) for labels, samples in found.items()}


def has_everything(server: VictoriaMetrics, made: District) -> bool:
    """Whether each result is there, exactly once."""
    points = made.points()
    return all(
        held(server, name) == expected(points, name)
        for name in ("duration_seconds", "line_bits_per_second", "sent", "memory_bytes")
    )


def wait_until_certain(made: District) -> None:
    """Wait until the sink has everything for certain."""
    count = len(made.points())
    eventually(
        lambda: (
            (status := made.status()).points + status.refused_points == count
            and status.behind_since is None
        ),
        f"{count} points to be certain",
    )


def ids_of(results: list[Result]) -> set[UUID]:
    return {result.id for result in results}
