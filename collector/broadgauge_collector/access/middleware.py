"""The door: no request and no websocket reaches a route whose permission it does not have.

Plain ASGI, so that websockets pass through it as well. The body is neither read before the caller
is known nor beyond the route's limit.
"""

from http import HTTPStatus

import structlog
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from broadgauge_host.senders import sender_of

from ..api.problems import from_collector_error
from ..errors import AgentRefused, CollectorError, NotPermitted, TooManyFailures, Unauthenticated
from ..services import Services
from .authenticate import authenticate
from .bodies import Bodies, announced_bytes, bounded
from .failures import FailureLimit
from .origin import same_origin
from .permissions import ANONYMOUS, Permission, Principal, current_principal
from .refusals import Refusals
from .rules import WEBSOCKET, AccessRules, Rule, matching_route, path_of

INTERNAL_PRINCIPAL = "broadgauge.principal"
"""Scope key for requests the server makes to itself; nothing outside can set it."""

SIGN_IN = "/sign-in"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY_VIOLATION = 1008
NOTHING_THERE = Rule(Permission.PUBLIC)
log = structlog.get_logger()


class AccessMiddleware:
    """Finds the route's rule, then the caller, then says yes or no."""

    def __init__(
        self, app: ASGIApp, *, router: Router, rules: AccessRules, services: Services
    ) -> None:
        self._app = app
        self._router = router
        self._rules = rules
        self._services = services
        self._failures = FailureLimit()
        self._refusals = Refusals()
        self._bodies = Bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            rule = self._rule(scope)
            principal = await self._admit(scope, rule)
            if rule.admit is not None:
                rule.admit(Headers(scope=scope))
            size = announced_bytes(scope, rule.max_body_bytes)
            size = 0 if rule.body_to_disk else size
            self._bodies.take(principal.id, size)
        except CollectorError as error:
            await self._refuse(error, scope, receive, send)
            return
        token = current_principal.set(principal)
        try:
            receive = bounded(scope, receive, rule.max_body_bytes, to_disk=rule.body_to_disk)
            await self._app(scope, receive, send)
        finally:
            current_principal.reset(token)
            self._bodies.give_back(principal.id, size)

    def _rule(self, scope: Scope) -> Rule:
        method = scope.get("method", WEBSOCKET)
        route = matching_route(self._router.routes, scope)
        if route is None:  # the router has nothing to give but 404, 405 or a redirect
            return NOTHING_THERE
        scope["route"] = route  # which metrics name, whatever becomes of the request
        rule = self._rules.rule(route, method)
        if rule is None:
            log.error("route_without_permission", route=path_of(route), method=method)
            raise NotPermitted("No permission was declared for this, so nobody may use it.")
        return rule

    async def _admit(self, scope: Scope, rule: Rule) -> Principal:
        if INTERNAL_PRINCIPAL in scope:
            internal: Principal = scope[INTERNAL_PRINCIPAL]
            return internal
        if rule.permission is Permission.PUBLIC:
            return ANONYMOUS
        headers = Headers(scope=scope)
        principal = await authenticate(self._services, headers)
        if principal.kind == "anonymous":
            raise Unauthenticated("Sign in, or send 'Authorization: Bearer' with a token.")
        if not principal.may(rule.permission):
            raise NotPermitted(f"This needs the permission '{rule.permission}'.")
        if "authorization" not in headers and not _harmless(scope) and not same_origin(headers):
            raise NotPermitted("A page of another site asked for this in your name.")
        return principal

    async def _refuse(
        self, error: CollectorError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": error.title})
            return
        response = self._refusal(error, scope)
        await response(scope, receive, send)

    def _refusal(self, error: CollectorError, scope: Scope) -> Response:
        if not isinstance(error, Unauthenticated):
            return from_collector_error(error)
        if isinstance(error, AgentRefused):
            self._refusals.note(error)
        headers = Headers(scope=scope)
        if "authorization" in headers and self._failures.exceeded(address_of(scope)):
            return too_many_failures()
        if _is_navigation(scope, headers):
            return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
        response = from_collector_error(error)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response


def address_of(scope: Scope) -> str:
    """The other side, by its address at the socket, as limits count it."""
    client = scope.get("client")
    return sender_of(str(client[0])) if client else ""


def too_many_failures() -> Response:
    """429 for an address that keeps sending what isn't known."""
    words = "Too many attempts with unknown secrets from this address. Wait a minute."
    return from_collector_error(TooManyFailures(words))


def _harmless(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in SAFE_METHODS


def _is_navigation(scope: Scope, headers: Headers) -> bool:
    page = scope["method"] in SAFE_METHODS and not scope["path"].startswith("/api/")
    return page and "text/html" in headers.get("accept", "")
