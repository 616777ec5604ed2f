"""What a survey says on a terminal."""

import time
from collections.abc import Iterator, Sequence

from broadgauge_wire.fields import InterfaceKind

from .progress import Progress, Reading, SurveyedRoom
from .rooms import numbered

HELP = """\
Type a room's number on the list, or its name, and press Enter: the room you stand in is tested.
Enter alone tests the room that the question names.
  s        skip that room; s ROOM skips another one
  l        the list of rooms
  q        end; the survey goes on where it was when you start it again
A room that isn't on the list is added by its name. A room that was done can be tested again."""

OVER: dict[InterfaceKind, str] = {"wifi": "over Wi-Fi", "wired": "over a cable"}
MARKS = {"done": "✓", "skipped": "-", None: " "}
PLAIN_MARKS = {"done": "x", "skipped": "-", None: " "}


def room_line(name: str, readings: Sequence[Reading]) -> str:
    """What a room's tests read, in one line."""
    return f"{name}: " + "; ".join(map(reading_words, readings))


def reading_words(reading: Reading) -> str:
    """What the tests to one server read."""
    over = OVER.get(reading.interface) if reading.interface else None
    where = f"to {reading.test_server}" + (f", {over}" if over else "")
    return ", ".join((*_values(reading), where)) + (
        f" (trouble: {reading.trouble})" if reading.trouble else ""
    )


def list_lines(rooms: Sequence[str], progress: Progress, *, encoding: str) -> Iterator[str]:
    """Every room with its number and whether it is done."""
    marks = MARKS if _can_show("✓", encoding) else PLAIN_MARKS
    width = len(str(len(rooms)))
    for number, name in numbered(rooms):
        known = progress.room(name)
        shown = "" if number is None else str(number)
        words = f"  {room_words(known)}" if known else ""
        yield f"  {shown:>{width}} [{marks[known.state if known else None]}] {name}{words}"


def room_words(room: SurveyedRoom) -> str:
    """When the survey was in a room, and what its nearest server read."""
    when = day_words(room.at)
    if room.state == "skipped" or not room.readings:
        return f"{room.state} {when}"
    return f"{when}: " + ", ".join(_values(room.readings[0]))


def count_words(rooms: Sequence[str], progress: Progress) -> str:
    """How far the survey has come."""
    done = sum(room.state == "done" for room in progress.rooms)
    skipped = len(progress.rooms) - done
    of = f"{done} of {len(rooms)} rooms done"
    return of + (f", {skipped} skipped" if skipped else "")


def day_words(instant: float) -> str:
    """A Unix instant as a local day and time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(instant))


def _values(reading: Reading) -> list[str]:
    """Those that were measured."""
    values = []
    for way, rate in (
        ("download", reading.download_bits_per_second),
        ("upload", reading.upload_bits_per_second),
    ):
        if rate is not None:
            values.append(f"{way} {rate / 1e6:.1f} Mbps")
    if reading.rtt_seconds is not None:
        values.append(f"round trip {reading.rtt_seconds * 1000:.1f} ms")
    if reading.lost_ratio:
        values.append(f"{reading.lost_ratio:.0%} lost")
    return values or ["nothing measured"]


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
