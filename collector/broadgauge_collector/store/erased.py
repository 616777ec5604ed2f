"""Of whom nothing is taken any more: the digests of ids that were asked to be erased."""

import hashlib
from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, select

from .tables import erasure

Kind = Literal["school", "agent"]


def digest_of(kind: Kind, id_: UUID) -> bytes:
    """What is kept of whom was erased. It is enough to know an id again, and says nothing of it:
    ids have more than 70 random bits."""
    return hashlib.sha256(kind.encode() + id_.bytes).digest()


def erased_among(c: Connection, owners: Iterable[tuple[Kind, UUID]]) -> set[UUID]:
    """Which of these agents and schools were asked to be erased."""
    digests = {digest_of(kind, id_): id_ for kind, id_ in owners}
    noted = c.execute(select(erasure.c.digest).where(erasure.c.digest.in_(digests))).scalars()
    return {digests[digest] for digest in noted}
