"""The stores of results that have to pass one suite, and what is kept in them by its tests.

A kind of store is one entry in FACTORIES: called again with the same folder, it opens what it left
there.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal
from uuid import UUID

from msgspec.structs import replace

from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.results import Incoming, ResultStore
from broadgauge_wire import RESULT_KINDS, InventoryResult, Result, encode, new_id
from tests.chdb_store import open_chdb_results
from tests.collecting import NOW, an_agent, batch, latency, skipped, throughput

from .oracle import Kept

Factory = Callable[[Path], ResultStore]

FACTORIES: dict[str, Factory] = {
    "clickhouse": open_chdb_results,
    "duckdb": lambda folder: DuckDBResults.open(folder / "hot.duckdb"),
}

MORE_THAN_ALL = 100_000

MINUTE = timedelta(minutes=1)


class OpenedAgain:
    """Opens a store in one place; what it opened before is closed first."""

    def __init__(self, factory: Factory, folder: Path) -> None:
        self._factory = factory
        self._open: ResultStore | None = None
        self.folder = folder

    def __call__(self) -> ResultStore:
        self.close()
        self._open = self._factory(self.folder)
        return self._open

    def from_backup(self, folder: Path) -> ResultStore:
        """Opens a copy instead."""
        self.close()
        self._open = self._factory(folder)
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def incoming(
    agent: Agent, *records: Result | bytes, received_at: datetime = NOW, **changes: Any
) -> Incoming:
    """A batch as it arrives."""
    sent = batch(agent, *records, **{"sent_at": received_at} | changes)
    return read(agent, encode(sent), None, received_at)


def commit(store: ResultStore, *group: Incoming) -> list[str]:
    """What became of each."""
    return [outcome.state for outcome in store.commit(group)]


def ids_of(store: ResultStore, kind: str, **conditions: Any) -> list[UUID]:
    """The ids of a kind's results, newest first."""
    table = store.select(kind, **{"limit": MORE_THAN_ALL} | conditions)
    return [UUID(id_) for id_ in table.column("id").to_pylist()]


def all_ids(store: ResultStore) -> list[UUID]:
    """The ids of all results, each as often as it is stored."""
    return sorted(id_ for kind in RESULT_KINDS for id_ in ids_of(store, kind))


class Term:
    """A term at three schools, told by two agents at each: what happened in every odd case.

    Two thirds arrive in their month (`early`), the others in March, which is still open (`late`).
    """

    TODAY = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
    CLOSED = datetime(2026, 3, 5, 7, 30, tzinfo=UTC)
    """When the months before March are closed."""

    def __init__(self, seed: int = 1, size: int = 450) -> None:
        self.random = Random(seed)
        schools = [new_id() for _ in range(3)]
        self.agents = [_at(an_agent(), school) for school in schools for _ in range(2)]
        self.school_ids = schools
        self.reflector_ids = [new_id(), new_id()]
        self.kept = sorted((self._make() for _ in range(size)), key=lambda one: one.received_at)

    @property
    def early(self) -> list[Kept]:
        return [one for one in self.kept if one.received_at < self.CLOSED]

    @property
    def late(self) -> list[Kept]:
        return [one for one in self.kept if one.received_at >= self.CLOSED]

    def keep(self, store: ResultStore, kept: Sequence[Kept]) -> None:
        """Send these results, each its own batch, some dozen in one group."""
        for start in range(0, len(kept), 40):
            group = [self.batch(one) for one in kept[start : start + 40]]
            assert set(commit(store, *group)) == {"stored"}

    def batch(self, one: Kept) -> Incoming:
        """The batch that brings a result; always the same."""
        agent = next(agent for agent in self.agents if agent.id == one.agent_id)
        return incoming(agent, one.result, epoch=one.result.id, received_at=one.received_at)

    def _make(self) -> Kept:
        chance = self.random
        agent = chance.choice(self.agents)
        moment = self.TODAY - timedelta(seconds=chance.uniform(0, 110 * 86400))
        if chance.random() < 0.1:  # around the end of a month, where clocks decide
            month = datetime(2026, chance.choice([1, 2, 3]), 1, tzinfo=UTC)
            moment = month + timedelta(seconds=chance.uniform(-9, 9))
        offset = chance.choice([None, 0.0, 3.5, -4.25, chance.uniform(-6, 6)])
        delay = timedelta(minutes=chance.uniform(1, 10))
        if chance.random() < 0.25:
            delay = max(delay, self.CLOSED - moment + timedelta(hours=chance.uniform(1, 99)))
        common = {
            "started_at": moment - timedelta(seconds=offset or 0),
            "clock_offset_seconds": offset,
            "segment": chance.choice([None, "lan", "wan", "internet", "internet"]),
            "path_kind": chance.choice([None, "network", "network", "network", "vpn", "loopback"]),
            "location": chance.choice([None, "Room 1", "Caf\u00e9"]),
            "simulated": chance.random() < 0.1,
        }
        if agent.school_id == self.school_ids[2]:
            common["path_kind"] = "loopback"
        return Kept(self._result(common), agent.id, agent.school_id, moment + delay)

    def _result(self, common: dict[str, Any]) -> Result:
        chance = self.random
        kind = chance.choices(["throughput", "latency", "skipped", "inventory"], [6, 4, 1, 1])[0]
        if kind != "skipped" and chance.random() < 0.1:
            common["error"] = "no answer"
        if kind == "skipped":
            return skipped(**common)
        if kind == "inventory":
            return InventoryResult(
                id=new_id(), duration_seconds=0.1, agent_version="0.1.0",
                serial=f"PF{chance.randrange(10**6)}", memory_bytes=2**33, **common,
            )  # fmt: skip
        if kind == "latency":
            return self._latency(common)
        return self._throughput(common)

    def _latency(self, common: dict[str, Any]) -> Result:
        if "error" in common:
            times: dict[str, Any] = dict.fromkeys(
                f"rtt_{name}_seconds" for name in ("min", "p50", "p90", "p99", "max")
            )
            return latency(**common, **times, sent=None, lost=None, jitter_seconds=None)
        median = self.random.uniform(0.001, 0.2)
        shares = {"min": 0.5, "p50": 1.0, "p90": 1.5, "p99": 2.0, "max": 3.0}
        times = {f"rtt_{name}_seconds": median * share for name, share in shares.items()}
        return latency(**common, **times, sent=100, lost=self.random.choice([0, 0, 1, 2, 30]))

    def _throughput(self, common: dict[str, Any]) -> Result:
        chance = self.random
        line = chance.uniform(10e6, 900e6)
        facts: dict[str, Any] = {
            "direction": chance.choice(["download", "upload"]),
            "method": chance.choice(["ndt7", "ndt7", "ndt7", "ookla"]),
            "reflector_id": chance.choice([None, *self.reflector_ids, self.agents[0].id]),
            "trigger": chance.choice(["planned", "manual", "survey", "swarm"]),
            "swarm_id": chance.choice([None, self.agents[0].id]),
            "client": chance.choice(["agent", "agent", "agent", "browser"]),
            "public_server": chance.random() < 0.1,
            "line_bits_per_second": line,
            "throughput_bits_per_second": line * chance.uniform(0.9, 0.97),
            "bound": chance.choice([None, "exact", "at_least"]),
            "limited_by": chance.choice([None, "path", "pacer", "policy"]),
            "loaded_rtt_seconds": chance.choice([None, 0.004, chance.uniform(0.001, 0.9)]),
        }
        if "error" in common:
            facts |= dict.fromkeys(("line_bits_per_second", "throughput_bits_per_second", "bound"))
        return throughput(**common, **facts)


def _at(agent: Agent, school_id: UUID) -> Agent:
    return replace(agent, school_id=school_id)


State = Literal["hot", "late", "sealed again", "compacted", "opened again"]

STATES: tuple[State, ...] = ("hot", "late", "sealed again", "opened again")
"""Each is asked every question; a store that is compacted is so when it was opened again."""

STATES_OF: dict[str, tuple[State, ...]] = {
    "clickhouse": ("hot",),  # closed months are nothing of its own to it
    "duckdb": STATES,
}


def brought_to(state: State, opened: OpenedAgain, term: Term) -> ResultStore:
    """A store with all of the term's results, in one of the states that upkeep leaves."""
    store = opened()
    term.keep(store, term.early)
    if state != "hot":
        store.seal(term.CLOSED)
    term.keep(store, term.late)
    if state not in ("hot", "late"):
        store.seal(term.CLOSED)
    if state in ("compacted", "opened again"):
        store.compact()
    return opened() if state == "opened again" else store
