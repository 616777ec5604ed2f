"""A batch's raw records to results, one by one: a bad one refuses itself and no other."""

from datetime import datetime
from uuid import UUID

from msgspec import Raw, Struct

from broadgauge_wire import Batch, Refusal, Result, WireError, decode, decode_result
from broadgauge_wire.spec import MAX_EXPLANATION, MAX_TEXT

from ..store.results import MAX_ASIDE_BYTES, Aside
from .validate import faults

KEPT_AT_END = 200
"""Characters of a long reason's end: more than any field's path has."""


class _Named(Struct):
    id: str


def sort_records(batch: Batch, now: datetime) -> tuple[tuple[Result, ...], tuple[Aside, ...]]:
    """The results to keep, and the records to refuse with their reasons."""
    accepted: dict[UUID, Result] = {}
    refused: list[Aside] = []
    for index, raw in enumerate(batch.results):
        taken = _read(raw, now)
        if isinstance(taken, str):
            refused.append(_aside(index, raw, taken))
        elif taken.id in accepted:
            refused.append(_aside(index, raw, "id was used before in this batch"))
        else:
            accepted[taken.id] = taken
    return tuple(accepted.values()), tuple(refused)


def _read(raw: Raw, now: datetime) -> Result | str:
    try:
        result = decode_result(raw)
    except WireError as error:
        return str(error)
    return "; ".join(faults(result, now)) or result


def _aside(index: int, raw: Raw, reason: str) -> Aside:
    refusal = Refusal(index=index, id=_readable_id(raw), reason=_shortened(reason))
    return Aside(refusal=refusal, record=beginning(raw))


def _shortened(reason: str) -> str:
    """Its middle left out: a wrong value, however long, stands there, and the field at the end."""
    if len(reason) <= MAX_EXPLANATION:
        return reason
    return f"{reason[: MAX_EXPLANATION - 2 * KEPT_AT_END]}...{reason[-KEPT_AT_END:]}"


def beginning(raw: Raw) -> bytes:
    """What is kept of a record that is set aside."""
    return bytes(memoryview(raw)[:MAX_ASIDE_BYTES])


def _readable_id(raw: Raw) -> str | None:
    try:
        return decode(bytes(raw), _Named).id[:MAX_TEXT]
    except WireError:
        return None
