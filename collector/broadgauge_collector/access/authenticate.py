"""Who is asking: an agent's key, a user's token, or a browser's session."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from ..errors import Unauthenticated
from ..schools.model import Agent
from ..services import Services
from .agents import admitted
from .permissions import ANONYMOUS, Permission, Principal
from .secrets import AGENT_KEY, USER_TOKEN
from .users import User, authenticate_session, authenticate_user


async def authenticate(services: Services, headers: Headers) -> Principal:
    """The principal behind a bearer token, else behind a session cookie, else nobody.

    Unauthenticated if a bearer token was sent and isn't known, AgentRefused if it is an agent's.
    """
    if "authorization" in headers:
        return await _bearer(services, headers["authorization"])
    session = session_of(headers, services.config.session_cookie)
    if session is None:
        return ANONYMOUS
    user = await services.look_up(authenticate_session, session, services.now())
    return _user_principal(user) if user else ANONYMOUS


def session_of(headers: Headers, cookie: str) -> str | None:
    """The session secret in the request's cookies."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(cookie)
    except CookieError:
        return None
    return morsel.value if morsel else None


async def _bearer(services: Services, authorization: str) -> Principal:
    scheme, _, secret = authorization.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send 'Authorization: Bearer' with a token.")
    if secret.startswith(AGENT_KEY):
        return _agent_principal(await _agent_of(services, secret))
    if secret.startswith(USER_TOKEN):
        user = await services.look_up(authenticate_user, secret)
        if user is not None:
            return _user_principal(user)
    raise Unauthenticated("This token isn't known here, or was revoked.")


async def _agent_of(services: Services, key: str) -> Agent:
    known = services.known_agents
    if (agent := known.find(key)) is None:
        writes = known.writes()
        agent = admitted(await services.look_ups.find(key))
        known.note(key, agent, writes)
    return agent


def _agent_principal(agent: Agent) -> Principal:
    allowed = frozenset({Permission.AGENT})
    return Principal(
        kind="agent", id=str(agent.id), name=agent.name, permissions=allowed, agent=agent
    )


def _user_principal(user: User) -> Principal:
    return Principal(kind="user", id=str(user.id), name=user.name, permissions=user.permissions)
