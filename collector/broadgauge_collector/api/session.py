"""Signing in and out in a browser: plain pages that need no script and nothing from elsewhere."""

from html import escape
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ..access.authenticate import session_of
from ..access.middleware import SIGN_IN, address_of, too_many_failures
from ..access.permissions import Permission
from ..access.users import SESSION_LIFETIME, end_session, redeem_login
from ..config import ServerConfig
from ..errors import Unauthenticated
from .routing import Endpoint, Route, TheServices

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<title>{title} - broadgauge</title>
<style>body{{font:1.1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}}
code{{font-size:1rem;padding:.2rem .5rem;border:1px solid;border-radius:.3rem}}</style>
<h1>{title}</h1><p>{text}</p>
<p>For a new link, run this on the server and open the address it prints:</p>
<p><code>broadgauge login</code></p></html>
"""


async def login(request: Request, services: TheServices, token: str = "") -> Response:
    """Turn a one-time link into a session. A browser that only looks ahead doesn't use it up."""
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    try:
        session = await services.write(redeem_login, token, services.now())
    except Unauthenticated:
        if request.app.state.login_failures.exceeded(address_of(request.scope)):
            return too_many_failures()
        text = "A login link works once and for 15 minutes. This one was used or has ended."
        return _page("This link doesn't work any more", text, HTTPStatus.UNAUTHORIZED)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    # Lax, because the link may be opened from a mail or a chat; what changes something needs our
    # own origin besides (access/origin.py).
    response.set_cookie(
        services.config.session_cookie,
        session,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=services.config.secure,
    )
    return response


async def sign_in() -> Response:
    """How to get in."""
    return _page("Sign in", "This dashboard opens with a one-time login link.", HTTPStatus.OK)


async def logout(request: Request, services: TheServices) -> Response:
    """End the session and show how to get back in."""
    session = session_of(request.headers, services.config.session_cookie)
    if session is not None:
        await services.write(end_session, session)
    response = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    forget_session(response, services.config)
    return response


def forget_session(response: Response, config: ServerConfig) -> None:
    """Delete the cookie. A browser heeds that only with what `__Host-` asks for."""
    response.delete_cookie(
        config.session_cookie, secure=config.secure, httponly=True, samesite="lax"
    )


def _page(title: str, text: str, status: HTTPStatus) -> Response:
    return HTMLResponse(PAGE.format(title=escape(title), text=escape(text)), status)


def _route(method: str, path: str, endpoint: Endpoint, permission: Permission) -> Route:
    return Route(
        method=method, path=path, endpoint=endpoint, permission=permission, documented=False
    )


ROUTES = (
    _route("GET", "/login", login, Permission.PUBLIC),
    _route("GET", SIGN_IN, sign_in, Permission.PUBLIC),
    _route("POST", "/logout", logout, Permission.READ),
)
