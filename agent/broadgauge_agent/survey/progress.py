"""How far a survey has come, kept after every room: it goes on where it ended, however it did."""

from pathlib import Path
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_agent.errors import StateError
from broadgauge_agent.state import write_private
from broadgauge_wire import WireError, decode, encode
from broadgauge_wire.fields import InterfaceKind, Segment

FILE = "survey.json"


class Reading(Struct, frozen=True, kw_only=True):
    """What the tests to one server read in one room. None was not measured; `trouble` says why."""

    test_server: str
    segment: Segment
    interface: InterfaceKind | None = None
    download_bits_per_second: float | None = None
    upload_bits_per_second: float | None = None
    rtt_seconds: float | None = None
    lost_ratio: float | None = None
    trouble: str | None = None


class SurveyedRoom(Struct, frozen=True, kw_only=True):
    """A room that the survey is through with. `at` is in Unix seconds."""

    name: str
    state: Literal["done", "skipped"]
    at: float
    readings: tuple[Reading, ...] = ()


class Progress(Struct, frozen=True, kw_only=True):
    """One survey by one agent. `started_at` is in Unix seconds."""

    agent_id: UUID
    started_at: float
    rooms: tuple[SurveyedRoom, ...] = ()

    def room(self, name: str) -> SurveyedRoom | None:
        """What is known of a room."""
        return next((room for room in self.rooms if room.name == name), None)

    def with_room(self, surveyed: SurveyedRoom) -> "Progress":
        """The survey after one more room, or after that room again."""
        others = tuple(room for room in self.rooms if room.name != surveyed.name)
        return replace(self, rooms=(*others, surveyed))


def load_progress(state: Path, agent_id: UUID) -> Progress | None:
    """The survey that was begun here; None if there is none, it is another agent's or damaged.

    What it measured was kept elsewhere: no result is lost with it. StateError if it can't be read.
    """
    try:
        found = decode((state / FILE).read_bytes(), Progress)
    except (FileNotFoundError, WireError):
        return None
    except OSError as error:
        raise StateError(f"{state / FILE} cannot be read: {error.strerror}.") from error
    return found if found.agent_id == agent_id else None


def save_progress(state: Path, progress: Progress) -> None:
    """Keep it. StateError if it can't be."""
    write_private(state / FILE, encode(progress))
