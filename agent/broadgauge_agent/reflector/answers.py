"""What is asked over plain HTTP, and what is answered: data between the routes and the wire."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from msgspec import Struct

Headers = tuple[tuple[str, str], ...]

UNSHARED: Final[Headers] = (("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0"),)
"""For the caller: no page served elsewhere may read it, and nothing on the way may keep it."""

ANY_PAGE: Final[Headers] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Retry-After"),
    ("Timing-Allow-Origin", "*"),
    *UNSHARED,
)
"""A page served elsewhere may test here, as people's own LibreSpeed pages do. It learns nothing of
whoever opened it but how fast the line is."""

PREFLIGHT: Final[Headers] = (
    *ANY_PAGE,
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Content-Encoding, Content-Type"),
)


class Asked(Struct, frozen=True, kw_only=True):
    """One request, its body counted and dropped."""

    method: str
    path: str
    query: str
    address: str
    host: str
    """Name and port by which the client knows this server."""

    is_tls: bool
    body_bytes: int = 0

    @property
    def target(self) -> str:
        """The path with its query, as it was asked for."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Answer(Struct, frozen=True, kw_only=True):
    """One answer: a short body, or so many bytes of noise."""

    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "text/plain; charset=utf-8"
    headers: Headers = ANY_PAGE
    body: bytes = b""
    noise_bytes: int = 0


class Route(Struct, frozen=True, kw_only=True):
    """How a path is answered."""

    answer: Callable[[Asked], Answer]
    takes_upload: bool = False


def words(text: str, status: HTTPStatus = HTTPStatus.OK, headers: Headers = ()) -> Answer:
    """An answer for people to read."""
    return Answer(status=status, body=text.encode(), headers=(*ANY_PAGE, *headers))


def noise(num_bytes: int, content_type: str = "application/octet-stream") -> Answer:
    """So many random bytes."""
    return Answer(content_type=content_type, noise_bytes=num_bytes)
