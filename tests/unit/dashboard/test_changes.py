"""Changes on the School page, and what changed since last week on the Overview."""

from datetime import UTC, date, datetime
from typing import Any

from broadgauge_collector.capacity.change import Shift
from broadgauge_collector.capacity.model import Conclusion, Interval
from broadgauge_collector.capacity.targets import find_target
from broadgauge_collector.reports import Point
from broadgauge_collector.reports.changes import (
    ChangeEffect,
    Difference,
    LineEffect,
    Side,
    Untouched,
)
from broadgauge_collector.reports.week import HeardNews, LineNews, SchoolNews, Week
from broadgauge_collector.schools.changes import Change
from broadgauge_collector.schools.model import Link, School
from broadgauge_dashboard import figures
from broadgauge_dashboard.views.changes import effect_panel, form_panel, list_panel
from broadgauge_dashboard.views.week import week_panel
from broadgauge_wire import new_id
from tests.unit.dashboard.seeing import texts

NOW = datetime(2026, 3, 20, 3, 0, tzinfo=UTC)
LINE = Link(id=new_id(), name="Adams WAN", segment="wan", school_ids=(new_id(),))


def a_change(**more: Any) -> Change:
    facts: dict[str, Any] = {
        "id": new_id(), "day": date(2026, 3, 3), "kind": "new_line", "text": "Fiber",
        "link_id": LINE.id, "place": LINE.name, "made_at": NOW,
    }  # fmt: skip
    return Change(**facts | more)


def a_shift(mbps: float, low: float | None, high: float | None) -> Shift:
    ends = Interval(*(None if end is None else end * 1e6 for end in (low, high)))
    return Shift(bits_per_second=mbps * 1e6, bound="exact", interval=ends, confidence=0.95)


def a_side(mbps: float, days: int) -> Side:
    first, last = date(2026, 2, 3), date(2026, 3, 2)
    return Side(
        first=first, last=last, days=days, bits_per_second=mbps * 1e6, at_least=False, more_days=0
    )


def an_effect(shift: Shift | None, others: Shift | None) -> ChangeEffect:
    part = Difference(
        daypart="closed",
        before=a_side(200, 13),
        after=a_side(380, 10),
        shift=shift,
        untouched=Untouched(lines=3, schools=3, shift=others),
        beyond=None,
        words="In closed hours: the words.",
    )
    line = LineEffect(link=LINE, differences=(part,), simulated=True)
    return ChangeEffect(change=a_change(), direction="download", days=28, as_of=NOW, lines=(line,))


def a_week(**more: Any) -> Week:
    nothing: dict[str, Any] = dict.fromkeys(
        ("lines", "schools", "silent", "back", "changes", "goals"), ()
    )
    facts: dict[str, Any] = {
        "target": find_target("fcc-1mbps"), "days": 30, "as_of": NOW, "simulated": False,
        "evaluated_on": date(2026, 3, 15),
    }  # fmt: skip
    return Week(**nothing | facts | more)


def test_a_change_is_seen_before_and_after_with_its_interval_and_others_beside_it() -> None:
    shown = texts(effect_panel(an_effect(a_shift(180, 150, 210), a_shift(2, -5, 8))))
    for words in (
        "Before and after: Fiber", "200 Mbps", "13 days", "380 Mbps", "+180 Mbps",
        "faster, 95%: 150 to 210", "+2 Mbps", "3 schools, 95%: -5 to 8", "Simulated data",
    ):  # fmt: skip
        assert words in shown
    assert "In closed hours: the words." not in shown


def test_where_it_can_not_be_told_the_words_say_why() -> None:
    assert "In closed hours: the words." in texts(effect_panel(an_effect(None, None)))
    open_ends = Shift(
        bits_per_second=None, bound=None, interval=Interval(None, None), confidence=0.95
    )
    assert "lower bounds can't tell" in texts(effect_panel(an_effect(open_ends, None)))


def test_changes_are_listed_the_newest_first_and_none_are_no_panel() -> None:
    assert list_panel(()) is None
    old, new = a_change(), a_change(day=date(2026, 3, 9), text="New Wi-Fi", kind="new_wifi")
    shown = texts(list_panel((old, new)))
    assert shown.index("Mar 9, 2026") < shown.index("Mar 3, 2026")
    many = texts(list_panel(tuple(a_change() for _ in range(23))))
    assert "3 older ones: broadgauge changes list" in many


def test_a_mark_is_for_a_line_or_the_school() -> None:
    school = School(id=new_id(), name="Adams", timezone="America/Chicago")
    fields = str(form_panel(school, [LINE]))
    assert "Adams WAN" in fields
    assert "'value': 'school', 'label': 'Adams'" in fields


def test_a_change_stands_in_charts_of_days_that_hold_its_day() -> None:
    points = [
        Point(group=f"2026-03-{day:02}", series="download", count=3, median=2e8, p10=1e8, p90=3e8)
        for day in range(1, 9)
    ]
    inside, outside = a_change(), a_change(day=date(2026, 4, 1), text="Later")
    for figure in (
        figures.throughput_over_time(points, (), "America/Chicago", 5e8, [inside, outside]),
        figures.latency_over_time(points, [inside, outside]),
    ):
        (line,) = [one for one in figure["layout"]["shapes"] if one["x0"] == one.get("x1")]
        assert (line["name"], line["x0"].date()) == ("Fiber, Tue, Mar 3", date(2026, 3, 3))
        assert figure["layout"]["showlegend"]


def test_with_nothing_changed_the_week_is_one_line() -> None:
    assert texts(week_panel(a_week())) == "Since last week:  nothing has changed."


def a_school(number: int, was: Conclusion, now: Conclusion) -> SchoolNews:
    return SchoolNews(school_id=new_id(), school=f"School {number}", was=was, now=now)


def test_the_week_says_what_was_and_what_is_and_counts_what_would_be_too_much() -> None:
    line = LineNews(
        link_id=LINE.id, link="County Internet", schools=("A", "B"), was="undecided", now="meets",
        why="The line reached the need.",
    )  # fmt: skip
    heard = HeardNews(school_id=new_id(), school="Gone", last_heard_at=NOW)
    news = a_week(
        lines=(line,),
        schools=tuple(a_school(n, "undecided", "meets") for n in range(9)),
        silent=(heard,),
        back=(heard,),
        changes=(a_change(), a_change(text="New line")),
        goals=("Adams WAN", "Baker WAN"),
        simulated=True,
    )
    shown = texts(week_panel(news))
    for words in (
        "9 schools meet the target now :  School 0  (was not decided)", " and 3 others",
        "County Internet  (2 schools): not decided → meets the target  The line reached the need.",
        "Not heard for three days or more :  Gone", "Heard again", "Simulated data",
        "Changed at Adams WAN , Tue, Mar 3: Fiber (new line)", ", Tue, Mar 3: New line",
        "Coverage goal reached :  Adams WAN ,  Baker WAN",
    ):  # fmt: skip
        assert " ".join(words.split()) in " ".join(shown.split()), words
