"""What Prometheus may know of verdicts: lines and schools against the default target. What rests on
made-up results is left out."""

from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric

from .capacity.method import METHOD
from .capacity.model import Conclusion
from .reports import LinkVerdict, Overview

BITS_PER_BYTE = 8
LINE = ("link", "segment", "target", "direction")
CONCLUSIONS: tuple[Conclusion, ...] = get_args(Conclusion)


def judged(overview: Overview) -> Iterator[Metric]:
    """Verdicts, what they rest on, and what is still missing."""
    found = (found for school in overview.schools for found in school.verdicts)
    links = tuple({one.link.id: one for one in found if not one.verdict.simulated}.values())
    yield from _verdicts(links)
    yield from _rates(links)
    yield from _coverage(links)
    yield _schools(overview)
    yield GaugeMetricFamily(
        "broadgauge_judged_timestamp_seconds",
        "When verdicts were last worked out.",
        value=overview.as_of.timestamp(),
    )


def _verdicts(links: tuple[LinkVerdict, ...]) -> Iterator[Metric]:
    verdicts = GaugeMetricFamily(
        "broadgauge_link_verdict",
        "1 for the verdict on a line against a target, 0 for the others.",
        labels=[*LINE, "conclusion"],
    )
    for found in links:
        for conclusion in CONCLUSIONS:
            is_it = float(found.verdict.conclusion == conclusion)
            verdicts.add_metric([*_line(found), conclusion], is_it)
    yield verdicts


def _rates(links: tuple[LinkVerdict, ...]) -> Iterator[Metric]:
    need = GaugeMetricFamily(
        "broadgauge_link_need_bytes_per_second",
        "What a line must carry for the people behind it.",
        labels=LINE,
    )
    capacity = GaugeMetricFamily(
        "broadgauge_link_capacity_bytes_per_second",
        "What a line carries: median of day medians in closed hours.",
        labels=LINE,
    )
    low = GaugeMetricFamily(
        "broadgauge_link_capacity_low_bytes_per_second",
        "Lower end of the interval of what a line carries.",
        labels=LINE,
    )
    bought = GaugeMetricFamily(
        "broadgauge_link_contracted_bytes_per_second",
        "What was bought for a line.",
        labels=LINE,
    )
    for found in links:
        verdict, estimate = found.verdict, found.verdict.capacity
        figures: tuple[tuple[GaugeMetricFamily, float | None], ...] = (
            (need, verdict.need.bits_per_second if verdict.need else None),
            (capacity, estimate.bits_per_second if estimate else None),
            (low, estimate.interval.low if estimate else None),
            (bought, found.link.contracted_bits_per_second),
        )
        for family, bits in figures:
            if bits is not None:
                family.add_metric(_line(found), bits / BITS_PER_BYTE)
    yield from (need, capacity, low, bought)


def _coverage(links: tuple[LinkVerdict, ...]) -> Iterator[Metric]:
    tests = GaugeMetricFamily(
        "broadgauge_link_counted_tests", "Tests that count for the verdict on a line.", labels=LINE
    )
    votes = GaugeMetricFamily(
        "broadgauge_link_votes",
        "Days that count for the verdict on a line, a vote each.",
        labels=LINE,
    )
    for found in links:
        verdict = found.verdict
        counted = verdict.reached_days + verdict.missed_days + verdict.cannot_say_days
        tests.add_metric(_line(found), verdict.counting_tests)
        votes.add_metric(_line(found), counted)
    yield from (tests, votes)
    for what, least in (("tests", METHOD.minimum_tests), ("votes", METHOD.minimum_days)):
        help_text = f"Least number of {what} for a verdict."
        yield GaugeMetricFamily(f"broadgauge_verdict_needed_{what}", help_text, value=least)


def _schools(overview: Overview) -> Metric:
    verdicts = GaugeMetricFamily(
        "broadgauge_school_verdict",
        "1 for the verdict on the worst of a school's lines, 0 for the others.",
        labels=["school", "target", "conclusion"],
    )
    for summary in overview.schools:
        if summary.deciding is None or summary.deciding.verdict.simulated:
            continue
        verdict = summary.deciding.verdict
        labels = [summary.school.name, overview.target.key]
        for conclusion in CONCLUSIONS:
            verdicts.add_metric([*labels, conclusion], float(verdict.conclusion == conclusion))
    return verdicts


def _line(found: LinkVerdict) -> list[str]:
    verdict = found.verdict
    return [found.link.name, found.link.segment, verdict.target, verdict.direction]
