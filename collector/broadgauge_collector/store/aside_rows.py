"""Records that are set aside, as rows: those refused in a batch, and all of one that conflicts."""

from collections.abc import Iterator
from typing import Any

from broadgauge_wire import Refusal

from .results import Aside, Incoming

OTHER_CONTENT = "a batch with this number was committed before, with other content"

Row = tuple[Any, ...]
"""With the columns of schema.REFUSED."""


def refused_rows(incoming: Incoming) -> Iterator[Row]:
    """The refused records of a batch."""
    return (_aside_row(incoming, aside) for aside in incoming.refused)


def every_row(incoming: Incoming, reason: str = OTHER_CONTENT) -> Iterator[Row]:
    """All records of a batch whose number was used before."""
    for index, record in enumerate(incoming.records):
        refusal = Refusal(index=index, reason=reason)
        yield _aside_row(incoming, Aside(refusal=refusal, record=record))


def refusal_of(row: Row) -> Refusal:
    """What the agent is told of it."""
    *_, index, id_, reason, _ = row
    return Refusal(index=index, id=id_, reason=reason)


def _aside_row(incoming: Incoming, aside: Aside) -> Row:
    key, refusal = incoming.key, aside.refusal
    return (
        *(key.agent_id, incoming.school_id, incoming.received_at),
        *(key.epoch, key.lane, key.sequence),
        incoming.digest,
        *(refusal.index, refusal.id, refusal.reason),
        aside.record.decode("utf-8", "replace"),
    )
