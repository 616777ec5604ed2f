"""The points of the School page's charts."""

from collections.abc import Callable, Iterable
from datetime import datetime

from ..capacity.daypart import day_begins, window_of
from ..schools.model import School
from ..store.questions import Charted, Grouping, Questions, Spread, Window
from .model import Point, SchoolSummary

Ask = Callable[[Questions, Charted, Grouping], list[Spread]]


def _rates(questions: Questions, charted: Charted, by: Grouping) -> list[Spread]:
    return questions.rates(charted, by)


def _round_trips(questions: Questions, charted: Charted, by: Grouping) -> list[Spread]:
    return questions.round_trips(charted, by)


def _loss(questions: Questions, charted: Charted, by: Grouping) -> list[Spread]:
    return questions.loss(charted, by)


CHARTS: dict[str, tuple[Ask, Grouping]] = {
    "throughput_by_day": (_rates, "day"),
    "throughput_by_hour": (_rates, "hour"),
    "throughput_by_location": (_rates, "location"),
    "latency_by_day": (_round_trips, "day"),
    "latency_by_hour": (_round_trips, "hour"),
    "latency_by_location": (_round_trips, "location"),
    "loss_by_day": (_loss, "day"),
}


def local_window(school: School, days: int, now: datetime) -> Window:
    """The school's last days, today included, from midnight to now."""
    first, _ = window_of(now, days, school.timezone)
    return Window(day_begins(first, school.timezone), now)


def choose(questions: Questions, summary: SchoolSummary, window: Window) -> Charted | None:
    """What to draw: over the network before inside one machine, and on the segment of the link
    that decides before another. None where nothing was measured."""
    segment = summary.deciding.link.segment if summary.deciding else None
    ways = questions.ways(window, summary.school.id)
    measured = [way for way in ways if way[1] in ("network", "loopback")]
    best = min(measured, key=lambda way: (way[1] != "network", way[0] != segment), default=None)
    if best is None:
        return None
    return Charted(summary.school.id, best[0], best[1], summary.school.timezone, window)


def draw(questions: Questions, wanted: Charted | None) -> dict[str, tuple[Point, ...]]:
    """Every chart's points, by the report's field."""
    if wanted is None:
        return dict.fromkeys(CHARTS, ())
    return {name: _points(ask(questions, wanted, by)) for name, (ask, by) in CHARTS.items()}


def _points(spreads: Iterable[Spread]) -> tuple[Point, ...]:
    return tuple(
        Point(group=s.group, series=s.series, count=s.size, median=s.median, p10=s.p10, p90=s.p90)
        for s in spreads
    )
