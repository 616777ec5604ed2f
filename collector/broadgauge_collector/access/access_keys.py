"""Keys shared with test servers, and the tokens signed with them that let agents test there.

A key is kept in the clear, because a hash signs nothing. It leaves here once, when it is made; only
the test server that `up` runs itself is given its own at every start.
"""

from datetime import datetime, timedelta
from uuid import UUID

import jwt
from msgspec.structs import replace
from sqlalchemy import Connection, delete, insert, select

from broadgauge_wire import AccessToken, Settings
from broadgauge_wire.spec import ACCESS_ALGORITHM

from ..schools.repository import get_reflector, settings_for
from ..store.tables import access_key
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
    tokens = access_tokens(c, subject=str(agent_id), expires_at=expires_at)
    return replace(
        settings, access_tokens=tuple(token for token in tokens if token.reflector_id in told)
    )


def access_tokens(c: Connection, *, subject: str, expires_at: datetime) -> tuple[AccessToken, ...]:
    """A JWT (RFC 7519) for each test server with a key, which lets the subject test there."""
    return tuple(
        AccessToken(
            reflector_id=row.reflector_id,
            token=jwt.encode(
                {"aud": str(row.reflector_id), "sub": subject, "exp": expires_at},
                row.key,
                ACCESS_ALGORITHM,
            ),
            expires_at=expires_at,
        )
        for row in c.execute(select(access_key))
    )
