"""What changed since last week, from answers that others ask for too."""

from .reports import overview
from .reports.week import Week, goals_reached, week
from .services import Services


async def week_report(services: Services, target: str, days: int) -> Week:
    """Against a target, by the tests of so many days. NotFound for an unknown target."""
    found = await services.report(overview, target, days)
    goals = await services.report(goals_reached, target, days)
    return await services.read(week, found, goals)
