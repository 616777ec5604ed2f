"""What a simulation has to remember to go on after an end: its world, its agents' keys, and how far
it got. In one file, for its owner alone."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct

from broadgauge_wire import Lane, Segment

from ..data_directory import write_private
from ..errors import CannotStart
from .agents import SimulatedAgent
from .measurements import SEGMENTS, FarEnd
from .world import World


class Joined(Struct, kw_only=True):
    """An agent as the collector knows it. `sequences`: the last batch of each lane that was sent
    before the span that is being sent."""

    agent_id: UUID
    key: str
    reflectors: dict[Segment, UUID] = {}
    sequences: dict[Lane, int] = {}

    def far_ends(self, agent: SimulatedAgent) -> dict[Segment, FarEnd]:
        """The test servers it measures to."""
        return {
            segment: FarEnd(self.reflectors.get(segment), host_of(agent.school.key, segment))
            for segment in SEGMENTS
        }


class Span(Struct, frozen=True, kw_only=True):
    """Results that were made from an instant on and before another, and the lane they go in."""

    since: datetime
    until: datetime
    lane: Lane


class Saved(Struct, kw_only=True):
    """`sent_until`: all that was made before it is at the collector. `sending`: what was on its way
    when this was saved, which goes again, byte for byte, if it was cut off. `has_inventory`: the
    lists of devices and tickets are at the collector."""

    world: World
    sent_until: datetime
    sending: Span | None = None
    joined: dict[int, Joined] = {}
    has_inventory: bool = False


def host_of(school: int, segment: Segment) -> str:
    """Where a simulated test server is: RFC 2606 keeps this name from being anybody's."""
    return f"{segment}.school-{school + 1}.example"


def load(file: Path) -> Saved | None:
    """What was saved; None if there is nothing. CannotStart if it can't be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Saved)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise CannotStart(
            f"{file} can't be read as a simulation ({error}). Name another file with --state, and "
            "an empty collector."
        ) from error


def save(file: Path, saved: Saved) -> None:
    """Keep it. CannotStart if the file can't be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, msgspec.json.encode(saved).decode())
    except OSError as error:
        raise CannotStart(
            f"{file} can't be written ({error.strerror}). Name another with --state."
        ) from error
