"""What is said of a line wherever it stands: what it was bought for, carries, leaves and costs."""

from datetime import date
from typing import Any

from dash import dcc, html

from broadgauge_collector.reports import LinkVerdict
from broadgauge_collector.reports.lines import Contract, LineFacts
from broadgauge_collector.schools.model import Link

from .. import format as fmt
from ..parts import icon
from ..words import Saying, verdict_saying
from .overview import speed

MINUS = "\u2212"
NO_SCHOOL = "No school is behind it: say which."
NOT_ABOUT = "This target is not about it."
KINDS = {"internet": "Internet line", "wan": "WAN circuit", "lan": "School network"}
_TONES: dict[Contract, str] = {"ends_soon": "stale", "ended": "below"}


def line_link(link: Link, kept: str = "") -> dcc.Link:
    """Its name, leading to its page; `kept` is the address's query."""
    return dcc.Link(link.name, href=f"/line/{link.id}{'?' if kept else ''}{kept}")


def line_saying(facts: LineFacts) -> Saying:
    """A line's verdict, or why there is none."""
    if facts.judged is not None:
        return verdict_saying(facts.judged)
    return Saying("Not judged", NOT_ABOUT if facts.schools else NO_SCHOOL, "undecided")


def school_saying(judged: LinkVerdict | None) -> Saying:
    """A school's own verdict: that of its worst line."""
    if judged is None:
        return Saying("Not judged", "No line of this school is judged.", "undecided")
    return verdict_saying(judged)


def carries(facts: LineFacts) -> tuple[str, str]:
    """What was measured, and its range."""
    capacity = facts.judged.verdict.capacity if facts.judged else None
    if capacity is None:
        return fmt.UNKNOWN, "not measured yet"
    between = fmt.rate_range(capacity.interval) or f"from {fmt.plural(capacity.days, 'day')}"
    return speed(capacity.bits_per_second, at_least=capacity.at_least), between


def room_left(facts: LineFacts) -> tuple[str, str]:
    """What the line carries beyond its need, and which of the two it is."""
    spare = facts.spare_bits_per_second
    if spare is None:
        return fmt.UNKNOWN, "need or capacity unknown"
    if spare < 0:
        return f"{MINUS}{fmt.rate(-spare)}", "short of the need"
    return f"{_at_least(facts)}{fmt.rate(spare)}", "beyond the need"


def delivered(facts: LineFacts) -> str:
    """Share of the contracted rate that was measured."""
    if facts.delivered is None:
        return fmt.UNKNOWN
    return f"{_at_least(facts)}{facts.delivered:.0%}"


def money(amount: float | None) -> str:
    """An amount in the district's currency: `1,250`, `3.40`."""
    if amount is None:
        return fmt.UNKNOWN
    return f"{amount:,.2f}" if amount < 100 and amount != int(amount) else f"{amount:,.0f}"


def price_each(facts: LineFacts) -> str:
    """What a measured megabit costs a month."""
    sign = "\u2264 " if facts.at_least and facts.price_per_mbps is not None else ""
    return f"{sign}{money(facts.price_per_mbps)}"


def contract_end(facts: LineFacts) -> list[Any]:
    """When the contract ends, with a warning when that is near or over."""
    ends = facts.link.contract_ends
    if ends is None:
        return [fmt.UNKNOWN]
    shown: list[Any] = [html.Span(long_day(ends), className="cell-value")]
    tone = _TONES.get(facts.contract)
    if tone is not None:
        shown.append(html.Span([icon(tone), _when(facts)], className=f"badge tone-{tone}"))
    return shown


def long_day(day: date) -> str:
    """A day with its year: `Jun 30, 2027`."""
    return f"{day:%b} {day.day}, {day.year}"


def _at_least(facts: LineFacts) -> str:
    return "\u2265 " if facts.at_least else ""


def _when(facts: LineFacts) -> str:
    days = facts.contract_days or 0
    if days < 0:
        return f"Ended {fmt.how_long(-days * 86400)} ago"
    return f"Ends in {fmt.plural(days, 'day')}" if days < 60 else f"Ends in {days // 30} months"
