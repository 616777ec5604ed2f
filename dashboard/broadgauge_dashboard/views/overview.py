"""The Overview: how many schools have what their students need, and which do not."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from broadgauge_collector.capacity.model import Conclusion, Verdict
from broadgauge_collector.reports import LinkVerdict, Overview, Reading, SchoolSummary

from .. import format as fmt
from ..parts import badge, command, empty, icon, link_button
from ..query import OverviewQuery
from ..words import PER, Saying, saying
from .simulated import marks

_ORDER: dict[Conclusion, int] = {"below": 0, "undecided": 1, "meets": 2}
_TALLY: tuple[tuple[Conclusion, str, str], ...] = (
    ("meets", "school meets the target", "schools meet the target"),
    ("below", "school falls short", "schools fall short"),
    ("undecided", "school not decided yet", "schools not decided yet"),
)
ROWS_SHOWN = 100
"""A thousand would take seconds to send and draw, and be read by nobody."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def body(overview: Overview, query: OverviewQuery) -> list[Any]:
    """Everything below the controls."""
    if not overview.schools:
        return [_no_schools()]
    found = arrange(overview.schools, query)
    return [
        _band(overview),
        *([_only_this_machine()] if all(s.loopback_only for s in overview.schools) else []),
        _table(overview, found[:ROWS_SHOWN], query) if found else _nothing_matches(),
        _footing(overview, len(found)),
    ]


def conclusion(summary: SchoolSummary) -> Conclusion:
    """A school's own conclusion; without a judged line it is undecided."""
    return summary.deciding.verdict.conclusion if summary.deciding else "undecided"


def arrange(schools: tuple[SchoolSummary, ...], query: OverviewQuery) -> tuple[SchoolSummary, ...]:
    """The schools a query asks for, in its order; equal ones by name."""
    wanted = [s for s in schools if _matches(s, query)]
    wanted.sort(key=lambda s: s.school.name.casefold())
    if query.sort == "people":
        wanted.sort(key=lambda s: s.people.students if s.people else -1, reverse=True)
    elif query.sort == "speed":
        wanted.sort(key=_share_of_need)
    elif query.sort == "heard":
        wanted.sort(key=lambda s: s.last_heard_at or _LONG_AGO)
    elif query.sort == "attention":
        wanted.sort(key=lambda s: (_ORDER[conclusion(s)], _share_of_need(s)))
    return tuple(wanted)


def _matches(summary: SchoolSummary, query: OverviewQuery) -> bool:
    named = query.text.casefold() in summary.school.name.casefold()
    return named and query.show in ("all", conclusion(summary))


def _share_of_need(summary: SchoolSummary) -> float:
    verdict = summary.deciding.verdict if summary.deciding else None
    if not verdict or not verdict.capacity or not verdict.need or not verdict.need.bits_per_second:
        return float("inf")
    return verdict.capacity.bits_per_second / verdict.need.bits_per_second


def _band(overview: Overview) -> html.Section:
    counts = {c: sum(conclusion(s) == c for s in overview.schools) for c, _, _ in _TALLY}
    tallies = [_tally(c, counts[c], one, many) for c, one, many in _TALLY]
    bar = [
        html.Span(className=f"fill-{c}", style={"flexGrow": counts[c]})
        for c, _, _ in _TALLY
        if counts[c]
    ]
    return html.Section(
        [
            html.Div(tallies, className="tallies"),
            html.Div(bar, className="share-bar", **{"aria-hidden": "true"}),
        ],
        className="band",
        **{"aria-label": "Summary"},
    )


def _tally(tone: Conclusion, number: int, one: str, many: str) -> html.Div:
    words = html.Span([icon(tone), one if number == 1 else many])
    none = "" if number else " tally-none"
    shown = [html.Strong(fmt.count(number)), words]
    return html.Div(shown, className=f"tally tone-text-{tone}{none}")


def _table(
    overview: Overview, shown: tuple[SchoolSummary, ...], query: OverviewQuery
) -> html.Table:
    share = PER[overview.target.per]
    headings = ("School", "People", "Line speed", share, "Verdict", "Last heard")
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in headings]))
    rows = html.Tbody([_row(s, share, overview.as_of, query) for s in shown])
    caption = html.Caption("Schools against the target", className="only-read")
    return html.Table([caption, head, rows], className="table schools")


def _row(summary: SchoolSummary, share: str, now: datetime, query: OverviewQuery) -> html.Tr:
    said = saying(summary)
    return html.Tr(
        [
            html.Th(_name(summary, query), scope="row"),
            _cell("People", _people(summary)),
            _cell("Line speed", _line_speed(summary)),
            _cell(share, _share(summary)),
            _cell("Verdict", _verdict(summary, said, now)),
            _cell("Last heard", _heard(summary, now)),
        ]
    )


def _cell(label: str, children: Any) -> html.Td:
    return html.Td(html.Div(children), **{"data-label": label})


def _name(summary: SchoolSummary, query: OverviewQuery) -> list[Any]:
    address = urlencode({"target": query.target, "days": query.days})
    link = dcc.Link(summary.school.name, href=f"/school/{summary.school.id}?{address}")
    return [link, *marks(summary.simulated)]


def _people(summary: SchoolSummary) -> list[Any]:
    if summary.people is None:
        return [fmt.UNKNOWN, _small("no enrollment yet")]
    staff = summary.people.staff
    students = summary.people.students
    word = "student" if students == 1 else "students"
    note = _small(f"{word}, {fmt.count(staff)} staff" if staff else word)
    return [_big(fmt.count(students)), note]


def _line_speed(summary: SchoolSummary) -> list[Any]:
    capacity = summary.deciding.verdict.capacity if summary.deciding else None
    if summary.deciding is None or capacity is None:
        return [fmt.UNKNOWN]
    words = [_big(speed(capacity.bits_per_second, at_least=capacity.at_least))]
    between = fmt.rate_range(capacity.interval)
    return [*words, _small(between), *_shared(summary.deciding)]


def speed(bits_per_second: float, *, at_least: bool) -> str:
    """A line's rate, saying so where it is a lower bound."""
    return f"{'≥ ' if at_least else ''}{fmt.rate(bits_per_second)}"


def _shared(judged: LinkVerdict) -> list[Any]:
    others = len(judged.schools)
    return [_small(f"{judged.link.name}, {others} schools")] if others > 1 else []


def _share(summary: SchoolSummary) -> list[Any]:
    verdict = summary.deciding.verdict if summary.deciding else None
    if verdict is None or verdict.need is None or not verdict.need.people:
        return [fmt.UNKNOWN]
    need, people = verdict.need, verdict.need.people
    needed = fmt.rate(need.bits_per_second / people)
    if verdict.capacity is None:
        return [fmt.UNKNOWN, _small(f"of {needed} needed")]
    rate = speed(verdict.capacity.bits_per_second / people, at_least=verdict.capacity.at_least)
    between = fmt.rate_range(fmt.divided(verdict.capacity.interval, people))
    big = html.Span([_big(rate), html.Span(f" of {needed}", className="cell-of")])
    return [big, _small(between), gauge(verdict)]


def gauge(verdict: Verdict) -> html.Div:
    """Measured against needed: the tick is the need, the band the interval, the dot the median."""
    if verdict.capacity is None or verdict.need is None or not verdict.need.bits_per_second:
        return html.Div()
    need, capacity = verdict.need.bits_per_second, verdict.capacity
    low, high = capacity.interval.low, capacity.interval.high
    left = _place((low if low is not None else capacity.bits_per_second) / need)
    right = _place(high / need) if high is not None else 100.0
    band = html.Span(style={"left": f"{left}%", "right": f"{100 - right}%"}, className="gauge-band")
    dot = html.Span(
        style={"left": f"{_place(capacity.bits_per_second / need)}%"}, className="gauge-dot"
    )
    tick = html.Span(style={"left": f"{_place(1.0)}%"}, className="gauge-need")
    return html.Div(
        [band, tick, dot],
        className=f"gauge tone-text-{verdict.conclusion}",
        **{"aria-hidden": "true"},
    )


def _place(share_of_need: float) -> float:
    """Percent along the gauge, whose end is 2.5 times the need."""
    return round(min(max(share_of_need, 0.0) / 2.5, 1.0) * 100, 1)


def _verdict(summary: SchoolSummary, said: Saying, now: datetime) -> list[Any]:
    words = [badge(said), _small(said.why)]
    if summary.reading is None or said.tone != "undecided":
        return words
    when = reading_when(summary.reading, summary.school.timezone, now)
    return [*words, _small(f"{when}: {reading_rate(summary.reading)}")]


def reading_when(reading: Reading, timezone: str, now: datetime) -> str:
    """When a reading was taken, and whether it says anything about the line."""
    here = fmt.local(reading.started_at, timezone)
    today = here.date() == fmt.local(now, timezone).date()
    when = f"Today {fmt.clock(here)}" if today else fmt.moment(reading.started_at, timezone)
    if reading.loopback:
        return f"{when}, inside one machine"
    return when if reading.bound else f"{when}, unsteady or too short to tell"


def reading_rate(reading: Reading) -> str:
    """A reading's rate and direction, never a verdict."""
    rate = speed(reading.line_bits_per_second, at_least=reading.bound == "at_least")
    return f"{rate} {reading.direction}"


def _heard(summary: SchoolSummary, now: datetime) -> list[Any]:
    words = fmt.ago(summary.last_heard_at, now)
    agents = _small(_agents(summary))
    if summary.all_asleep:
        return [html.Span([icon("moon"), "Asleep"], className="badge tone-undecided"), agents]
    if summary.silent:
        return [html.Span([icon("stale"), words], className="badge tone-stale"), agents]
    return [words, agents]


def _agents(summary: SchoolSummary) -> str:
    if not summary.agents:
        return "no agent"
    count = fmt.plural(summary.agents, "agent")
    if summary.all_asleep:
        return f"{count}, away from school networks"
    return f"{count}, {fmt.count(summary.asleep)} asleep" if summary.asleep else count


def _big(text: str) -> html.Span:
    return html.Span(text, className="cell-value")


def _small(text: str) -> html.Span:
    return html.Span(text, className="cell-note")


def _no_schools() -> html.Div:
    return empty(
        "No schools yet",
        "Add the first one on the server, then put an agent on a machine there:",
        action=command(
            'broadgauge schools add "Lincoln Elementary" --timezone America/Chicago --students 420'
        ),
    )


def _only_this_machine() -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.H2("Everything works. Now add a second machine."),
                    html.P(
                        "So far every test stayed inside this one machine. That shows the whole "
                        "chain at work, but it says nothing about a line, so it is never judged. "
                        "An agent on a second machine gives the first real reading."
                    ),
                ]
            ),
            link_button("Add an agent", "/agents#add"),
        ],
        className="callout",
    )


def _nothing_matches() -> html.Div:
    return empty("No school matches", "Clear the search, or show all verdicts.")


def _footing(overview: Overview, found: int) -> html.P:
    target = overview.target
    shown = min(found, ROWS_SHOWN)
    rest = "" if shown == found else " For others, find them by name, or by verdict or order."
    return html.P(
        f"{shown} of {fmt.plural(len(overview.schools), 'school')} shown.{rest} "
        f"Target: {target.title}, "
        f"{target.direction}. {target.source}. Stated for the {target.level}. "
        f"Last {overview.days} days. A school's verdict is the worst of the lines it depends on.",
        className="footing",
    )
