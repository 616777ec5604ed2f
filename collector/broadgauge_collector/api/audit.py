"""The district as a whole."""

from starlette.responses import Response

from ..access.permissions import Permission
from ..capacity.targets import DEFAULT_TARGET
from ..config import DEFAULT_DAYS
from ..errors import NotFound
from ..reports.audit import Audit, audit
from .routing import Route, TheServices, answer
from .verdicts import Days, TargetKey


async def get_audit(
    services: TheServices, target: TargetKey = DEFAULT_TARGET, days: Days = DEFAULT_DAYS
) -> Response:
    """How much of the variation of rates lies between schools, rooms, days and hours, and what
    schools have in common."""
    return answer(await services.report(audit, target, days))


ROUTES = (
    Route(
        method="GET",
        path="/audit",
        endpoint=get_audit,
        permission=Permission.READ,
        answer=Audit,
        refusals=(NotFound,),
    ),
)
