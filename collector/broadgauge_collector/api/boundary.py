"""The outermost layer: security headers on every answer, request metrics, and the last resort."""

import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..access.rules import path_of
from ..metrics import Metrics
from .problems import unexpected

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TLS_HEADERS = {"Cross-Origin-Opener-Policy": "same-origin"}
"""Browsers complain about these on every page that came in the clear."""

PRIVATE = "no-store"

CLIENT_GONE = 499
"""For metrics alone, as other servers count it."""


class Boundary:
    """Wraps the whole application; `script_hashes` says which inline scripts pages may run."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, script_hashes: Callable[[], tuple[str, ...]]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._script_hashes = script_hashes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), scope)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = CLIENT_GONE  # there is nobody to answer, and nothing is wrong here
        except Exception as error:  # the last resort is for everything
            if status:
                raise
            await unexpected(error, scope["path"])(scope, receive, send_with_headers)
        route = path_of(scope["route"]) if "route" in scope else "none"
        self._metrics.request(route, scope["method"], status, time.perf_counter() - began)

    def _add_headers(self, headers: MutableHeaders, scope: Scope) -> None:
        always = HEADERS | TLS_HEADERS if scope["scheme"] == "https" else HEADERS
        for name, value in always.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", content_policy(self._script_hashes()))
        if scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", PRIVATE)


def content_policy(script_hashes: tuple[str, ...]) -> str:
    """Everything from this origin. Inline styles are Dash's; inline scripts only those hashed."""
    scripts = " ".join(["'self'", *(f"'{digest}'" for digest in script_hashes)])
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
