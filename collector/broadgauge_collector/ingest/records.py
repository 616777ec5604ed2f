"""A batch's records to results, one by one: a bad one refuses itself and no other."""

from uuid import UUID

from msgspec import Raw, Struct

from broadgauge_wire import Batch, Refusal, Result, WireError, decode, decode_result
from broadgauge_wire.spec import MAX_EXPLANATION, MAX_TEXT

from ..store.results import Aside, beginning
from .clocks import Clock, date_faults, is_well_placed, placed
from .validate import faults, is_sound

KEPT_AT_END = 200
"""Characters of a long reason's end: more than any field's path has."""

INHERITED = "from a copied spool: the original sends them"


class _Named(Struct):
    id: str


def all_well(results: tuple[Result, ...], clock: Clock) -> tuple[Result, ...] | None:
    """The results of a whole batch to keep, at a glance; None if one needs a closer look."""
    if any(not is_sound(result) and next(faults(result), None) for result in results):
        return None
    if len({result.id for result in results}) < len(results):
        return None
    if all(is_well_placed(result, clock) for result in results):
        return results
    moved = tuple(placed(result, clock) for result in results)
    return None if any(fault for each in moved for fault in date_faults(each, clock.now)) else moved


def sort_records(batch: Batch, clock: Clock) -> tuple[tuple[Result, ...], tuple[Aside, ...]]:
    """The results to keep, and the records to refuse with their reasons."""
    accepted: dict[UUID, Result] = {}
    refused: list[Aside] = []
    for index, raw in enumerate(batch.results):
        taken = INHERITED if batch.inherited else _read(raw, clock)
        if isinstance(taken, str):
            refused.append(_aside(index, raw, taken))
        elif taken.id in accepted:
            refused.append(_aside(index, raw, "id was used before in this batch"))
        else:
            accepted[taken.id] = taken
    return tuple(accepted.values()), tuple(refused)


def _read(raw: Raw, clock: Clock) -> Result | str:
    try:
        result = placed(decode_result(raw), clock)
    except WireError as error:
        return str(error)
    return "; ".join([*date_faults(result, clock.now), *faults(result)]) or result


def _aside(index: int, raw: Raw, reason: str) -> Aside:
    refusal = Refusal(index=index, id=_readable_id(raw), reason=_shortened(reason))
    return Aside(refusal=refusal, record=beginning(raw))


def _shortened(reason: str) -> str:
    """Its middle left out: a wrong value, however long, stands there, and the field at the end."""
    if len(reason) <= MAX_EXPLANATION:
        return reason
    return f"{reason[: MAX_EXPLANATION - 2 * KEPT_AT_END]}...{reason[-KEPT_AT_END:]}"


def _readable_id(raw: Raw) -> str | None:
    try:
        return decode(bytes(raw), _Named).id[:MAX_TEXT]
    except WireError:
        return None
