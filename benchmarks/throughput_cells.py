"""The grid: lines of five rates and four round trips, clean; a few of them with loss; and on which
of them rivals run as well."""

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from broadgauge_agent.calibration import Calibrating
from broadgauge_agent.known_lines import KnownLines
from broadgauge_wire import Direction
from lab.path import State, path

from .throughput_agent import Agent, fields_of, reflector, request_for, spool
from .throughput_machine import others_cores, surroundings
from .throughput_rivals import rival_readings
from .throughput_run import Knows, Part, Run

RATES = (5, 25, 100, 500, 1000)
ROUND_TRIPS = (2, 20, 50, 100)
DIRECTIONS: tuple[Direction, ...] = ("download", "upload")
LOSS_RATIO = 0.001

WITH_RIVALS = frozenset(
    {(5, 20), (5, 100), (25, 2), (25, 50), (100, 2), (100, 20), (100, 100), (500, 20), (500, 50),
     (1000, 2), (1000, 20), (1000, 100)}
)  # fmt: skip
LOSSY = ((25, 20), (100, 20), (100, 100), (500, 50), (1000, 20))


@dataclass(frozen=True)
class Cell:
    """One line, and how often it is tested."""

    megabits: int
    rtt_milliseconds: int
    runs: int
    loss_ratio: float = 0.0

    @property
    def name(self) -> str:
        """Such as 100M-20ms."""
        return f"{self.megabits}M-{self.rtt_milliseconds}ms{'-loss' if self.loss_ratio else ''}"

    @property
    def part(self) -> Part:
        """Of the benchmark."""
        return "loss" if self.loss_ratio else "grid"

    @property
    def state(self) -> State:
        """The line."""
        return State(self.megabits * 1e6, self.rtt_milliseconds / 1e3, self.loss_ratio)

    @property
    def fastest_bits_per_second(self) -> float:
        """What the machine has to carry."""
        return self.state.rate_bits_per_second

    def measure(self, calibrating: Calibrating) -> Iterator[Run]:
        """Both ways, one test after the other with what it learns."""
        with path(self.state) as made, reflector(made.far) as server, spool() as kept:
            agent = Agent(KnownLines(kept, random.Random(self.name)), calibrating)
            for number, direction in product(range(self.runs), DIRECTIONS):
                taken = others_cores()
                tested = agent.test(made.near, request_for(server, direction))
                knows: Knows = "line" if number else "nothing"
                yield Run(**fields_of(tested), knows=knows, **self.truth(), **surroundings(taken))

    def truth(self) -> dict[str, Any]:
        truth = self.state.payload_bits_per_second
        return {
            "part": self.part,
            "unit": self.name,
            "truth_bits_per_second": truth,
            "path_bits_per_second": truth,
        }


@dataclass(frozen=True)
class Rivals:
    """One line, and how often each rival tests it. Kept apart from ours: a change of our probe
    is no reason to run them again."""

    line: Cell
    runs: int
    part: Part = "rivals"

    @property
    def name(self) -> str:
        """Such as 100M-20ms-rivals."""
        return f"{self.line.name}-rivals"

    @property
    def fastest_bits_per_second(self) -> float:
        """What the machine has to carry."""
        return self.line.fastest_bits_per_second

    def measure(self, _calibrating: Calibrating) -> Iterator[Run]:
        """All of them, both ways, again and again."""
        with path(self.line.state) as made, reflector(made.far):
            for _ in range(self.runs):
                for taken, reading in rival_readings(made):
                    yield Run(**asdict(reading), **self.line.truth(), **surroundings(taken))


def cells(runs: int, loss_runs: int) -> tuple[Cell, ...]:
    """All lines, with so many runs each."""
    clean = [Cell(*line, runs) for line in product(RATES, ROUND_TRIPS)]
    return (*clean, *(Cell(*line, loss_runs, loss_ratio=LOSS_RATIO) for line in LOSSY))


def rivals(runs: int) -> tuple[Rivals, ...]:
    """Those lines on which rivals run too."""
    return tuple(Rivals(Cell(*line, runs), runs) for line in sorted(WITH_RIVALS))
