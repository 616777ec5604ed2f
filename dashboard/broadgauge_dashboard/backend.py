"""Dash's routes as this server offers them: no websocket, and a bad question is the asker's fault.

Dash answers 500 to whatever it can't make sense of. Callbacks show their own faults (callbacks.py),
so what still fails here is a question that no page of ours asks.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from dash.backends._fastapi import FastAPIDashServer
from dash.exceptions import DependencyException, PreventUpdate
from fastapi import Request
from starlette.exceptions import HTTPException

Dispatch = Callable[[Request], Awaitable[Any]]

log = logging.getLogger(__name__)


class Backend(FastAPIDashServer):  # type: ignore[misc]  # Dash has no types for it
    """Dash on FastAPI. HTTPException 400 for a malformed question, 404 for an unknown script."""

    websocket_capability = False

    def serve_callback(self, dash_app: Any) -> Dispatch:
        """Where the pages' questions arrive."""
        dispatch: Dispatch = super().serve_callback(dash_app)

        async def answer(request: Request) -> Any:
            try:
                return await dispatch(request)
            except PreventUpdate:
                raise
            except Exception as error:
                log.warning("a question that no page asks was refused", exc_info=True)
                raise HTTPException(400, "No page asks this. Reload the page.") from error

        return answer

    def serve_component_suites(self, *asked: Any) -> Any:
        """The scripts of Dash and its components, and no other file."""
        try:
            return super().serve_component_suites(*asked)
        except (DependencyException, OSError) as error:
            raise HTTPException(404) from error
