"""Metrics, from what a scrape of an empty server says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import Metric

from broadgauge_collector.app import open_services
from broadgauge_collector.capacity.targets import DEFAULT_TARGET
from broadgauge_collector.config import DEFAULT_DAYS, ServerConfig
from broadgauge_collector.metrics import Scrape
from broadgauge_collector.reports import overview
from tests.docs.reference.markdown import sentence, table

OF_ITS_TYPE = {"le"}
"""Labels that every metric of a type has."""


def page() -> str:
    """Every metric there is."""
    rows = (
        (f"`{_name(m)}`", m.type, ", ".join(labels(m)), sentence(m.documentation))
        for m in sorted(metrics(), key=_name)
    )
    return table(("metric", "type", "labels", "meaning"), rows)


def metrics() -> Iterator[Metric]:
    """What is counted while the server runs, and what it looks up at a scrape."""
    with TemporaryDirectory() as data:
        services = open_services(ServerConfig(data=Path(data)))
        try:
            now = datetime.now(UTC)
            judged = overview(services.stores, DEFAULT_TARGET, DEFAULT_DAYS, now)
            services.metrics.request("/healthz", "GET", 200, 0.001)
            yield from services.metrics.registry.collect()
            yield from Scrape(services, now, judged).collect()
        finally:
            services.close()


@cache
def exposed() -> set[str]:
    """The names that a query may have in it."""
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {metric.name + end for metric in metrics() for end in ends.get(metric.type, ("",))}


def labels(metric: Metric) -> list[str]:
    """What a metric is told apart by."""
    known = {name for sample in metric.samples for name in sample.labels}
    known |= set(getattr(metric, "_labelnames", ()))
    return [f"`{name}`" for name in sorted(known - OF_ITS_TYPE)]


def _name(metric: Metric) -> str:
    return metric.name + ("_total" if metric.type == "counter" else "")
