"""A day of an agent: the results it makes, the same every time they are asked for."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from msgspec import Struct

from broadgauge_wire import (
    Direction,
    HoursOn,
    InventoryResult,
    LatencyResult,
    Result,
    Segment,
    SkippedResult,
)

from ..version import VERSION
from . import machines
from .agents import SimulatedAgent
from .chance import Random, What, chance, ids
from .lines import LineDay, begins, left, line_day, used
from .school_year import EMPTY, crowd, is_school_day
from .throughput import Seen, throughput
from .world import World

ECHOES = 100
WINDOW_SECONDS = 10.0
WAN_EVERY_HOURS = 4
INVENTORY_EVERY_DAYS = 7
DAYS_REMEMBERED = 7
SEGMENTS: tuple[Segment, ...] = ("lan", "wan", "internet")
RUNS_A_DAY = {"wired": 6, "wifi": 3}
BEHIND_A_WAN = {"wired": (0.3, 0.7, 0.0), "wifi": (0.75, 0.25, 0.0)}
"""How often throughput tests go over which segment. What a school's WAN lets through says nothing
of the district's Internet line, so that is tested where it comes in."""

ON_ITS_OWN = {"wired": (0.35, 0.0, 0.65), "wifi": (0.6, 0.0, 0.4)}
AT_THE_CORE = (0.0, 0.0, 1.0)

IN_USE = "this machine is in use: 38% of its processor is taken by others"
ASLEEP_SHARE = 0.04
"""Of days on which a machine that is always on was switched off."""

Reflectors = Mapping[Segment, "FarEnd"]


class FarEnd(Struct, frozen=True):
    """A test server as the collector knows it."""

    reflector_id: UUID | None
    host: str


class Day(NamedTuple):
    """What every result of an agent's day is made from."""

    world: World
    agent: SimulatedAgent
    day: date
    begins: datetime
    reflectors: Reflectors
    random: Random

    def common(self, seconds: float, duration: float) -> dict[str, Any]:
        """Fields that all kinds have, but for the id."""
        return {
            "started_at": self.begins + timedelta(seconds=seconds),
            "duration_seconds": duration,
            "clock_offset_seconds": 0.0,
            "location": self.agent.location,
            "agent_version": VERSION,
            "simulated": True,
        }


class Way(NamedTuple):
    """The lines that a test of one segment goes over, from the inside out."""

    segment: Segment
    lines: tuple[LineDay, ...]
    used: tuple[Any, ...]

    @property
    def idle_rtt(self) -> float:
        return sum(line.idle_rtt for line in self.lines)

    def is_down(self, seconds: Any) -> Any:
        """Whether any of its lines is out, at each moment."""
        return np.logical_or.reduce([line.is_down(seconds) for line in self.lines])


def results_of(
    world: World, agent: SimulatedAgent, day: date, reflectors: Reflectors
) -> list[Result]:
    """Everything an agent makes on a local day of its school, in the order it was made."""
    if day < agent.school.starts:
        return []
    random = chance(world.seed, What.DAY, agent.key, day.toordinal())
    if not _is_awake(agent, day, random):
        return []
    on_all_day = _on_all_day(agent)
    at = begins(day, agent.school.timezone)
    today = Day(world, agent, day, at, reflectors, random)
    made = [*_tests(today, on_all_day), *_inventory(today)]
    if not agent.core:
        made += _latencies(today, on_all_day)
    return sorted(made, key=ended_at)


def ended_at(result: Result) -> datetime:
    """When a result was there."""
    return result.started_at + timedelta(seconds=result.duration_seconds)


def _tests(today: Day, on_all_day: bool) -> Iterator[Result]:
    agent, random = today.agent, today.random
    runs = RUNS_A_DAY["wifi" if agent.machine.is_laptop else "wired"]
    seconds = _moments(today, runs, on_all_day)
    segments = random.choice(3, size=runs, p=shares_of(agent))
    busy = random.random(runs) < 0.3 * crowd(agent.school.hours, today.day, seconds)
    for place, segment in enumerate(SEGMENTS):
        chosen = segments == place
        way = way_of(today, segment, seconds[chosen])
        if way is None or not chosen.any():
            continue
        skipping = busy[chosen] & (not agent.core)
        yield from _skipped(today, segment, seconds[chosen][skipping])
        going = np.flatnonzero(~skipping)
        yield from _throughput(today, way, seconds[chosen], going)


def shares_of(agent: SimulatedAgent) -> tuple[float, float, float]:
    """How often an agent tests each segment."""
    if agent.core:
        return AT_THE_CORE
    has_wan = any(line.segment == "wan" for line in agent.school.lines)
    return (BEHIND_A_WAN if has_wan else ON_ITS_OWN)["wifi" if agent.machine.is_laptop else "wired"]


def way_of(today: Day, segment: Segment, seconds: Any) -> Way | None:
    """The way to a segment's test server; None where the school has no such line."""
    school, agent = today.agent.school, today.agent
    if not any(line.segment == segment for line in school.lines):
        return None
    depth = SEGMENTS.index(segment)
    lines = [line for line in school.lines if SEGMENTS.index(line.segment) <= depth]
    lines = lines[-1:] if agent.core else lines
    days = tuple(line_day(today.world.seed, line, today.day) for line in lines)
    shares = tuple(
        used(line, here, school.hours, today.day, seconds)
        for line, here in zip(lines, days, strict=True)
    )
    return Way(segment, days, shares)


def _throughput(today: Day, way: Way, seconds: Any, going: Any) -> Iterator[Result]:
    """Both directions of each run, one after the other."""
    down = [left(line.down, share) for line, share in zip(way.lines, way.used, strict=True)]
    up = [left(line.up, share * 0.3) for line, share in zip(way.lines, way.used, strict=True)]
    fullest = np.maximum.reduce(way.used)
    out = way.is_down(seconds)
    end = today.reflectors[way.segment]
    both: tuple[tuple[Direction, Any], ...] = (("download", down), ("upload", up))
    for n in going.tolist():
        at = float(seconds[n])
        for direction, rates in both:
            seen = Seen(
                direction=direction,
                segment=way.segment,
                path_bits_per_second=float(min(rate[n] for rate in rates)),
                idle_rtt=way.idle_rtt,
                queue_seconds=max(line.queue_seconds for line in way.lines),
                used=float(fullest[n]),
                loss=max(line.loss for line in way.lines),
                out=bool(out[n]),
            )
            made = throughput(today, seen, end.host, end.reflector_id, at)
            yield made
            at += made.duration_seconds + 0.4


def _skipped(today: Day, segment: Segment, seconds: Any) -> Iterator[Result]:
    named = ids([today.begins.timestamp() + at for at in seconds.tolist()], today.random)
    for at, result_id in zip(seconds.tolist(), named, strict=True):
        yield SkippedResult(
            id=result_id, probe="throughput", reason=IN_USE, segment=segment, **today.common(at, 0)
        )


def _latencies(today: Day, on_all_day: bool) -> Iterator[Result]:
    hours = np.arange(24.0) + today.random.random(24)
    seconds = hours * 3600
    if today.agent.machine.is_laptop:
        seconds = seconds[2::3]
    if not on_all_day:
        seconds = seconds[crowd(today.agent.school.hours, today.day, seconds) > 3 * EMPTY]
    yield from _windows(today, "internet", seconds)
    if not today.agent.machine.is_laptop:
        yield from _windows(today, "wan", seconds[::WAN_EVERY_HOURS] + 30)


def _windows(today: Day, segment: Segment, seconds: Any) -> Iterator[Result]:
    """Windows of echoes: slower, and with more of them lost, where a line on the way is full."""
    way = way_of(today, segment, seconds)
    if way is None or not len(seconds):
        return
    random, count = today.random, len(seconds)
    wait = np.zeros(count)
    lost = np.full(count, 0.0001)
    for line, share in zip(way.lines, way.used, strict=True):
        wait += line.queue_seconds * np.clip((share - 0.6) / 0.4, 0, 1) ** 3
        lost += line.loss + 0.02 * np.clip((share - 0.9) / 0.1, 0, 1)
    air = random.exponential(0.003, count) if today.agent.machine.is_laptop else np.zeros(count)
    low = way.idle_rtt * (1 + 0.05 * random.random(count)) + 0.2 * air
    middle = low + 0.0002 + 0.3 * wait + air
    high = middle + 0.0004 + wait * (0.7 + 0.6 * random.random(count)) + 2 * air
    top = high + 0.001 + wait * random.random(count) + random.exponential(0.004, count)
    most = top * (1.02 + 0.5 * random.random(count))
    gone = random.binomial(ECHOES, np.minimum(lost, 0.9))
    gone[way.is_down(seconds)] = ECHOES
    columns = np.column_stack((seconds, low, middle, high, top, most, 0.4 * (high - low)))
    made_at = (today.begins.timestamp() + seconds + WINDOW_SECONDS).tolist()
    rows = zip(columns.round(6).tolist(), gone.tolist(), ids(made_at, random), strict=True)
    for row, number, result_id in rows:
        yield _window(today, segment, row, number, result_id)


def _window(
    today: Day, segment: Segment, row: list[float], lost: int, result_id: UUID
) -> LatencyResult:
    at, low, middle, high, top, most, jitter = row
    end, came_back = today.reflectors[segment], lost < ECHOES
    return LatencyResult(
        id=result_id,
        method="udp_echo",
        server=end.host,
        reflector_id=end.reflector_id,
        segment=segment,
        path_kind="network",
        sent=ECHOES,
        lost=lost,
        rtt_min_seconds=low if came_back else None,
        rtt_p50_seconds=middle if came_back else None,
        rtt_p90_seconds=high if came_back else None,
        rtt_p99_seconds=top if came_back else None,
        rtt_max_seconds=most if came_back else None,
        jitter_seconds=jitter if came_back else None,
        network_link=today.agent.machine.link,
        **today.common(at, WINDOW_SECONDS),
    )


def _inventory(today: Day) -> Iterator[Result]:
    if (today.day.toordinal() + today.agent.key) % INVENTORY_EVERY_DAYS:
        return
    machine = today.agent.machine
    make = machine.make
    at = 9.5 * 3600
    system, version = make.system
    yield InventoryResult(
        id=ids([today.begins.timestamp() + at], today.random)[0],
        make=make.make,
        model=make.model,
        serial=machine.serial,
        cpu_model=make.cpu,
        cpu_cores=make.cores,
        cpu_threads=make.cores,
        memory_bytes=make.memory_gib * machines.GIB,
        disks=machines.disks(machine, today.day),
        batteries=machines.batteries(machine, today.day),
        os_name=system,
        os_version=version,
        architecture="arm64" if make.make == "Apple Inc." else "x86_64",
        interfaces=(machine.link,),
        screen_inches=make.screen_inches,
        has_keyboard=True,
        wifi_standard=machines.wifi_standard(machine),
        hours_on_a_day=_hours_on(today),
        **today.common(at, 0.3),
    )


def _hours_on(today: Day) -> tuple[HoursOn, ...]:
    """Of the days of the last week on which it ran."""
    agent, seed = today.agent, today.world.seed
    week = [today.day - timedelta(days=n) for n in range(DAYS_REMEMBERED, 0, -1)]
    ran = [day for day in week if _ran(today.world, agent, day)]
    random = chance(seed, What.HOURS, agent.key, today.day.toordinal())
    return machines.hours_on(ran, random, all_day=_on_all_day(agent))


def _ran(world: World, agent: SimulatedAgent, day: date) -> bool:
    if day < agent.school.starts:
        return False
    random = chance(world.seed, What.DAY, agent.key, day.toordinal())
    return _is_awake(agent, day, random)


def _is_awake(agent: SimulatedAgent, day: date, random: Random) -> bool:
    return random.random() >= ASLEEP_SHARE and (_on_all_day(agent) or is_school_day(day))


def _on_all_day(agent: SimulatedAgent) -> bool:
    return not agent.machine.is_laptop or agent.school.story == "only_wifi"


def _moments(today: Day, count: int, on_all_day: bool) -> Any:
    """Seconds of the day, at random: within school hours for machines that are on only then."""
    if on_all_day:
        return np.sort(today.random.uniform(0, 86_000, count))
    hours = today.agent.school.hours
    opens = hours.opens.hour * 3600 + hours.opens.minute * 60
    closes = hours.closes.hour * 3600 + hours.closes.minute * 60
    return np.sort(today.random.uniform(opens - 1800, closes + 3600, count))
