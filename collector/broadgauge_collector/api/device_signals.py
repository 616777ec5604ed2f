"""Parts of machines that were changed: what agents noticed, and what people say of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..errors import Conflict, NotFound
from ..fleet.signals import (
    DeviceSignal,
    SignalState,
    confirm_signal,
    dismiss_signal,
    signals,
)
from .routing import Route, TheServices, answer

ThisSignal = Annotated[UUID, Path(description="The signal's id")]


async def get_signals(
    services: TheServices,
    state: Annotated[
        SignalState | None, Query(description="Only those; without it, all of them")
    ] = None,
) -> Response:
    """Disks, batteries and memory that aren't those a machine had, newest first, at most 1000."""
    return answer(await services.look_up(signals, state))


async def post_confirm(services: TheServices, signal_id: ThisSignal) -> Response:
    """Say that it was a repair. It stands among repairs typed in, under the signal's id, with the
    day on which it was noticed, and can be corrected there."""
    return answer(await services.write(confirm_signal, signal_id, services.now()))


async def post_dismiss(services: TheServices, signal_id: ThisSignal) -> Response:
    """Say that it was no repair, such as an upgrade. The same change isn't signalled again."""
    return answer(await services.write(dismiss_signal, signal_id, services.now()))


ROUTES = (
    Route(
        method="GET",
        path="/device-signals",
        endpoint=get_signals,
        permission=Permission.READ,
        answer=tuple[DeviceSignal, ...],
    ),
    Route(
        method="POST",
        path="/device-signals/{signal_id}/confirm",
        endpoint=post_confirm,
        permission=Permission.MANAGE,
        answer=DeviceSignal,
        refusals=(NotFound, Conflict),
    ),
    Route(
        method="POST",
        path="/device-signals/{signal_id}/dismiss",
        endpoint=post_dismiss,
        permission=Permission.MANAGE,
        answer=DeviceSignal,
        refusals=(NotFound, Conflict),
    ),
)
