"""Render the first page once before anybody asks for it.

Dash puts its inline scripts together at the first rendering; until then a deep link would come
without them. What was rendered also tells which inline scripts the content policy must allow.
"""

import asyncio
import base64
import hashlib
from contextlib import suppress
from html.parser import HTMLParser
from typing import Any

from starlette.types import ASGIApp, Message

from .access.middleware import INTERNAL_PRINCIPAL
from .access.permissions import Permission, Principal
from .capacity.targets import DEFAULT_TARGET
from .config import DEFAULT_DAYS
from .errors import CollectorError
from .recent import TOO_OLD_SECONDS
from .reports import overview
from .services import Services

OURSELVES = Principal(kind="user", name="server", permissions=frozenset({Permission.READ}))


async def keep_overview(services: Services) -> None:
    """Have the overview that most people ask for at hand, if working it out costs much."""
    while True:
        await asyncio.sleep(TOO_OLD_SECONDS / 2)
        with suppress(CollectorError):
            await services.report(overview, DEFAULT_TARGET, DEFAULT_DAYS)


async def warm(app: ASGIApp) -> tuple[str, ...]:
    """Render `/`, and return the hashes of its inline scripts for the content policy."""
    page = await _get(app, "/")
    return script_hashes(page.decode("utf-8", "replace"))


def script_hashes(page: str) -> tuple[str, ...]:
    """The CSP hash of each inline script of a page."""
    found = _InlineScripts()
    found.feed(page)
    return tuple(dict.fromkeys(_hash(script) for script in found.scripts))


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


async def _get(app: ASGIApp, path: str) -> bytes:
    body: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        body.append(message.get("body", b""))

    await app(_scope(path), receive, send)
    return b"".join(body)


def _scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"text/html")],
        "client": None,
        "server": ("localhost", 80),
        "state": {},
        INTERNAL_PRINCIPAL: OURSELVES,
    }


class _InlineScripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"
