"""`/storage`: what is kept, what upkeep did, and the backups there are."""

from typing import Any

from dash import Input, Output, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.services import Services
from broadgauge_collector.upkeep.settings import list_settings
from broadgauge_collector.upkeep.storage import storage_of

from ..callbacks import callback
from ..parts import loading, refresh
from ..views.storage import storage_panels

PATH = "/storage"
TITLE = "Storage · broadgauge"


def layout(**_: Any) -> html.Div:
    """The shell."""
    return html.Div(
        [
            html.H1("Storage"),
            html.Div(loading(240), id="storage-body", className="page-body"),
            refresh(),
        ],
        className="page",
    )


@callback(
    Output("storage-body", "children"),
    Input("refresh", "n_intervals"),
    permission=Permission.MANAGE,
)
async def show_storage(services: Services, _: int | None) -> Any:
    """What is on disk, and the latest of upkeep."""
    now = services.now()
    storage = await services.read(storage_of, services.config, now)
    settings = await services.look_up(list_settings)
    return storage_panels(storage, settings, now)
