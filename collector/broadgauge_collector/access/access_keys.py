"""Keys shared with test servers, and the tokens signed with them that let agents test there.

A key is kept in the clear, because a hash signs nothing. It leaves here once, when it is made; only
the test server that `up` runs itself is given its own at every start.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from msgspec.structs import replace
from sqlalchemy import Connection, delete, insert, select

from broadgauge_wire import AccessToken, Settings
from broadgauge_wire.spec import ACCESS_ALGORITHM, ASKS_FOR_SLOTS, SLOT_CLAIM

from ..schools.repository import get_reflector, settings_for
from ..store.tables import access_key, agent, slot_asker
from .secrets import ACCESS_KEY, new_secret

TOKEN_LIFETIME = timedelta(hours=24)
"""An agent that can't reach the collector overnight goes on testing; one shut out soon doesn't."""


def make_access_key(c: Connection, reflector_id: UUID, now: datetime) -> str:
    """A test server's new key, said only here. The former one signs no more. NotFound."""
    get_reflector(c, reflector_id)
    remove_access_key(c, reflector_id)
    key = new_secret(ACCESS_KEY)
    c.execute(insert(access_key).values(reflector_id=reflector_id, key=key, made_at=now))
    return key


def kept_access_key(c: Connection, reflector_id: UUID) -> str | None:
    """The key of a test server that is to be started here, if it has one."""
    query = select(access_key.c.key).where(access_key.c.reflector_id == reflector_id)
    found: str | None = c.execute(query).scalar_one_or_none()
    return found


def remove_access_key(c: Connection, reflector_id: UUID) -> None:
    """Forget a test server's key, if it has one: agents get tokens for it no more."""
    c.execute(delete(access_key).where(access_key.c.reflector_id == reflector_id))


def settings_with_tokens(
    c: Connection, *, school_id: UUID, agent_id: UUID, now: datetime
) -> Settings:
    """What one agent is told: its school's settings, and tokens of its own for their servers."""
    settings = settings_for(c, school_id)
    told = {reflector.id for reflector in settings.reflectors}
    # The same all hour, so that an agent's settings stay the same while nothing else changes.
    expires_at = now.replace(minute=0, second=0, microsecond=0) + TOKEN_LIFETIME
    tokens = access_tokens(
        c,
        subject=str(agent_id),
        expires_at=expires_at,
        claims={ASKS_FOR_SLOTS: True} if asks_for_slots(c, agent_id) else {},
    )
    return replace(
        settings, access_tokens=tuple(token for token in tokens if token.reflector_id in told)
    )


def access_tokens(
    c: Connection, *, subject: str, expires_at: datetime, claims: Mapping[str, Any] | None = None
) -> tuple[AccessToken, ...]:
    """A JWT (RFC 7519) for each test server with a key, which lets the subject test there."""
    return tuple(
        AccessToken(
            reflector_id=row.reflector_id,
            token=_signed(row.reflector_id, row.key, subject, expires_at, claims or {}),
            expires_at=expires_at,
        )
        for row in c.execute(select(access_key))
    )


def slot_token(
    c: Connection, reflector_id: UUID, *, subject: str, slot: Mapping[str, Any], now: datetime
) -> str | None:
    """A JWT that lets the subject load a line once; None for a test server without a key.

    It ends as late as any, because the test server's clock may be wrong by hours: how long the slot
    holds is in it, and is told by the order in which slots come.
    """
    key = kept_access_key(c, reflector_id)
    claims = {SLOT_CLAIM: dict(slot)}
    return key and _signed(reflector_id, key, subject, now + TOKEN_LIFETIME, claims)


def asks_for_slots(c: Connection, agent_id: UUID) -> bool:
    """Whether an agent does, in the version that it was last heard in."""
    asked = select(slot_asker.c.version).where(slot_asker.c.agent_id == agent_id)
    heard = select(agent.c.version).where(agent.c.id == agent_id)
    version: str | None = c.execute(asked).scalar_one_or_none()
    return version is not None and version == c.execute(heard).scalar_one_or_none()


def _signed(
    reflector_id: UUID, key: str, subject: str, expires_at: datetime, claims: Mapping[str, Any]
) -> str:
    whole = {"aud": str(reflector_id), "sub": subject, "exp": expires_at, **claims}
    return jwt.encode(whole, key, ACCESS_ALGORITHM)
