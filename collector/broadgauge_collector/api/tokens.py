"""Join tokens, login links, and ending a session."""

from datetime import datetime, timedelta
from typing import Annotated

import structlog
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from broadgauge_wire.fields import about

from ..access.authenticate import session_of
from ..access.join import JoinToken, create_join_token, list_tokens
from ..access.permissions import Permission
from ..access.users import LOGIN_LINK_LIFETIME, create_login_link, end_session
from ..errors import NotFound
from ..schools.repository import find_school
from .routing import Route, TheServices, answer, body_of
from .schools import Name
from .session import forget_session

Hours = Annotated[float, Meta(gt=0, le=366 * 24)]
Uses = Annotated[int, Meta(ge=1, le=10_000)]
log = structlog.get_logger()


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token that lets `uses` agents join one school (by name or id), for a while."""

    school: Annotated[Name, about("School the agents are in, by name or id")]
    uses: Annotated[Uses, about("How many agents may join with it")] = 1
    lifetime_hours: Annotated[Hours, about("How long it works", "h")] = 24.0


class MadeToken(Struct, frozen=True, kw_only=True):
    """The token, said only here."""

    token: Annotated[str, about("The token, said only here")]
    school: Annotated[str, about("School it is for")]
    uses: Annotated[int, about("How many agents may join with it")]
    expires_at: Annotated[datetime, about("When it stops working, UTC")]


class LoginLink(Struct, frozen=True, kw_only=True):
    """A path on this server that signs a browser in, once."""

    path: Annotated[str, about("Path on this server that signs a browser in, once")]
    expires_at: Annotated[datetime, about("When it stops working, UTC")]


async def get_tokens(services: TheServices) -> Response:
    """What is known of the join tokens, never the tokens themselves."""
    return answer(await services.look_up(list_tokens))


async def post_token(
    services: TheServices, wish: Annotated[NewToken, body_of(NewToken)]
) -> Response:
    """Make a join token."""
    made = await services.write(_make_token, wish, services.now(), services.config.fingerprint)
    log.info("join_token_made", school=made.school, uses=made.uses)
    return answer(made, 201)


async def post_login_link(services: TheServices) -> Response:
    """Make a one-time login link."""
    now = services.now()
    secret = await services.write(create_login_link, now)
    link = LoginLink(path=f"/login?token={secret}", expires_at=now + LOGIN_LINK_LIFETIME)
    return answer(link, 201)


async def delete_session(request: Request, services: TheServices) -> Response:
    """Sign out."""
    session = session_of(request.headers, services.config.session_cookie)
    if session is not None:
        await services.write(end_session, session)
    response = Response(status_code=204)
    forget_session(response, services.config)
    return response


def _make_token(c: Connection, wish: NewToken, now: datetime, fingerprint: str | None) -> MadeToken:
    school = find_school(c, wish.school)
    lifetime = timedelta(hours=wish.lifetime_hours)
    token = create_join_token(
        c,
        school_id=school.id,
        lifetime=lifetime,
        uses=wish.uses,
        now=now,
        fingerprint=fingerprint,
    )
    return MadeToken(token=token, school=school.name, uses=wish.uses, expires_at=now + lifetime)


ROUTES = (
    Route(
        method="GET",
        path="/tokens",
        endpoint=get_tokens,
        permission=Permission.READ,
        answer=tuple[JoinToken, ...],
    ),
    Route(
        method="POST",
        path="/tokens",
        endpoint=post_token,
        permission=Permission.MANAGE,
        body=NewToken,
        answer=MadeToken,
        status=201,
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/login-links",
        endpoint=post_login_link,
        permission=Permission.MANAGE,
        answer=LoginLink,
        status=201,
    ),
    Route(
        method="DELETE",
        path="/session",
        endpoint=delete_session,
        permission=Permission.READ,
        status=204,
    ),
)
