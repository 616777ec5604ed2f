"""What stands above every page while some of the schools are made up."""

from typing import Any

from dash import Input, Output

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.schools.repository import count_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..shell import SIMULATED
from ..views.simulated import banner


@callback(
    Output(SIMULATED, "children"),
    Input("_pages_location", "pathname"),
    Input("refresh", "n_intervals", allow_optional=True),
    permission=Permission.READ,
)
async def show_banner(services: Services, _path: str, _: int | None) -> Any:
    """Nothing where every school is real."""
    return banner(await services.look_up(count_schools))
