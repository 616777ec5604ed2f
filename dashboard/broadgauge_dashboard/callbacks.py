"""The one way to register a callback: it is async, and names the permission it needs."""

import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import dash
from dash.exceptions import PreventUpdate

from broadgauge_collector.access.permissions import Permission, current_principal
from broadgauge_collector.errors import CollectorError
from broadgauge_collector.services import Services

from .parts import failed
from .still import stilled

Function = Callable[..., Awaitable[Any]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Registered:
    """A callback as the pages wrote it: what it depends on, and who may call it."""

    function: Function
    dependencies: tuple[Any, ...]
    permission: Permission
    prevent_initial_call: bool


REGISTRY: list[Registered] = []
"""Every callback that runs on the server, except Dash's own page router (static shells only)."""


def callback(
    *dependencies: Any, permission: Permission, prevent_initial_call: bool = False
) -> Callable[[Function], Function]:
    """Register `async def f(services, *inputs)`. TypeError if it is not async."""

    def keep(function: Function) -> Function:
        if not inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__qualname__} would block the event loop: make it async")
        REGISTRY.append(Registered(function, dependencies, permission, prevent_initial_call))
        return function

    return keep


def wire(app: dash.Dash, services: Services) -> None:
    """Give every registered callback to a Dash app."""
    for entry in REGISTRY:
        app.callback(*entry.dependencies, prevent_initial_call=entry.prevent_initial_call)(
            guarded(entry, services)
        )


def guarded(entry: Registered, services: Services) -> Function:
    """The callback behind its permission; a failure becomes a panel that says so."""

    async def run(*values: Any) -> Any:
        if not current_principal.get().may(entry.permission):
            return failed("You are not permitted to see this", "Sign in with a login link.")
        try:
            return stilled(await entry.function(services, *values))
        except PreventUpdate:
            raise
        except CollectorError as error:
            return failed(error.title, error.detail)
        except Exception:
            log.exception("callback %s failed", entry.function.__qualname__)
            return failed("This could not be shown", "The server's log says why. Try again.")

    return run
