"""People and programs: API tokens, one-time login links, and the sessions these become."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from broadgauge_wire import new_id

from ..errors import Invalid, Unauthenticated
from ..schools.checks import clean_name
from ..store.tables import login_link, session, user_token
from .permissions import Permission
from .secrets import LOGIN_LINK, SESSION, USER_TOKEN, hash_of, new_secret

LOGIN_LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=7)
SESSION_PERMISSIONS = frozenset({Permission.READ, Permission.MANAGE})
GRANTABLE = frozenset({Permission.READ, Permission.MANAGE})


class User(Struct, frozen=True, kw_only=True):
    """Who holds a token or a session. `id` is the token's or the session's."""

    id: UUID
    name: str
    permissions: frozenset[Permission]


def create_user_token(
    c: Connection, *, name: str, permissions: Iterable[Permission], now: datetime
) -> str:
    """A token for the API, said only here. The token that had this name before opens no more."""
    granted = frozenset(permissions)
    if not granted or not granted <= GRANTABLE:
        raise Invalid("A token may be given: read, manage.")
    cleaned = clean_name(name, "The token's name")
    secret = new_secret(USER_TOKEN)
    c.execute(delete(user_token).where(user_token.c.name == cleaned))
    row = {"id": new_id(), "name": cleaned, "secret_hash": hash_of(secret), "created_at": now}
    c.execute(insert(user_token).values(permissions=" ".join(sorted(granted)), **row))
    return secret


def authenticate_user(c: Connection, token: str) -> User | None:
    """Whose token this is; None if it isn't known."""
    query = select(user_token).where(user_token.c.secret_hash == hash_of(token))
    row = c.execute(query).one_or_none()
    if row is None:
        return None
    permissions = frozenset(Permission(word) for word in row.permissions.split())
    return User(id=row.id, name=row.name, permissions=permissions)


def create_login_link(c: Connection, now: datetime) -> str:
    """A secret that opens one session within 15 minutes; links that have ended are forgotten."""
    c.execute(delete(login_link).where(login_link.c.expires_at <= now))
    secret = new_secret(LOGIN_LINK)
    expires_at = now + LOGIN_LINK_LIFETIME
    c.execute(insert(login_link).values(secret_hash=hash_of(secret), expires_at=expires_at))
    return secret


def redeem_login(c: Connection, secret: str, now: datetime) -> str:
    """A session's secret for a login link's. Unauthenticated if the link was used or has ended."""
    fresh = (login_link.c.secret_hash == hash_of(secret)) & (login_link.c.expires_at > now)
    if c.execute(delete(login_link).where(fresh)).rowcount != 1:
        raise Unauthenticated(
            "This login link was used or has ended. Get a new one with: broadgauge login"
        )
    return _start_session(c, now)


def authenticate_session(c: Connection, secret: str, now: datetime) -> User | None:
    """Whose session this is; None if it isn't known or has ended."""
    query = select(session.c.id).where(
        session.c.secret_hash == hash_of(secret), session.c.expires_at > now
    )
    session_id = c.execute(query).scalar_one_or_none()
    if session_id is None:
        return None
    return User(id=session_id, name="Administrator", permissions=SESSION_PERMISSIONS)


def end_session(c: Connection, secret: str) -> None:
    """Sign out: the session's secret opens nothing any more."""
    c.execute(delete(session).where(session.c.secret_hash == hash_of(secret)))


def _start_session(c: Connection, now: datetime) -> str:
    c.execute(delete(session).where(session.c.expires_at <= now))
    secret = new_secret(SESSION)
    row = {"id": new_id(), "secret_hash": hash_of(secret), "created_at": now}
    c.execute(insert(session).values(expires_at=now + SESSION_LIFETIME, **row))
    return secret
