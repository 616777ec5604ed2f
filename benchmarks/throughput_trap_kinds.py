"""What can lead a test astray: the line before, what happens to it, and what then is true."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Literal

from broadgauge_wire import Direction
from lab.hosts import Port
from lab.limits import card_payload, card_speed, processor_share, receive_window
from lab.load import load
from lab.path import Path, State

Kind = Literal[
    "rate step", "token bucket", "long fat line", "receive window", "processor quota",
    "network card", "own traffic", "sibling's traffic",
]  # fmt: skip

MACHINE_LIMITED: frozenset[Kind] = frozenset(
    {"receive window", "processor quota", "network card", "own traffic"}
)
"""Something else than the path is the bound, wherever the reading falls short of the path."""

STEP_FROM_SECONDS = 0.6
COLD_STEP_SECONDS, KNOWN_STEP_SECONDS = 6.5, 2.5
"""A step comes at random within what a test takes, with its process's start."""

Plan = Callable[[random.Random, bool], tuple[State, ...]]
"""The line in a test, and whether that test's agent knew the line before."""

Limit = Callable[[ExitStack, Path, Direction], Port]
"""Sets a limit; gives near's port as a program under the limit finds it."""


def _as_before(_undo: ExitStack, made: Path, _direction: Direction) -> Port:
    return made.near


@dataclass(frozen=True)
class Trap:
    """One of them. `before` is the line as an agent learned it that knows it."""

    name: str
    kind: Kind
    before: State
    plan: Plan
    limit: Limit = _as_before
    most_bits_per_second: float = field(default=float("inf"))
    """What the machine's limit lets through, where it is known."""

    load_bits_per_second: float = 0.0

    @property
    def fastest_bits_per_second(self) -> float:
        """What the machine that runs the lab has to carry."""
        once = self.plan(random.Random(0), False)
        return max(
            max(state.rate_bits_per_second, state.peak_bits_per_second)
            for state in (self.before, *once)
        )


def steady(state: State) -> Plan:
    """No change in a test."""
    return lambda _chance, _knows: (state,)


def step(before: State, rate_bits_per_second: float) -> Plan:
    """A new rate at a random moment."""

    def plan(chance: random.Random, knows: bool) -> tuple[State, ...]:
        latest = KNOWN_STEP_SECONDS if knows else COLD_STEP_SECONDS
        at = round(chance.uniform(STEP_FROM_SECONDS, latest), 2)
        after = replace(before, rate_bits_per_second=rate_bits_per_second, since_seconds=at)
        return (before, after)

    return plan


def _steps() -> list[Trap]:
    lines = ((100, 20, 20), (20, 100, 20), (100, 60, 20), (25, 10, 50), (200, 400, 10))
    traps = []
    for rate, after, rtt in lines:
        before = State(rate * 1e6, rtt / 1e3)
        name = f"step-{rate}M-to-{after}M-{rtt}ms"
        traps.append(Trap(name, "rate step", before, step(before, after * 1e6)))
    return traps


def _buckets() -> list[Trap]:
    """The bucket is full when a test begins. Known: before there was a bucket, and with it."""
    lines = ((50, 200, 20, 0.5), (20, 100, 20, 1.5), (50, 100, 20, 3.0), (10, 50, 50, 3.0))
    traps = []
    for rate, peak, rtt, seconds in lines:
        plain = State(peak * 1e6, rtt / 1e3)
        depth = (peak - rate) * 1e6 / 8 * seconds
        with_it = replace(
            plain,
            rate_bits_per_second=rate * 1e6,
            burst_bytes=depth,
            peak_bits_per_second=peak * 1e6,
        )
        name = f"bucket-{rate}M-{peak}M-{rtt}ms-{seconds:g}s"
        traps.append(Trap(name, "token bucket", with_it, steady(with_it)))
        traps.append(Trap(f"{name}-new", "token bucket", plain, steady(with_it)))
    return traps


def _long_fat() -> list[Trap]:
    short, long = State(1e9, 0.02), State(1e9, 0.1)
    return [Trap("longer-1000M-100ms", "long fat line", short, steady(long))]


def _windows() -> list[Trap]:
    traps = []
    for rate, rtt, kilobytes in ((100, 50, 32), (500, 100, 64), (100, 100, 256)):
        line = State(rate * 1e6, rtt / 1e3)
        traps.append(
            Trap(
                f"window-{kilobytes}kB-{rate}M-{rtt}ms", "receive window", line, steady(line),
                limit=_window(kilobytes * 1e3),
            )
        )  # fmt: skip
    return traps


def _window(size_bytes: float) -> Limit:
    """Of whoever receives."""

    def limit(undo: ExitStack, made: Path, direction: Direction) -> Port:
        receiver = made.near if direction == "download" else made.far
        undo.enter_context(receive_window(receiver.host, size_bytes))
        return made.near

    return limit


def _quotas() -> list[Trap]:
    traps = []
    for rate, percent in ((1000, 10), (1000, 5), (500, 5)):
        line = State(rate * 1e6, 0.02)
        name = f"quota-{percent}%-{rate}M-20ms"
        traps.append(Trap(name, "processor quota", line, steady(line), limit=_quota(percent / 100)))
    return traps


def _quota(share: float) -> Limit:
    def limit(undo: ExitStack, made: Path, _direction: Direction) -> Port:
        host = undo.enter_context(processor_share(made.near.host, share))
        return replace(made.near, host=host)

    return limit


def _cards() -> list[Trap]:
    traps = []
    for card, rate, rtt in ((100, 500, 20), (10, 100, 20)):
        line = State(rate * 1e6, rtt / 1e3)
        traps.append(
            Trap(
                f"card-{card}M-{rate}M-{rtt}ms", "network card", line, steady(line),
                limit=_card(card * 1e6), most_bits_per_second=card_payload(card * 1e6),
            )
        )  # fmt: skip
    return traps


def _card(speed_bits_per_second: float) -> Limit:
    def limit(undo: ExitStack, made: Path, _direction: Direction) -> Port:
        return undo.enter_context(card_speed(made.near, made.gateway, speed_bits_per_second))

    return limit


def _traffic() -> list[Trap]:
    traps = []
    line = State(100e6, 0.02)
    kinds: tuple[Kind, Kind] = ("own traffic", "sibling's traffic")
    for kind, percent in product(kinds, (10, 30, 50, 70)):
        rate = line.rate_bits_per_second * percent / 100
        traps.append(
            Trap(
                f"{kind.split()[0].removesuffix(chr(39) + 's')}-{percent}%-100M-20ms", kind, line,
                steady(line), limit=_loaded(kind, rate), load_bits_per_second=rate,
            )
        )  # fmt: skip
    return traps


def _loaded(kind: Kind, rate_bits_per_second: float) -> Limit:
    """In the test's own direction."""

    def limit(undo: ExitStack, made: Path, direction: Direction) -> Port:
        near = made.near if kind == "own traffic" else made.siblings[0]
        is_down = direction == "download"
        undo.enter_context(load(near, made.far, rate_bits_per_second, reverse=is_down))
        return made.near

    return limit


def all_traps() -> tuple[Trap, ...]:
    """Every trap."""
    return (
        *_steps(), *_buckets(), *_long_fat(), *_windows(), *_quotas(), *_cards(), *_traffic(),
    )  # fmt: skip
