"""What needs are worked out from, as the district and its schools edited it, in the control
database.

Functions take a connection inside a transaction; the one that sets needs a write transaction.
"""

import difflib
from collections.abc import Mapping
from hashlib import blake2b
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, delete, insert, select

from broadgauge_wire import new_id
from broadgauge_wire.fields import about

from ..capacity.models import ASSUMPTIONS, BLENDED_MODELS, MODEL, SEAT, Assumption
from ..errors import Invalid
from ..fleet.figures import FIGURES
from ..store.tables import demand_assumption, school

EVERY = ASSUMPTIONS | FIGURES
"""What can be edited, by key."""

OWN = "set by the district"
OF_SCHOOL = "set for this school"

Value = float | str


class SchoolAssumption(Struct, frozen=True, kw_only=True):
    """What one school has of its own; wins over the district's."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    value: Annotated[Value, about("What is reckoned with there, or the model wanted")]
    low: Annotated[float | None, about("The least it may be; null for a model")] = None
    high: Annotated[float | None, about("The most it may be; null for a model")] = None


class EditedAssumption(Struct, frozen=True, kw_only=True):
    """A number that needs rest on, as it holds for schools without one of their own."""

    assumption: Annotated[Assumption, about("What holds, with its source")]
    default: Annotated[Assumption, about("What holds where nobody edits it")]
    edited: Annotated[bool, about("Whether the district set it")]
    schools: Annotated[tuple[SchoolAssumption, ...], about("Schools with a value of their own")]


class Assumptions(Struct, frozen=True, kw_only=True):
    """The model wanted, and every number that needs rest on."""

    model: Annotated[str | None, about("Model wanted; null if none is chosen")]
    model_schools: Annotated[
        tuple[SchoolAssumption, ...], about("Schools that want another model than the district")
    ]
    assumptions: Annotated[tuple[EditedAssumption, ...], about("Every number")]


class SchoolAssumed(Struct, frozen=True):
    """What holds for one school: its model, None if none is chosen, and the numbers by key."""

    model: str | None
    assumed: Mapping[str, Assumption]


def list_assumptions(c: Connection) -> Assumptions:
    """Everything, edited or not."""
    rows = _rows(c)
    own = {row.key: row.value for row in rows if row.school_id is None}
    by_school: dict[str, list[SchoolAssumption]] = {}
    for row in rows:
        if row.school_id is not None:
            by_school.setdefault(row.key, []).append(_of_school(row))
    return Assumptions(
        model=_model_in(own.get(MODEL)),
        model_schools=tuple(by_school.get(MODEL, ())),
        assumptions=tuple(
            EditedAssumption(
                assumption=_edited(default, own.get(key), OWN),
                default=default,
                edited=key in own,
                schools=tuple(by_school.get(key, ())),
            )
            for key, default in EVERY.items()
        ),
    )


def assumed_by_school(c: Connection) -> tuple[SchoolAssumed, dict[UUID, SchoolAssumed]]:
    """What holds for schools without anything of their own, and for each of the others."""
    rows = _rows(c)
    own = {row.key: row.value for row in rows if row.school_id is None}
    everywhere = {key: _edited(default, own.get(key), OWN) for key, default in EVERY.items()}
    common = SchoolAssumed(_model_in(own.get(MODEL)), everywhere)
    schools: dict[UUID, dict[str, str]] = {}
    for row in rows:
        if row.school_id is not None:
            schools.setdefault(row.school_id, {})[row.key] = row.value
    return common, {school_id: _merged(common, found) for school_id, found in schools.items()}


def edition_of(c: Connection) -> str:
    """Another one after each edit that changes anything."""
    rows = sorted((str(row.school_id), row.key, row.value) for row in _rows(c))
    return blake2b(msgspec.json.encode(rows), digest_size=16).hexdigest()


def set_assumption(
    c: Connection,
    *,
    key: str,
    value: Value | None,
    low: float | None = None,
    high: float | None = None,
    school_id: UUID | None = None,
) -> Assumptions:
    """Set it for the district or for one school; None takes back what was set there.

    Without `low` and `high` the value is taken as known. Invalid for an unknown key, or what can't
    be: the error says what can.
    """
    kept = None if value is None else _checked(key, value, low, high)
    table = demand_assumption
    same_school = table.c.school_id == school_id  # IS NULL where it is None
    c.execute(delete(table).where(table.c.key == _known(key), same_school))
    if kept is not None:
        row = {"id": new_id(), "school_id": school_id, "key": key, "value": kept}
        c.execute(insert(table).values(row))
    if key.startswith("mix."):
        _check_mixes(c)
    return list_assumptions(c)


class _Row(Struct, frozen=True):
    school_id: UUID | None
    school: str | None
    key: str
    value: str


def _rows(c: Connection) -> list[_Row]:
    table = demand_assumption
    asked = (
        select(table.c.school_id, school.c.name, table.c.key, table.c.value)
        .outerjoin(school)
        .order_by(school.c.name_key)
    )
    # A key that a later version knew stays in the table, and says nothing here.
    return [_Row(*row) for row in c.execute(asked) if row.key in EVERY or row.key == MODEL]


def _merged(common: SchoolAssumed, own: Mapping[str, str]) -> SchoolAssumed:
    edited = {key: _edited(a, own.get(key), OF_SCHOOL) for key, a in common.assumed.items()}
    return SchoolAssumed(_model_in(own.get(MODEL)) or common.model, edited)


def _model_in(kept: str | None) -> str | None:
    model = None if kept is None else msgspec.json.decode(kept, type=str)
    return model if model in {known.key for known in BLENDED_MODELS} else None


def _edited(default: Assumption, kept: str | None, source: str) -> Assumption:
    if kept is None:
        return default
    value, low, high = msgspec.json.decode(kept, type=tuple[float, float, float])
    return replace(default, value=value, low=low, high=high, source=source)


def _of_school(row: _Row) -> SchoolAssumption:
    if row.school_id is None or row.school is None:
        raise ValueError("a row of the district is of no school")
    own = SchoolAssumption(school_id=row.school_id, school=row.school, value="")
    if row.key == MODEL:
        return replace(own, value=msgspec.json.decode(row.value, type=str))
    value, low, high = msgspec.json.decode(row.value, type=tuple[float, float, float])
    return replace(own, value=value, low=low, high=high)


def _known(key: str) -> str:
    if key in EVERY or key == MODEL:
        return key
    near = difflib.get_close_matches(key, (*EVERY, MODEL), n=1, cutoff=0)
    raise Invalid(f"There is no assumption {key[:100]!r}. Did you mean {near[0]}?")


def _checked(key: str, value: Value, low: float | None, high: float | None) -> str:
    if _known(key) == MODEL:
        return _checked_model(value, low, high)
    if key.startswith(SEAT) and (low is not None or high is not None):
        raise Invalid("A limit of a seat has neither low nor high: leave them out.")
    known = EVERY[key]
    middle = _number(known, value)
    ends = (middle if low is None else low, middle if high is None else high)
    for number in (middle, *ends):
        if not known.bounds[0] <= number <= known.bounds[1]:
            raise Invalid(
                f"{key} is {number:g}: give a number from {known.bounds[0]:g} to "
                f"{known.bounds[1]:g} ({known.unit})."
            )
    if not ends[0] <= middle <= ends[1]:
        raise Invalid(
            f"{key} is {middle:g}, which isn't between its low {ends[0]:g} and its high "
            f"{ends[1]:g}."
        )
    return msgspec.json.encode((middle, *ends)).decode()


def _checked_model(value: Value, low: float | None, high: float | None) -> str:
    keys = [model.key for model in BLENDED_MODELS]
    if value not in keys:
        raise Invalid(f"There is no model {str(value)[:100]!r}. Choose one of: {', '.join(keys)}.")
    if low is not None or high is not None:
        raise Invalid("A model has neither low nor high: leave them out.")
    return msgspec.json.encode(value).decode()


def _number(known: Assumption, value: Value) -> float:
    """Text is read too, shares also as a percentage."""
    if not isinstance(value, str):
        return float(value)
    text, is_percent = value.strip().removesuffix("%"), value.strip().endswith("%")
    try:
        number = float(text)
    except ValueError as error:
        raise Invalid(f"{known.key} is {value[:100]!r}: give a number ({known.unit}).") from error
    if is_percent and known.unit not in ("ratio", "weight", "ratio/year"):
        raise Invalid(f"{known.key} is in {known.unit}: give a number without %.")
    return number / 100 if is_percent else number


def _check_mixes(c: Connection) -> None:
    common, schools = assumed_by_school(c)
    for held in (common, *schools.values()):
        for model in BLENDED_MODELS:
            mix = [
                a.value for key, a in held.assumed.items() if key.startswith(f"mix.{model.key}.")
            ]
            if not sum(mix):
                raise Invalid(
                    f"Nothing would be done in {model.title.lower()}: set another share of "
                    f"mix.{model.key} above 0 first."
                )
