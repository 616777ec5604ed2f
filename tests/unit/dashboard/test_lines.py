"""The Lines page and a line's own: with nothing, little, odd things, and a thousand schools."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from dash import html
from msgspec.structs import replace

from broadgauge_collector.capacity.model import Need, Verdict
from broadgauge_collector.capacity.need import dated
from broadgauge_collector.plan.goal import DEFAULT_GOAL
from broadgauge_collector.plan.goals import Goals
from broadgauge_collector.reports import LinkVerdict
from broadgauge_collector.reports.coverage import CoverageReport, LocationCoverage
from broadgauge_collector.reports.lines import LineFacts, LineReport, LinesReport
from broadgauge_collector.schools.line_tree import grow
from broadgauge_collector.schools.model import Link, Reflector, School
from broadgauge_dashboard.line_figure import capacity_over_time
from broadgauge_dashboard.pages.lines import unfolded
from broadgauge_dashboard.views.line import body as line_body
from broadgauge_dashboard.views.line import no_such_line
from broadgauge_dashboard.views.line_facts import contract_end, money, price_each, room_left
from broadgauge_dashboard.views.line_forms import edit_panel, goal_panel
from broadgauge_dashboard.views.line_tree import drawing
from broadgauge_dashboard.views.lines import arrange, body
from broadgauge_wire import Segment, new_id
from tests.judging import FIRST, days, verdict
from tests.unit.dashboard.seeing import BELOW, MEETS, NOW, TARGET, parts, school, texts, walk

LINCOLN = school()
NO_COVERAGE = CoverageReport(target=TARGET.key, days=30, as_of=NOW, lines=())


def link(
    name: str, *schools: School, segment: Segment = "internet", on: Link | None = None
) -> Link:
    ids = tuple(one.id for one in schools)
    above = on.id if on else None
    return Link(id=new_id(), name=name, segment=segment, school_ids=ids, upstream_id=above)


def facts(one: Link, found: Verdict | None = None, **more: Any) -> LineFacts:
    judged = (
        LinkVerdict(link=one, schools=("Lincoln",), people=500, verdict=found) if found else None
    )
    defaults: dict[str, Any] = {
        "upstream": None,
        "schools": ("Lincoln",) * len(one.school_ids),
        "students": 500,
        "spare_bits_per_second": None,
        "delivered": None,
        "price_per_mbps": None,
        "contract": "unknown",
        "contract_days": None,
    }
    return LineFacts(link=one, judged=judged, **defaults | more)


def report(
    found: Sequence[LineFacts], schools: Sequence[School], deciding: Verdict | None = None
) -> LinesReport:
    links = [one.link for one in found]
    decides = (
        LinkVerdict(link=links[0], schools=(), people=1, verdict=deciding) if deciding else None
    )
    return LinesReport(
        target=TARGET,
        days=30,
        as_of=NOW,
        lines=tuple(found),
        tree=grow(links, schools),
        deciding={one.id: decides for one in schools} if decides else {},
    )


def words(found: LinesReport, opened: Sequence[str] = (), text: str = "") -> str:
    return texts(body(found, NO_COVERAGE, opened, text))


def test_with_nothing_it_says_how_to_add_a_line() -> None:
    assert "broadgauge links add" in words(report([], []))


def test_each_line_shows_bought_carried_left_and_its_verdict_in_words() -> None:
    net = replace(link("Internet", LINCOLN), contracted_bits_per_second=1e9)
    said = words(report([facts(net, MEETS, spare_bits_per_second=1e8)], [LINCOLN], MEETS))
    for expected in (
        "Internet line", "Bought 1 Gbps", "Carries 600 Mbps (",
        "Room left 100 Mbps beyond the need",
        "Meets the target", "Lincoln Elementary",
    ):  # fmt: skip
        assert expected in said
    assert "short of the need" in room_left(facts(net, BELOW, spare_bits_per_second=-2e8))


def test_odd_things_are_said_plainly() -> None:
    """A line without schools, a school without a line, lines that hang on one another."""
    empty = link("Unused", segment="wan")
    first, second = link("One", LINCOLN, segment="wan"), link("Two", LINCOLN, segment="wan")
    circle = [replace(first, upstream_id=second.id), replace(second, upstream_id=first.id)]
    said = words(report([facts(one) for one in (empty, *circle)], [LINCOLN, school("Alone")]))
    assert "No school is behind it: say which." in said
    assert "1 school without a line" in said
    assert "These lines hang on one another: One on Two on One." in said


def test_rooms_stand_under_their_school_with_the_tests_in_each() -> None:
    place = LocationCoverage(
        school=LINCOLN.name, location="Library", tests=3, want=2, agents=1, heard=1
    )
    gym = replace(place, location="Gym", tests=0)
    found = report([facts(link("Internet", LINCOLN), MEETS)], [LINCOLN], MEETS)
    shown = drawing(found, [place, gym, place], (), "")
    said = texts(shown)
    assert "2 rooms, 1 tested" in said
    assert "Library 6 tests" in said
    assert "Gym no test yet" in said
    assert next(one for one in walk(shown) if isinstance(one, html.Details)).open


def test_a_thousand_schools_are_counted_and_one_line_can_be_unfolded() -> None:
    schools = [school(f"School {n:04}") for n in range(1000)]
    net = link("Internet", *schools)
    circuits = [link(f"WAN {n}", *schools[n::40], segment="wan", on=net) for n in range(40)]
    found = report([facts(one, MEETS) for one in (net, *circuits)], schools, MEETS)
    folded = drawing(found, [], (), "")
    assert len(parts(folded, "tree-card")) == 41
    assert "School 0000" not in texts(folded)
    assert "1,000 schools" in texts(folded)
    assert "25 schools" in texts(folded)
    buttons = parts(folded, "tree-fold")
    assert {getattr(one, "aria-expanded") for one in buttons} == {"false"}
    opened = drawing(found, [], [str(circuits[0].id)], "")
    assert len(parts(opened, "tree-school")) == 25
    assert [texts(one) for one in parts(opened, "tree-fold")].count("Hide 25 schools") == 1


def test_of_what_hangs_on_a_line_what_needs_attention_comes_first() -> None:
    net = link("Internet", LINCOLN)
    good, bad = (link(name, LINCOLN, segment="wan", on=net) for name in ("A circuit", "B circuit"))
    found = report([facts(net, MEETS), facts(good, MEETS), facts(bad, BELOW)], [LINCOLN], BELOW)
    drawn = texts(drawing(found, [], (), ""))
    assert drawn.index("B circuit") < drawn.index("A circuit")


def test_a_line_of_a_thousand_schools_unfolds_to_those_that_need_attention() -> None:
    schools = [school(f"School {n:04}") for n in range(1000)]
    net = link("Internet", *schools)
    found = report([facts(net, MEETS)], schools, MEETS)
    short = LinkVerdict(link=net, schools=(), people=1, verdict=BELOW)
    found = replace(found, deciding={**found.deciding, schools[-1].id: short})
    opened = drawing(found, [], [str(net.id)], "")
    assert len(parts(opened, "tree-school")) == 40
    assert "School 0999" in texts(opened)
    assert "960 more schools" in texts(opened)


def test_the_table_puts_what_needs_attention_first_and_finds_by_school() -> None:
    good, bad = facts(link("A", LINCOLN), MEETS), facts(link("B", LINCOLN), BELOW)
    assert [one.link.name for one in arrange([good, bad], "")] == ["B", "A"]
    assert arrange([good, bad], "linc") == arrange([good, bad], "")
    assert arrange([good, bad], "nowhere") == []
    assert "No line matches" in words(report([good], [LINCOLN]), text="zzz")


def test_money_and_contracts_read_as_people_write_them() -> None:
    assert [money(n) for n in (None, 1250.0, 3.4, 12.0)] == ["\u2014", "1,250", "3.40", "12"]
    ends = replace(link("A", LINCOLN), contract_ends=date(2026, 6, 30))
    soon = facts(ends, contract="ends_soon", contract_days=102)
    assert "Jun 30, 2026 Ends in 3 months" in texts(contract_end(soon))
    over = facts(ends, contract="ended", contract_days=-40)
    assert "Ended 40 days ago" in texts(contract_end(over))
    assert texts(contract_end(facts(ends, contract="runs"))) == "Jun 30, 2026"
    assert price_each(facts(ends, MEETS, price_per_mbps=2.0)) == "2"


def line_report(one: LineFacts, *schools: School) -> LineReport:
    return LineReport(target=TARGET, days=30, as_of=NOW, facts=one, below=(), schools=schools)


def test_a_line_shows_its_evidence_contract_and_schools() -> None:
    net = replace(link("Internet", LINCOLN), price_per_month=900.0)
    server = Reflector(
        id=new_id(), name="Core", host="10.0.0.1", port=8485, segment="internet", link_id=net.id
    )
    found = facts(net, MEETS, price_per_mbps=1.5)
    said = texts(line_body(line_report(found, LINCOLN), None, [server]))
    for expected in (
        "The line reached the need of 500 Mbps on 12 of 12 days", "How we know",
        "Capacity over time", "Price a month 900", "1.50", "Test servers Core",
        "Lincoln Elementary 500 students", "500 students at 1 school.",
    ):  # fmt: skip
        assert expected in said


def test_a_line_without_schools_says_how_to_name_them() -> None:
    said = texts(line_body(line_report(facts(link("Unused", segment="wan"))), None, []))
    assert 'broadgauge links set "Unused" --school' in said
    assert "Not judged" in said
    assert "There is no such line" in texts(no_such_line())


def test_the_chart_steps_with_the_need_of_each_day() -> None:
    def need(mbps: float) -> Need:
        return Need(bits_per_second=mbps * 1e6, people=1, working="")

    grew = dated([(FIRST, need(300)), (FIRST + timedelta(days=6), need(500))])
    figure = capacity_over_time(verdict(days(reached=12), grew), 1e9)
    (steps,) = [one for one in figure["data"] if one["name"].startswith("Need")]
    assert steps["y"] == [0.3, 0.3, 0.5, 0.5]
    assert steps["x"][1] == steps["x"][2]
    named = [one.get("name", "") for one in figure["layout"]["shapes"]]
    assert "Bought 1 Gbps" in named
    plain = capacity_over_time(MEETS, None)
    assert [one["name"] for one in plain["layout"]["shapes"][1:]] == ["Need 500 Mbps"]


def test_forms_show_what_is_known() -> None:
    net = link("Internet", LINCOLN)
    circuit = replace(
        link("WAN", LINCOLN, segment="wan", on=net),
        contracted_bits_per_second=2e8,
        contract_ends=date(2027, 6, 30),
    )
    form = {getattr(one, "id", None): one for one in walk(edit_panel(circuit, [net, circuit], []))}
    assert form["line-rate"].value == 200
    assert form["line-ends"].value == "2027-06-30"
    assert form["line-upstream"].value == str(net.id)
    assert [one["label"] for one in form["line-upstream"].data] == ["Nothing", "Internet"]
    goals = Goals(goal=DEFAULT_GOAL, default=DEFAULT_GOAL, lines=())
    goal = {getattr(one, "id", None): one for one in walk(goal_panel(circuit, goals))}
    assert goal["goal-closed-tests"].value == DEFAULT_GOAL.closed_tests
    assert goal["unset-line-goal"].disabled


def test_only_ids_of_lines_are_unfolded() -> None:
    assert unfolded(["a", 1, None]) == ["a"]
    assert unfolded("abc") == []
