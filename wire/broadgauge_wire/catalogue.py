"""Every result field's name, unit, meaning and type, read from the types themselves.

Exporters, API descriptions, docs and column headings read this list; nothing else describes fields.
"""

from typing import Annotated, Any, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct

from .results import RESULT_KINDS, ResultBase


class Field(Struct, frozen=True):
    """One field of one kind of result. `type` is the Python type with its bounds."""

    name: str
    unit: str
    meaning: str
    type: Any
    optional: bool


def fields_of(kind: str) -> tuple[Field, ...]:
    """The fields of one kind of result, common ones first. KeyError for an unknown kind."""
    return tuple(
        _field(name, hint)
        for name, hint in get_type_hints(RESULT_KINDS[kind], include_extras=True).items()
        if get_origin(hint) is Annotated
    )


def common_fields() -> tuple[str, ...]:
    """Names of the fields every kind of result has."""
    return ResultBase.__struct_fields__


def _field(name: str, hint: Any) -> Field:
    inner, *metas = get_args(hint)
    described = next(m for m in reversed(metas) if isinstance(m, Meta) and m.description)
    unit = str((described.extra or {}).get("unit", ""))
    return Field(name, unit, described.description or "", inner, type(None) in get_args(inner))
