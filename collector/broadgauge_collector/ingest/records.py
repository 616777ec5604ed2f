"""A batch's raw records to results, one by one: a bad one refuses itself and no other."""

from datetime import datetime
from uuid import UUID

from msgspec import Raw, Struct

from broadgauge_wire import Batch, Refusal, Result, WireError, decode, decode_result
from broadgauge_wire.spec import MAX_EXPLANATION, MAX_TEXT

from ..store.results import MAX_ASIDE_BYTES, Aside
from .validate import faults


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
    refusal = Refusal(index=index, id=_readable_id(raw), reason=reason[:MAX_EXPLANATION])
    return Aside(refusal=refusal, record=beginning(raw))


def beginning(raw: Raw) -> bytes:
    """What is kept of a record that is set aside."""
    return bytes(memoryview(raw)[:MAX_ASIDE_BYTES])


def _readable_id(raw: Raw) -> str | None:
    try:
        return decode(bytes(raw), _Named).id[:MAX_TEXT]
    except WireError:
        return None
