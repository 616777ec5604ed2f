"""What a file says twice."""

from collections.abc import Callable, Iterator

import msgspec

from .model import Record, Refused, Taken

ENCODER = msgspec.msgpack.Encoder()
WORDS = {
    "DeviceRecord": "device",
    "TicketRecord": "ticket",
    "PartRecord": "part",
    "PeopleRecord": "school",
    "SchoolRecord": "school",
    "RoomRecord": "room",
}


def without_repeats(
    rows: Iterator[Taken | Refused], cells: Callable[[], dict[str, str]] = dict
) -> Iterator[Taken | Refused]:
    """The rows, with those refused whose key an earlier one has. `cells` gives those of the row
    that was last yielded."""
    lines_by_type: dict[type[Record], dict[str, int]] = {}
    said: set[int] = set()
    for row in rows:
        if isinstance(row, Refused):
            yield row
            continue
        key = row.record.key
        lines = lines_by_type.setdefault(type(row.record), {})
        digest = hash(ENCODER.encode(row.record))
        if key in lines:
            yield Refused(row.line, _why(row.record, lines[key], digest in said), cells())
        else:
            lines[key] = row.line
            said.add(digest)
            yield row


def _why(record: Record, first: int, is_same: bool) -> str:
    if is_same:
        return f"It is repeated: it says the same as line {first}, and nothing is lost."
    word = WORDS.get(type(record).__name__, "row")
    return f"The same {word} is on line {first} too, and says something else. Leave the right one."
