"""What Prometheus may know of the collector itself: its disk, its stores, its sinks, its upkeep."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import Connection

from .certificates import ShownCertificate
from .schools.model import Agent, School
from .sinks.model import SinkStatus
from .sinks.repository import statuses
from .upkeep.files import size_below
from .upkeep.places import BACKUPS, RESULTS, SEALED
from .upkeep.records import last_run, list_backups
from .upkeep.storage import size_of_control


def process_gauges(now: datetime, certificate: ShownCertificate | None) -> Iterator[Metric]:
    """What the process knows by itself."""
    yield GaugeMetricFamily(
        "broadgauge_time_seconds", "The collector's clock.", value=now.timestamp()
    )
    expiry = GaugeMetricFamily(
        "broadgauge_certificate_expiry_timestamp_seconds",
        "When the certificate that the server shows ends; nothing where it speaks plain HTTP.",
    )
    if certificate is not None:
        expiry.add_metric([], certificate.expires_at.timestamp())
    yield expiry


def disk_gauges(data: Path) -> Iterator[Metric]:
    """What is in the data directory, and the room that is left."""
    stored = GaugeMetricFamily(
        "broadgauge_stored_bytes",
        "What is stored in the data directory. Sealed results are a part of the results.",
        labels=["what"],
    )
    results = data / RESULTS
    stored.add_metric(["control"], size_of_control(data))
    stored.add_metric(["results"], size_below(results))
    stored.add_metric(["sealed_results"], size_below(results / SEALED))
    stored.add_metric(["backups"], size_below(data / BACKUPS))
    yield stored
    parts = sum(1 for _ in (results / SEALED).rglob("*.parquet"))
    help_text = "Files that the results of closed months are in."
    yield GaugeMetricFamily("broadgauge_sealed_parts", help_text, value=parts)
    disk = shutil.disk_usage(data)
    for what, size in (("free", disk.free), ("size", disk.total)):
        help_text = f"Disk of the data directory: {what}."
        yield GaugeMetricFamily(f"broadgauge_disk_{what}_bytes", help_text, value=size)


def upkeep_gauges(c: Connection) -> Iterator[Metric]:
    """When upkeep last did its work, and the last backup was made."""
    nightly = last_run(c, "nightly", good=True)
    backups = list_backups(c)
    for name, what, at in (
        ("upkeep", "upkeep last ended well", nightly.ended_at if nightly else None),
        ("backup", "the newest backup was made", backups[0].made_at if backups else None),
    ):
        gauge = GaugeMetricFamily(
            f"broadgauge_last_{name}_timestamp_seconds", f"When {what}; nothing before the first."
        )
        if at is not None:
            gauge.add_metric([], at.timestamp())
        yield gauge


def last_heard(schools: tuple[School, ...], agents: tuple[Agent, ...]) -> Iterator[Metric]:
    """When agents of each school were last heard that aren't asleep or revoked; and clocks."""
    heard = GaugeMetricFamily(
        "broadgauge_school_last_heard_timestamp_seconds",
        "When an agent of a school that is no made-up one was last heard, asleep ones aside.",
        labels=["school"],
    )
    known = [agent for agent in agents if agent.revoked_at is None]
    latest: dict[UUID, datetime] = {}
    for agent in known:
        at = agent.last_seen_at
        if at is not None and agent.asleep_since is None:
            latest[agent.school_id] = max(at, latest.get(agent.school_id, at))
    for school in schools:
        if school.id in latest and not school.simulated:
            heard.add_metric([school.name], latest[school.id].timestamp())
    yield heard
    wrong = sum(agent.clock_offset_seconds is not None for agent in known)
    help_text = "Agents whose clocks are wrong; the times of their results are corrected."
    yield GaugeMetricFamily("broadgauge_agents_clock_wrong", help_text, value=wrong)


def sink_metrics(c: Connection, now: datetime) -> Iterator[Metric]:
    """How far each sink is."""
    found = statuses(c)
    lag = GaugeMetricFamily(
        "broadgauge_sink_lag_seconds",
        "How long ago the oldest result came in that a sink hasn't for certain; 0 if it has all.",
        labels=["sink"],
    )
    proven = GaugeMetricFamily(
        "broadgauge_sink_last_proven_timestamp_seconds",
        "When points last became certain in a sink; nothing before the first.",
        labels=["sink"],
    )
    trouble = GaugeMetricFamily(
        "broadgauge_sink_in_trouble", "1 if nothing can be sent to a sink now.", labels=["sink"]
    )
    for status in found:
        since = status.behind_since
        name = [status.sink.name]
        lag.add_metric(name, max(0.0, (now - since).total_seconds()) if since else 0.0)
        trouble.add_metric(name, float(status.trouble is not None))
        if status.proven_at is not None:
            proven.add_metric(name, status.proven_at.timestamp())
    yield from (lag, proven, trouble)
    yield from _points(found)


def _points(found: tuple[SinkStatus, ...]) -> Iterator[Metric]:
    for name, help_text in (
        ("points", "Points that a sink has for certain."),
        ("refused_points", "Points that a sink refused for what is in them."),
        ("outdated_points", "Points that a sink let go, older than what it keeps."),
    ):
        counter = CounterMetricFamily(f"broadgauge_sink_{name}", help_text, labels=["sink"])
        for status in found:
            counter.add_metric([status.sink.name], getattr(status, name))
        yield counter
