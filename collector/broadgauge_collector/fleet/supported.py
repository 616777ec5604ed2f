"""The models that a district supports: what isn't among them costs more to keep."""

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from broadgauge_wire.fields import Text, about

from ..schools.checks import name_key
from ..store.tables import device, supported_model

Model = Annotated[Text, Meta(min_length=1)]


class SupportedModels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models as sources call them, whatever their case; none: the district has no such list."""

    models: Annotated[
        Annotated[tuple[Model, ...], Meta(max_length=1000)], about("Models that are supported")
    ] = ()


def supported(c: Connection) -> SupportedModels:
    """The list, by name."""
    names = c.execute(select(supported_model.c.name).order_by(supported_model.c.name_key))
    return SupportedModels(models=tuple(names.scalars()))


def set_supported(c: Connection, given: SupportedModels) -> SupportedModels:
    """Replace the list."""
    by_key = {name_key(name): " ".join(name.split()) for name in given.models}
    c.execute(delete(supported_model))
    if by_key:
        rows = [{"name_key": key, "name": name} for key, name in by_key.items()]
        c.execute(insert(supported_model), rows)
    return supported(c)


def is_off_list() -> ColumnElement[bool]:
    """Of a device: its model is known, there is a list, and it isn't on it."""
    keys = select(supported_model.c.name_key)
    return device.c.model.is_not(None) & keys.exists() & func.lower(device.c.model).not_in(keys)
