"""What every question about results should be answered, reckoned by hand from the same results."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from broadgauge_collector.store.questions import (
    Charted,
    Grouping,
    Latest,
    Listed,
    MadeBy,
    Measured,
    Metric,
    NewestRate,
    ReadingKind,
    RoomRow,
    SchoolClock,
    Spread,
    Window,
)
from broadgauge_wire import (
    Direction,
    InventoryResult,
    LatencyResult,
    PathKind,
    Result,
    Segment,
    SkippedResult,
    ThroughputResult,
)

DAY = timedelta(days=1)


class Kept(NamedTuple):
    """A result, who made it, and when it was received."""

    result: Result
    agent_id: UUID
    school_id: UUID
    received_at: datetime

    @property
    def moment(self) -> datetime:
        offset = self.result.clock_offset_seconds or 0.0
        return self.result.started_at + timedelta(microseconds=round(offset * 1e6))


class Oracle:
    """Answers as a store does that kept these results."""

    def __init__(self, kept: Iterable[Kept]) -> None:
        self.kept = list(kept)

    def tests(
        self,
        window: Window,
        direction: Direction,
        school_ids: Sequence[UUID],
        reflector_ids: Sequence[UUID],
        *,
        with_location: bool = False,
    ) -> list[dict[str, Any]]:
        return [
            {
                "moment": one.moment.replace(tzinfo=None),
                "school": school_ids.index(one.school_id),
                "reflector": reflector_ids.index(test.reflector_id)
                if test.reflector_id in reflector_ids
                else None,
                "segment": test.segment,
                "line_bits_per_second": test.line_bits_per_second,
                "ceiling_bits_per_second": test.ceiling_bits_per_second,
                "bound": test.bound,
                "path_kind": test.path_kind,
                "trigger": test.trigger,
                "failed": test.error is not None,
                "simulated": test.simulated,
                "method": test.method,
                "client": test.client,
                "public_server": test.public_server,
                "is_part": _is_part(test),
            }
            | ({"location": test.location} if with_location else {})
            for one, test in self._tests(window)
            if test.direction == direction and one.school_id in school_ids
        ]

    @cache  # noqa: B019
    def newest_tests(self, window: Window, school_id: UUID, limit: int) -> tuple[list[Listed], int]:
        found = [pair for pair in self._tests(window) if pair[0].school_id == school_id]
        found.sort(key=_newest_first)
        reserved = [pair for pair in found if pair[1].client == "agent"][: limit // 2]
        others = [pair for pair in found if pair not in reserved]
        chosen = sorted([*reserved, *others[: limit - len(reserved)]], key=_newest_first)
        return [_listed(*pair) for pair in chosen], len(found)

    def readings(self, window: Window, school_id: UUID) -> dict[ReadingKind, int]:
        kinds = (
            _reading(test)
            for one, test in self._tests(window)
            if one.school_id == school_id and not _is_part(test)
        )
        return dict(Counter(kinds))

    def latest(self, window: Window, direction: Direction, school_id: UUID | None) -> list[Latest]:
        measured = self._measured(window, school_id)
        found = [pair for pair in measured if pair[1].direction == direction]
        return [
            Latest(
                one.school_id, one.moment, test.segment, test.path_kind, test.reflector_id,
                test.line_bits_per_second or 0, test.bound, test.simulated,
            )
            for one, test in sorted(found, key=_newest_first)
        ]  # fmt: skip

    def only_loopback(self, window: Window, school_id: UUID | None) -> set[UUID]:
        paths = defaultdict[UUID, set[str | None]](set)
        for one, test in self._measured(window, school_id):
            paths[one.school_id].add(test.path_kind)
        return {school_id for school_id, seen in paths.items() if seen == {"loopback"}}

    def heard(self, window: Window) -> set[UUID]:
        kinds = ThroughputResult, LatencyResult
        return {one.school_id for one in self._in(window) if isinstance(one.result, kinds)}

    def ways(self, window: Window, school_id: UUID) -> list[tuple[Segment, PathKind]]:
        pairs: list[tuple[Kept, Result]] = [*self._measured(window, school_id)]
        pairs += [(one, r) for one, r in self._latencies(window) if r.error is None]
        counts = Counter(
            (result.segment, result.path_kind)
            for one, result in pairs
            if one.school_id == school_id and result.segment and result.path_kind
        )
        return [way for way, _ in sorted(counts.items(), key=lambda item: (-item[1], *item[0]))]

    def skipped(self, window: Window, school_id: UUID) -> int:
        return sum(
            isinstance(one.result, SkippedResult) and one.school_id == school_id
            for one in self._in(window)
        )

    @cache  # noqa: B019 - a handful of oracles live as long as the tests
    def rates(self, charted: Charted, by: Grouping) -> list[Spread]:
        found = [(o, t) for o, t in self._tests(charted.window) if t.error is None and _ours(t)]
        return _spreads(
            charted, by, found, attrgetter("direction"), lambda t: t.line_bits_per_second
        )

    @cache  # noqa: B019
    def round_trips(self, charted: Charted, by: Grouping) -> list[Spread]:
        found = [(one, r) for one, r in self._latencies(charted.window) if r.error is None]
        return _spreads(charted, by, found, lambda _: "round trip", attrgetter("rtt_p50_seconds"))

    @cache  # noqa: B019
    def loss(self, charted: Charted, by: Grouping) -> list[Spread]:
        found = [(one, r) for one, r in self._latencies(charted.window) if r.error is None]
        return _spreads(charted, by, found, lambda _: "lost", _lost_share)

    @cache  # noqa: B019
    def percentiles(
        self, metric: Metric, window: Window, schools: tuple[SchoolClock, ...]
    ) -> list[dict[str, Any]]:
        places = {school.school_id: place for place, school in enumerate(schools)}
        groups = defaultdict[tuple[int, str, int], list[tuple[float, bool]]](list)
        for one in self._in(window):
            result, reading = one.result, _metric(one.result, metric)
            if reading is None or one.school_id not in places or result.segment is None:
                continue
            if result.path_kind == "network" and result.error is None:
                place = places[one.school_id]
                hour = one.moment.astimezone(ZoneInfo(schools[place].timezone)).hour
                groups[place, result.segment, hour].append((reading, result.simulated))
        return [
            {
                "school": place,
                "segment": segment,
                "hour": hour,
                "size": len(found),
                "simulated": any(simulated for _, simulated in found),
                **{
                    f"p{share}": quantile([reading for reading, _ in found], share / 100)
                    for share in (5, 25, 50, 75, 95, 99)
                },
            }
            for (place, segment, hour), found in sorted(groups.items())
        ]

    def seats(
        self, window: Window, direction: Direction, school_ids: Sequence[UUID]
    ) -> list[dict[str, Any]]:
        found = []
        for one in self._in(window):
            if one.school_id in school_ids and (got := _got(one.result, direction)) is not None:
                common = {
                    "moment": one.moment.replace(tzinfo=None),
                    "school": school_ids.index(one.school_id),
                    "segment": one.result.segment,
                    "path_kind": one.result.path_kind,
                    "location": one.result.location,
                    "simulated": one.result.simulated,
                }
                found.append(NOTHING_GOT | common | got)
        return found

    def newest_rates(self, since: datetime) -> list[NewestRate]:
        newest: dict[tuple[UUID, Segment | None, Direction], tuple[datetime, float]] = {}
        for one in self.kept:
            test = one.result
            if (
                isinstance(test, ThroughputResult) and one.received_at >= since and _rated(test)
                and _ours(test) and test.path_kind == "network" and not test.simulated
            ):  # fmt: skip
                key = one.school_id, test.segment, test.direction
                at = test.started_at, test.line_bits_per_second or 0
                newest[key] = max(newest.get(key, at), at)
        return [NewestRate(*key, line) for key, (_, line) in newest.items()]

    def last_results(self, latency_since: datetime) -> dict[UUID, datetime]:
        last: dict[UUID, datetime] = {}
        for one in self.kept:
            if not isinstance(one.result, LatencyResult) or one.received_at >= latency_since:
                last[one.agent_id] = max(last.get(one.agent_id, one.moment), one.moment)
        return last

    def inventories(self) -> dict[UUID, UUID]:
        """The id of each agent's latest inventory without an error."""
        found = [
            one
            for one in self.kept
            if isinstance(one.result, InventoryResult) and one.result.error is None
        ]
        ordered = sorted(found, key=lambda one: (one.moment, one.result.id))
        return {one.agent_id: one.result.id for one in ordered}

    def rooms(self, window: Window, school_id: UUID) -> list[RoomRow]:
        groups = defaultdict[tuple[str, MadeBy, Segment | None, bool], list[Any]](list)
        for one, test in self._tests(window):
            if one.school_id == school_id and test.location is not None and _by_own_network(test):
                loopback = test.path_kind == "loopback"
                groups[test.location, _made_by(test), test.segment, loopback].append((one, test))
        return [_room(*key, pairs) for key, pairs in groups.items()]

    def _in(self, window: Window) -> Iterator[Kept]:
        for one in self.kept:
            received = one.received_at >= window.since - DAY
            if window.since <= one.moment < window.until and received:
                yield one

    def _tests(self, window: Window) -> Iterator[tuple[Kept, ThroughputResult]]:
        for one in self._in(window):
            if isinstance(one.result, ThroughputResult):
                yield one, one.result

    def _latencies(self, window: Window) -> Iterator[tuple[Kept, LatencyResult]]:
        for one in self._in(window):
            if isinstance(one.result, LatencyResult):
                yield one, one.result

    def _measured(
        self, window: Window, school_id: UUID | None
    ) -> Iterator[tuple[Kept, ThroughputResult]]:
        for one, test in self._tests(window):
            if _rated(test) and _ours(test) and school_id in (None, one.school_id):
                yield one, test


def quantile(values: Collection[float], share: float) -> float:
    """Between the neighbours, in proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


NOTHING_GOT = {
    "line_bits_per_second": None,
    "loaded_rtt_seconds": None,
    "lost_ratio": None,
    "failed": False,
    "held_back": False,
}


def _got(result: Result, direction: Direction) -> dict[str, Any] | None:
    """What it says of a seat, if it does."""
    match result:
        case ThroughputResult() if (
            result.direction == direction and result.trigger == "planned" and _ours(result)
        ):
            held_back = result.bound == "at_least" and result.limited_by in ("pacer", "policy")
            return {
                "what": "test",
                "line_bits_per_second": result.line_bits_per_second,
                "loaded_rtt_seconds": result.loaded_rtt_seconds,
                "failed": result.error is not None,
                "held_back": held_back,
            }
        case SkippedResult() if result.probe == "throughput":
            return {"what": "skipped"}
        case LatencyResult() if result.error is None and result.sent:
            return {"what": "loss", "lost_ratio": _lost_share(result)}
    return None


def _metric(result: Result, metric: Metric) -> float | None:
    match result, metric:
        case LatencyResult(), "round_trip":
            return result.rtt_p50_seconds
        case LatencyResult(), "loss":
            return _lost_share(result)
        case ThroughputResult(), "download" | "upload" if result.direction == metric:
            return result.line_bits_per_second if _ours(result) else None
        case ThroughputResult(), "round_trip_downloading" | "round_trip_uploading" if (
            _ours(result) and result.direction == f"{metric.removeprefix('round_trip_')[:-3]}"
        ):
            return result.loaded_rtt_seconds
    return None


def _newest_first(pair: tuple[Kept, Any]) -> tuple[float, int]:
    return -pair[0].moment.timestamp(), -pair[1].id.int


def _is_part(test: ThroughputResult) -> bool:
    return test.trigger == "swarm" and test.swarm_id not in (None, test.id)


def _rated(test: ThroughputResult) -> bool:
    return test.error is None and test.line_bits_per_second is not None


def _ours(test: ThroughputResult) -> bool:
    by_ours = test.method == "ndt7" and not test.public_server and test.client == "agent"
    return by_ours and not _is_part(test)


def _by_own_network(test: ThroughputResult) -> bool:
    own = test.path_kind not in ("vpn", "failover")
    is_ours = test.method == "ndt7" and not test.public_server
    return is_ours and own and not _is_part(test)


def _reading(test: ThroughputResult) -> ReadingKind:
    if test.client != "agent":
        return "browser"
    return "failed" if test.error is not None else test.bound or "unclear"


def _made_by(test: ThroughputResult) -> MadeBy:
    if test.client == "browser":
        return "browser"
    return "survey" if test.trigger == "survey" else "agent"


def _lost_share(window: LatencyResult) -> float | None:
    return None if window.lost is None or not window.sent else window.lost / window.sent


def _listed(one: Kept, test: ThroughputResult) -> Listed:
    measured = Measured(
        one.moment, one.school_id, test.segment, test.reflector_id, test.path_kind, test.trigger,
        test.error is not None, test.line_bits_per_second, test.ceiling_bits_per_second,
        test.bound, test.simulated, test.method, test.client, test.public_server,
        _is_part(test),
    )  # fmt: skip
    return Listed(
        measured, test.id, one.agent_id, test.direction, test.location, test.limited_by,
        test.error, test.idle_rtt_seconds, test.bytes_transferred,
    )  # fmt: skip


def _room(
    location: str,
    made_by: MadeBy,
    segment: Segment | None,
    loopback: bool,
    pairs: list[tuple[Kept, ThroughputResult]],
) -> RoomRow:
    def newest(direction: str, rate: str) -> float | None:
        rated = [(o.moment, t) for o, t in pairs if t.direction == direction and _rated(t)]
        return getattr(max(rated, key=lambda pair: pair[0])[1], rate) if rated else None

    def count(wanted: Callable[[ThroughputResult], bool]) -> int:
        found = Counter(test.direction for _, test in pairs if wanted(test))
        return max(found.values(), default=0)

    line = {d: newest(d, "line_bits_per_second") for d in ("download", "upload")}
    payload = [newest(d, "throughput_bits_per_second") for d in ("download", "upload")]
    slower = None if None in line.values() else min(rate for rate in payload if rate is not None)
    return RoomRow(
        location, made_by, segment, loopback, line["download"], line["upload"], slower,
        count(_rated), count(lambda test: test.error is not None), max(o.moment for o, _ in pairs),
    )  # fmt: skip


def _spreads(
    charted: Charted,
    by: Grouping,
    pairs: Iterable[tuple[Kept, Any]],
    series: Callable[[Any], str],
    value: Callable[[Any], float | None],
) -> list[Spread]:
    groups = defaultdict[tuple[str, str], list[float]](list)
    for one, result in pairs:
        place, number = _place(one, by, charted.timezone), value(result)
        here = (one.school_id, result.segment, result.path_kind) == charted[:3]
        if here and place is not None and number is not None:
            groups[series(result), place].append(number)
    return [
        Spread(place, name, len(found), *(quantile(found, q) for q in (0.1, 0.5, 0.9)))
        for (name, place), found in sorted(groups.items())
    ]


def _place(one: Kept, by: Grouping, timezone: str) -> str | None:
    local = one.moment.astimezone(ZoneInfo(timezone))
    match by:
        case "day":
            return local.strftime("%Y-%m-%d")
        case "hour":
            return local.strftime("%H")
        case "location":
            return one.result.location
