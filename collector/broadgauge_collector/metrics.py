"""What Prometheus may know: requests, batches, agents, rates, verdicts and the collector's health,
in base units."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .access.agents import list_agents
from .certificates import ShownCertificate
from .health_metrics import disk_gauges, last_heard, process_gauges, sink_metrics, upkeep_gauges
from .ingest.ingest import Counts
from .judged_metrics import judged
from .plan.slots import count_held
from .reports import Overview
from .schools.model import Agent, School
from .schools.repository import list_schools

if TYPE_CHECKING:  # which has the metrics of an application
    from .services import Services

CONTENT_TYPE = CONTENT_TYPE_LATEST
LIVE = timedelta(minutes=15)
"""An agent is heard at least every few minutes."""

RECENT = timedelta(days=1)
BITS_PER_BYTE = 8


class Metrics:
    """Counted while the application runs; one registry an application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.certificate: ShownCertificate | None = None
        self._requests = Histogram(
            "broadgauge_http_request_duration_seconds",
            "Time to answer a request, by route.",
            ["route", "method", "status"],
            registry=self.registry,
        )

        self._slots = Counter(
            "broadgauge_slot_requests",
            "Slots that agents asked for, by answer: given, or why not.",
            ["answer"],
            registry=self.registry,
        )

    def slot(self, answer: str) -> None:
        """Count one answered wish for a slot."""
        self._slots.labels(answer).inc()

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(route, method, f"{status // 100}xx").observe(seconds)


class Scrape(Collector):
    """What ingest has counted and the stores say at the moment of a scrape, and the verdicts of an
    overview, if there is one."""

    def __init__(self, services: "Services", now: datetime, overview: Overview | None) -> None:
        self._services = services
        self._stores = services.stores
        self._now = now
        self._overview = overview

    def collect(self) -> Iterator[Metric]:
        """Read by prometheus-client at each scrape."""
        services, now = self._services, self._now
        with self._stores.control.connect() as connection:
            agents = list_agents(connection)
            schools = list_schools(connection)
            yield from sink_metrics(connection, now)
            yield from upkeep_gauges(connection)
            held = count_held(connection, now)
        help_text = "Slots that are held now: tests that load a line, or may."
        yield GaugeMetricFamily("broadgauge_slots_held", help_text, value=held)
        yield from ingest_counters(services.ingest.counts)
        help_text = "Results that were read and wait to be stored."
        waiting = services.ingest.waiting_results
        yield GaugeMetricFamily("broadgauge_ingest_waiting_results", help_text, value=waiting)
        yield simulated_schools(schools)
        yield from agent_gauges(agents, now)
        yield from last_heard(schools, agents)
        yield self._latest_rates({school.id: school.name for school in schools})
        yield from process_gauges(now, services.metrics.certificate)
        yield from disk_gauges(services.config.data)
        if self._overview is not None:
            yield from judged(self._overview)

    def _latest_rates(self, names: dict[UUID, str]) -> Metric:
        rates = GaugeMetricFamily(
            "broadgauge_line_rate_bytes_per_second",
            "Latest line rate of the last day, between agents and the district's test servers over "
            "a real network, by school and segment.",
            labels=["school", "segment", "direction"],
        )
        with self._stores.results.questions() as questions:
            newest = questions.newest_rates(self._now - RECENT)
        for rate in newest:
            labels = [
                names.get(rate.school_id, str(rate.school_id)),
                rate.segment or "",
                rate.direction,
            ]
            rates.add_metric(labels, rate.line / BITS_PER_BYTE)
        return rates


def ingest_counters(counts: Counts) -> Iterator[Metric]:
    """What ingest has taken in since the start."""
    for name, help_text, value in (
        ("batches", "Batches taken in, each time they were sent.", counts.batches),
        ("batches_repeated", "Batches seen before, stored once.", counts.repeated_batches),
        ("batches_conflicting", "Batch numbers used twice.", counts.conflicting_batches),
        ("results_stored", "Results stored.", counts.results),
        ("results_refused", "Records kept aside as wrong.", counts.refused_results),
    ):
        yield CounterMetricFamily(f"broadgauge_{name}", help_text, value=value)


def simulated_schools(schools: tuple[School, ...]) -> Metric:
    """Whether figures of agents and results are of made-up schools, too."""
    help_text = (
        "Schools that are made up for a demonstration; their rates and verdicts are left out."
    )
    count = sum(school.simulated for school in schools)
    return GaugeMetricFamily("broadgauge_simulated_schools", help_text, value=count)


def agent_gauges(agents: tuple[Agent, ...], now: datetime) -> Iterator[Metric]:
    """Agents by state, and what waits in their spools."""
    states = dict.fromkeys(("live", "silent", "asleep", "revoked"), 0)
    for agent in agents:
        states[state_of(agent, now)] += 1
    gauge = GaugeMetricFamily("broadgauge_agents", "Agents by state.", labels=["state"])
    for state, count in states.items():
        gauge.add_metric([state], count)
    yield gauge
    waiting = sum(agent.spooled_results or 0 for agent in agents if agent.revoked_at is None)
    help_text = "Results that wait in agents' spools, as last said."
    yield GaugeMetricFamily("broadgauge_agents_spooled_results", help_text, value=waiting)
    dropped = sum(gone.results for agent in agents for gone in agent.dropped_results)
    help_text = "Results that agents dropped unsent because their spools were full, as last said."
    yield GaugeMetricFamily("broadgauge_agents_dropped_results", help_text, value=dropped)
    damaged = sum(agent.damaged_results for agent in agents)
    help_text = "Results that agents' disks damaged before they were sent, as last said."
    yield GaugeMetricFamily("broadgauge_agents_damaged_results", help_text, value=damaged)


def state_of(agent: Agent, now: datetime) -> str:
    """live, silent, asleep or revoked."""
    if agent.revoked_at is not None:
        return "revoked"
    if agent.asleep_since is not None:
        return "asleep"
    heard = agent.last_seen_at
    return "live" if heard is not None and now - heard <= LIVE else "silent"


def exposition(services: "Services", now: datetime, overview: Overview | None) -> bytes:
    """Everything in Prometheus' text format."""
    scrape = CollectorRegistry()
    scrape.register(Scrape(services, now, overview))
    return generate_latest(services.metrics.registry) + generate_latest(scrape)
