"""The evidence of a verdict day by day: what each day's median test says."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from dash import html

from broadgauge_collector.capacity.model import DayVote, Vote

from .. import format as fmt
from ..parts import empty, icon
from ..words import VOTES, Tone

MOST_SQUARES = 60
"""Above this many days, a square each is a wall: they become marks in a calendar of months."""

_TONES: dict[Vote, Tone] = {"reached": "meets", "missed": "below", "cannot_say": "undecided"}


def strip(votes: Sequence[DayVote]) -> html.Div:
    """Every day that counts, in order, with its legend."""
    if not votes:
        return empty(
            "No day counts yet",
            "A test counts in closed hours, over a network, from a computer that can see the need.",
        )
    if len(votes) <= MOST_SQUARES:
        days = html.Ol([_day(vote) for vote in votes], className="days")
        return html.Div([days, _legend([icon(tone) for tone in _TONES.values()])])
    months = groupby(votes, key=lambda vote: vote.day.replace(day=1))
    calendar = html.Ol([_month(first, list(days)) for first, days in months], className="months")
    return html.Div([calendar, _legend([_mark(vote) for vote in _TONES])])


def _day(vote: DayVote) -> html.Li:
    tone, words = _TONES[vote.vote], _words(vote)
    square = [icon(tone), html.Span(words, className="only-read")]
    name = html.Span(f"{vote.day:%b} {vote.day.day}", className="day-name")
    return html.Li([html.Span(square, className=f"day tone-{tone}"), name], title=words)


def _month(first: date, votes: list[DayVote]) -> html.Li:
    """A calendar's month: a column a week, a row a weekday; its counts are what is read aloud."""
    begin = _week(votes[0].day)
    marks = [_mark(v.vote, title=_words(v), style=_place(v.day, begin)) for v in votes]
    counts = ((sum(v.vote == vote for v in votes), VOTES[vote]) for vote in _TONES)
    said = ", ".join(f"{fmt.plural(number, 'day')} {what}" for number, what in counts if number)
    return html.Li(
        [
            html.Span(f"{first:%b}", className="day-name", **{"aria-hidden": "true"}),
            html.Span(f"{first:%B %Y}: {said}", className="only-read"),
            html.Div(marks, className="month", **{"aria-hidden": "true"}),
        ]
    )


def _place(day: date, begin: int) -> dict[str, Any]:
    return {"gridColumn": _week(day) - begin + 1, "gridRow": day.weekday() + 1}


def _week(day: date) -> int:
    """The week of its month, from 0; weeks begin on Monday."""
    return (day.day - 1 + day.replace(day=1).weekday()) // 7


def _mark(vote: Vote, **more: Any) -> html.Span:
    """A day as a shape of its own: full, pointed or hollow."""
    return html.Span(className=f"mark mark-{_TONES[vote]} tone-text-{_TONES[vote]}", **more)


def _words(vote: DayVote) -> str:
    rate = fmt.rate(vote.median_bits_per_second)
    hours = ", in school hours" if vote.daypart == "school" else ""
    return (
        f"{fmt.day(vote.day)}: {VOTES[vote.vote]}, {rate}, {fmt.plural(vote.tests, 'test')}{hours}"
    )


def _legend(signs: Sequence[html.Span]) -> html.P:
    entries = [
        html.Span([sign, VOTES[vote]], className=f"tone-text-{tone}")
        for sign, (vote, tone) in zip(signs, _TONES.items(), strict=True)
    ]
    return html.P(entries, className="legend")
