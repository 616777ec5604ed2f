"""What changed since last week."""

from starlette.responses import Response

from ..access.permissions import Permission
from ..capacity.targets import DEFAULT_TARGET
from ..config import DEFAULT_DAYS
from ..errors import NotFound
from ..reports.week import Week
from ..week_reports import week_report
from .routing import Route, TheServices, answer
from .verdicts import Days, TargetKey


async def get_week(
    services: TheServices, target: TargetKey = DEFAULT_TARGET, days: Days = DEFAULT_DAYS
) -> Response:
    """Verdicts that are others than a week ago, schools that went silent or came back, changes that
    were marked, and coverage goals that were reached."""
    return answer(await week_report(services, target, days))


ROUTES = (
    Route(
        method="GET",
        path="/week",
        endpoint=get_week,
        permission=Permission.READ,
        answer=Week,
        refusals=(NotFound,),
    ),
)
