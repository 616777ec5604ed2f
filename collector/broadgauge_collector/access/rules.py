"""Which permission each route needs. What is not declared here is denied."""

from collections.abc import Callable, Iterable

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from .permissions import Permission

WEBSOCKET = "WEBSOCKET"
ANY_METHOD = "*"
DEFAULT_BODY_BYTES = 256 * 1024


Admit = Callable[[Headers], None]
"""Raises if a request of a known caller shall not be taken now."""


class Rule(Struct, frozen=True):
    """Who may use a route, and how large a body it reads."""

    permission: Permission
    max_body_bytes: int = DEFAULT_BODY_BYTES
    body_to_disk: bool = False
    """Whether it is written to disk as it comes: then it takes no memory, and may take longer."""
    admit: Admit | None = None


class AccessRules:
    """The one list of (path, method) -> rule. Routes are put in where they are registered."""

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str], Rule] = {}

    def declare(
        self,
        path: str,
        methods: Iterable[str],
        permission: Permission,
        *,
        max_body_bytes: int = DEFAULT_BODY_BYTES,
        body_to_disk: bool = False,
        admit: Admit | None = None,
    ) -> None:
        """Name the permission of a path template as registered, for each of the methods."""
        for method in methods:
            self._rules[path, method] = Rule(permission, max_body_bytes, body_to_disk, admit)

    def declare_routes(
        self,
        routes: Iterable[BaseRoute],
        permission: Permission,
        *,
        max_body_bytes: int = DEFAULT_BODY_BYTES,
    ) -> None:
        """Name one permission for routes that somebody else's code registered."""
        for route in routes:
            self.declare(
                path_of(route), methods_of(route), permission, max_body_bytes=max_body_bytes
            )

    def rule(self, route: BaseRoute, method: str) -> Rule | None:
        """The rule of a route for a method; None means: deny."""
        path = path_of(route)
        return self._rules.get((path, method)) or self._rules.get((path, ANY_METHOD))


def path_of(route: BaseRoute) -> str:
    """The path template a route was registered with."""
    return str(getattr(route, "path", ""))


def methods_of(route: BaseRoute) -> tuple[str, ...]:
    """HTTP methods of a route; `WEBSOCKET` for a websocket, `*` for a mounted application."""
    if hasattr(route, "methods"):
        return tuple(sorted(route.methods or (ANY_METHOD,)))
    return (ANY_METHOD,) if hasattr(route, "app") and hasattr(route, "routes") else (WEBSOCKET,)


def matching_route(routes: Iterable[BaseRoute], scope: Scope) -> BaseRoute | None:
    """The route that the router will choose: the first full match."""
    return next((route for route in routes if route.matches(scope)[0] is Match.FULL), None)
