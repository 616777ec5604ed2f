"""Which test servers end one line alone."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, update

from ..errors import Invalid
from ..store import tables
from .model import Link
from .repository import get_reflector, list_reflectors


def set_servers(c: Connection, link: Link, server_ids: Collection[UUID]) -> None:
    """Make these test servers, and no others, those of one line; inside a write transaction.

    One that ended another line alone ends this one instead. NotFound for an unknown one, Invalid
    for one of another segment.
    """
    for server_id in server_ids:
        server = get_reflector(c, server_id)
        if server.segment != link.segment:
            raise Invalid(
                f"The line {link.name!r} is {link.segment}, the test server {server.name!r} "
                f"{server.segment}: choose one of the line's own segment."
            )
    for server in list_reflectors(c):
        ends = link.id if server.id in server_ids else None
        if server.id in server_ids or server.link_id == link.id:
            matches = tables.reflector.c.id == server.id
            c.execute(update(tables.reflector).where(matches).values(link_id=ends))
