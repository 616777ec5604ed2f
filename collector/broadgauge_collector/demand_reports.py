"""Reports on demand for whoever asks: a recent answer will do, but none from before an edit."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from .schools.assumptions import edition_of
from .services import Services
from .store import Stores

Report = TypeVar("Report")


async def demand_report(
    services: Services, report: Callable[..., Report], *args: Hashable
) -> Report:
    """`report(stores, *args, now)`, by the assumptions as they are at this moment."""
    edition = await services.look_up(edition_of)
    found: Report = await services.report(_of_edition, edition, report, *args)
    return found


def _of_edition(stores: Stores, _edition: str, report: Callable[..., Any], *args: Any) -> Any:
    return report(stores, *args)
