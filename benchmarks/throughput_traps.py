"""Tests that walk into traps, by an agent that knows nothing and by one that knew the line before.

What is known of a line before the trap is the greatest danger: it makes tests short.
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import msgspec

from broadgauge_agent.calibration import Calibrating
from broadgauge_agent.known_lines import KnownLines
from broadgauge_wire import Direction, Reflector, ThroughputResult
from lab.errors import LabError
from lab.hosts import Port
from lab.path import Path, State, path

from .throughput_agent import (
    NUMBER,
    Agent,
    NeverLong,
    Tested,
    fields_of,
    reflector,
    request_for,
    spool,
)
from .throughput_cells import DIRECTIONS
from .throughput_machine import others_cores, surroundings
from .throughput_rivals import iperf3
from .throughput_run import Knows, Part, Run
from .throughput_trap_kinds import MACHINE_LIMITED, Trap, all_traps

LEARNING_TRIES = 3
HANDSHAKE_ROUND_TRIPS = 2
"""TCP's and the protocol's own: a test's load begins after them."""

NEAR_A_STEP_SECONDS = 0.2
"""When a load began is known this well. So near to a step, either rate is right."""

LEFT_STREAMS = 4
LOAD_LOSES = 1.03
"""By so much at most, iperf3 beside a load may say that more is left than the load leaves."""


@dataclass(frozen=True)
class Scene:
    """A trap that is set, in one direction."""

    made: Path
    near: Port
    server: Reflector
    learned: ThroughputResult
    left_bits_per_second: float
    """What iperf3 gets beside a load. A load loses packets in the queue that a test fills, so it
    leaves some more than the line's rate without its own."""


@dataclass(frozen=True)
class Walk:
    """So many tests in one trap, each way and with each knowledge."""

    trap: Trap
    runs: int
    part: Part = "traps"

    @property
    def name(self) -> str:
        """The trap's."""
        return self.trap.name

    @property
    def fastest_bits_per_second(self) -> float:
        """What the machine that runs the lab has to carry."""
        return self.trap.fastest_bits_per_second

    def measure(self, calibrating: Calibrating) -> Iterator[Run]:
        """One direction after the other, each on a line made anew."""
        for direction in DIRECTIONS:
            with path(self.trap.before, siblings=1) as made, ExitStack() as undo:
                taken = others_cores(1.0)
                scene = self._set(undo, made, direction, calibrating)
                for kept in self._tests(scene, calibrating):
                    yield Run(**kept, **surroundings(taken))

    def _set(
        self, undo: ExitStack, made: Path, direction: Direction, calibrating: Calibrating
    ) -> Scene:
        """Learn the line as it is before, and set the trap. Its test server begins within it."""
        with reflector(made.far) as server:
            learned = _learned(made.near, server, direction, calibrating)
        near = self.trap.limit(undo, made, direction)
        left = 0.0
        if self.trap.load_bits_per_second:
            left = iperf3(made, direction, LEFT_STREAMS).bits_per_second or 0.0
        again = undo.enter_context(reflector(made.far, NUMBER + 1))
        same = msgspec.structs.replace(again, id=server.id)
        return Scene(made, near, same, learned, left)

    def _tests(self, scene: Scene, calibrating: Calibrating) -> Iterator[dict[str, Any]]:
        direction = scene.learned.direction
        chance = random.Random(f"{self.name} {direction}")
        request = request_for(scene.server, direction)
        ways: tuple[Knows, Knows] = ("nothing", "line")
        for _, knows in product(range(self.runs), ways):
            plan = self.trap.plan(chance, knows == "line")
            with spool() as kept:
                agent = Agent(KnownLines(kept, NeverLong()), calibrating)
                if knows == "line":
                    agent.learn(request, [scene.learned])
                replace(scene.made.hops[0], plan=plan).begin()
                began_at = time.time()
                tested = agent.test(scene.near, request)
            at = _measured_to(tested, plan[0].rtt_seconds) - began_at
            words = {"knows": knows, "note": _step_words(plan, at)}
            yield fields_of(tested) | self._truth(scene, tested, plan, at) | words

    def _truth(
        self, scene: Scene, tested: Tested, plan: tuple[State, ...], at: float
    ) -> dict[str, Any]:
        trap, reading = self.trap, tested.result.throughput_bits_per_second or 0.0
        state = in_force(plan, at, reading)
        alone = state.payload_bits_per_second
        computed = state.payload_beside(trap.load_bits_per_second)
        left = min(max(computed, scene.left_bits_per_second), LOAD_LOSES * computed)
        is_own = trap.kind in MACHINE_LIMITED
        moved = None if is_own and trap.load_bits_per_second else tested.interface_bytes
        return {
            "part": self.part,
            "unit": self.name,
            "kind": trap.kind,
            "truth_bits_per_second": min(left, trap.most_bits_per_second),
            "path_bits_per_second": alone if is_own else left,
            "interface_bytes": moved,
        }


def _learned(
    near: Port, server: Reflector, direction: Direction, calibrating: Calibrating
) -> ThroughputResult:
    """What a long test of the line finds before the trap. LabError if none says anything of it."""
    request = request_for(server, direction)
    for _ in range(LEARNING_TRIES):
        with spool() as kept:
            found = Agent(KnownLines(kept, NeverLong()), calibrating).test(near, request).result
        if found.bound and found.burst_test_id == found.id:
            return found
    raise LabError(f"no test of the line before the trap said anything of it: {found}")


def _measured_to(tested: Tested, rtt_seconds: float) -> float:
    """When the part that the estimate rests on ended, in Unix seconds."""
    began_at = tested.result.started_at.timestamp() + HANDSHAKE_ROUND_TRIPS * rtt_seconds
    return began_at + (tested.result.measured_to_seconds or 0.0)


def in_force(plan: tuple[State, ...], at: float, reading: float) -> State:
    """The state at a moment; next to a step, the one that the reading is nearer to."""
    seen = [_state_at(plan, at + shift) for shift in (-NEAR_A_STEP_SECONDS, NEAR_A_STEP_SECONDS)]
    return min(seen, key=lambda state: abs(state.payload_bits_per_second - reading))


def _state_at(plan: tuple[State, ...], at: float) -> State:
    """What came of it at the hosts: what changes on the line is seen half a round trip later."""
    seen = [s for s in plan if s.since_seconds and s.since_seconds + s.rtt_seconds / 2 <= at]
    return seen[-1] if seen else plan[0]


def _step_words(plan: tuple[State, ...], at: float) -> str:
    return "; ".join(
        f"step {at - state.since_seconds:+.2f} s before the measured part's end"
        for state in plan
        if state.since_seconds
    )


def walks(runs: int) -> tuple[Walk, ...]:
    """Every trap, with so many runs each way and with each knowledge."""
    return tuple(Walk(trap, runs) for trap in all_traps())
