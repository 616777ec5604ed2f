"""Joining: a token for one school, with an end and a number of uses, becomes an agent's key."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, Row, func, insert, select, update

from broadgauge_wire import JoinAnswer, JoinRequest, new_id
from broadgauge_wire.fields import about
from broadgauge_wire.tokens import JoinToken as PrintedToken

from ..errors import Conflict, Invalid, NotPermitted, Unauthenticated
from ..schools.checks import clean_name, name_key
from ..schools.model import School
from ..schools.repository import get_school
from ..store.tables import agent, join_token
from .access_keys import settings_with_tokens
from .agents import add_agent
from .secrets import JOIN_TOKEN, hash_of, new_secret

MAX_LIFETIME = timedelta(days=366)
MAX_USES = 10_000


class JoinToken(Struct, frozen=True, kw_only=True):
    """What is known of a join token; never the token itself."""

    id: Annotated[UUID, about("What the collector calls it")]
    school_id: Annotated[UUID, about("School that agents join with it")]
    created_at: Annotated[datetime, about("When it was made, UTC")]
    expires_at: Annotated[datetime, about("When it stops working, UTC")]
    uses: Annotated[int, about("How many agents it was made for")]
    uses_left: Annotated[int, about("How many may still join")]


def create_join_token(
    c: Connection,
    *,
    school_id: UUID,
    lifetime: timedelta,
    uses: int,
    now: datetime,
    fingerprint: str | None = None,
) -> str:
    """A token that lets `uses` agents join one school until `now + lifetime`. Said only here.

    With the `fingerprint` of the server's own certificate, agents give it to this server alone.
    """
    get_school(c, school_id)
    if not timedelta(0) < lifetime <= MAX_LIFETIME:
        raise Invalid(f"A join token lasts more than nothing and at most {MAX_LIFETIME.days} days.")
    if not 1 <= uses <= MAX_USES:
        raise Invalid(f"A join token is for 1 to {MAX_USES} agents, not {uses}.")
    secret = new_secret(JOIN_TOKEN)
    row = {"id": new_id(), "secret_hash": hash_of(secret), "school_id": school_id}
    row |= {"created_at": now, "expires_at": now + lifetime, "uses": uses, "uses_left": uses}
    c.execute(insert(join_token).values(row))
    return str(PrintedToken(secret, fingerprint))


def list_tokens(c: Connection) -> tuple[JoinToken, ...]:
    """Every join token, newest first, used up and expired ones too."""
    rows = c.execute(select(join_token).order_by(join_token.c.created_at.desc(), join_token.c.id))
    return tuple(_token(row) for row in rows)


def join(c: Connection, request: JoinRequest, now: datetime) -> JoinAnswer:
    """Make an agent of whoever holds the token.

    Unauthenticated if the token is unknown or expired, NotPermitted if it is for another school,
    Conflict if it is used up. A refused join costs no use.
    """
    token = _find_token(c, request.token)
    school = get_school(c, token.school_id)
    if token.expires_at <= now:
        raise Unauthenticated(
            f"This join token expired at {token.expires_at:%Y-%m-%d %H:%M} UTC. Ask for a new one."
        )
    if request.school is not None and not _names(request.school, school):
        raise NotPermitted("This join token is for another school. Ask for one for your school.")
    name = _name_of(c, request)
    location = request.location and clean_name(request.location, "The location")
    version = clean_name(request.agent_version, "The agent's version")
    _use_once(c, token.id)
    made, key = add_agent(
        c, school_id=school.id, name=name, location=location, version=version, now=now
    )
    return JoinAnswer(
        agent_id=made.id,
        key=key,
        school_id=school.id,
        school=school.name,
        settings=settings_with_tokens(c, school_id=school.id, agent_id=made.id, now=now),
    )


def _find_token(c: Connection, secret: str) -> JoinToken:
    query = select(join_token).where(join_token.c.secret_hash == hash_of(secret))
    row = c.execute(query).one_or_none()
    if row is None:
        raise Unauthenticated("This join token isn't known here. Copy it whole, or ask for one.")
    return _token(row)


def _use_once(c: Connection, token_id: UUID) -> None:
    # One statement tests and takes, so that of two agents at the last use exactly one gets it.
    left = (join_token.c.id == token_id) & (join_token.c.uses_left > 0)
    taken = c.execute(update(join_token).where(left).values(uses_left=join_token.c.uses_left - 1))
    if taken.rowcount != 1:
        raise Conflict("This join token is used up. Ask for a new one.")


def _names(text: str, school: School) -> bool:
    return name_key(text) == name_key(school.name) or text.strip().lower() == str(school.id)


def _name_of(c: Connection, request: JoinRequest) -> str:
    if request.name is not None:
        return clean_name(request.name, "The agent's name")
    number = c.execute(select(func.count()).select_from(agent)).scalar_one() + 1
    return f"Computer {number}"


def _token(row: Row[tuple[object, ...]]) -> JoinToken:
    return JoinToken(
        id=row.id,
        school_id=row.school_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        uses=row.uses,
        uses_left=row.uses_left,
    )
