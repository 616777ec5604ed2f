"""API tokens of programs that read and change nothing, such as Prometheus.

Functions take a connection inside a transaction; those that change something need a write one.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, delete, select

from broadgauge_wire.fields import about

from ..errors import Conflict, NotFound
from ..schools.checks import clean_name
from ..store.tables import user_token
from .permissions import Permission
from .users import create_user_token

IS_READER = user_token.c.permissions == Permission.READ


class Reader(Struct, frozen=True, kw_only=True):
    """A program that may read everything."""

    id: Annotated[UUID, about("What the collector calls it")]
    name: Annotated[str, about("What people call it")]
    created_at: Annotated[datetime, about("When its token was made, UTC")]


def list_readers(c: Connection) -> tuple[Reader, ...]:
    """Every reader, by name."""
    rows = c.execute(select(user_token).where(IS_READER).order_by(user_token.c.name))
    return tuple(Reader(id=row.id, name=row.name, created_at=row.created_at) for row in rows)


def add_reader(c: Connection, name: str, now: datetime) -> str:
    """A token that reads, said only here. Conflict if the name is taken."""
    cleaned = clean_name(name, "The reader's name")
    if c.execute(select(user_token.c.id).where(user_token.c.name == cleaned)).first():
        raise Conflict(
            f"There is a token called {cleaned!r}. Choose another name, or remove that first: "
            "broadgauge readers"
        )
    return create_user_token(c, name=cleaned, permissions=[Permission.READ], now=now)


def remove_reader(c: Connection, name_or_id: str) -> None:
    """Its token opens nothing any more. NotFound if there is no such reader."""
    for reader in list_readers(c):
        if name_or_id in (reader.name, str(reader.id)):
            c.execute(delete(user_token).where(user_token.c.id == reader.id))
            return
    raise NotFound(f"There is no reader called {name_or_id!r}. See: broadgauge readers")
