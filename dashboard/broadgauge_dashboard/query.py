"""What a page's address says: target, period, order and filters, with the invalid left out."""

from itertools import groupby
from typing import Any, Literal, get_args
from uuid import UUID

from msgspec import Struct

from broadgauge_collector.capacity.targets import DEFAULT_TARGET, TARGETS
from broadgauge_collector.errors import NotFound

from .parts import PERIODS

DEFAULT_DAYS = 30

Sort = Literal["attention", "name", "people", "speed", "heard"]
Show = Literal["all", "meets", "below", "undecided"]


class OverviewQuery(Struct, frozen=True, kw_only=True):
    """The Overview's address."""

    target: str = DEFAULT_TARGET
    days: int = DEFAULT_DAYS
    sort: Sort = "attention"
    show: Show = "all"
    text: str = ""


def overview_query(**given: Any) -> OverviewQuery:
    """An Overview query from an address or from controls; anything unknown is the default."""
    return OverviewQuery(
        target=target_of(given.get("target")),
        days=days_of(given.get("days")),
        sort=_one_of(given.get("sort"), Sort, "attention"),
        show=_one_of(given.get("show"), Show, "all"),
        text=text_of(given.get("q")),
    )


def target_of(given: Any) -> str:
    """A known target's key."""
    return next((t.key for t in TARGETS if t.key == given), DEFAULT_TARGET)


def days_of(given: Any) -> int:
    """A period that the page offers."""
    return next((n for n in PERIODS if str(n) == str(given)), DEFAULT_DAYS)


def school_of(given: Any) -> UUID:
    """A school's id. NotFound if it can't be one."""
    return _id_of(given, "There is no such school. Choose one from the list.")


def test_of(given: Any) -> UUID:
    """A test's id. NotFound if it can't be one."""
    return _id_of(given, "There is no such test. Choose one from its school's list.")


def line_of(given: Any) -> UUID:
    """A line's id. NotFound if it can't be one."""
    return _id_of(given, "There is no such line. Choose one from the list.")


def device_of(given: Any) -> UUID:
    """A device's id. NotFound if it can't be one."""
    return _id_of(given, "There is no such device. Choose one from the list.")


def text_of(given: Any, most: int = 100) -> str:
    """What to look for."""
    return given.strip()[:most] if isinstance(given, str) else ""


def id_of(given: Any) -> UUID | None:
    """An id; None if it can't be one."""
    try:
        return _id_of(given, "")
    except NotFound:
        return None


def target_choices() -> list[dict[str, Any]]:
    """All targets for a select, under the body that states them."""
    return [
        {"group": source, "items": [{"value": t.key, "label": t.title} for t in group]}
        for source, group in groupby(TARGETS, key=lambda t: t.source)
    ]


def _id_of(given: Any, otherwise: str) -> UUID:
    try:
        return UUID(given)
    except (AttributeError, TypeError, ValueError) as error:
        raise NotFound(otherwise) from error


def _one_of(given: Any, kind: Any, default: Any) -> Any:
    return given if given in get_args(kind) else default
