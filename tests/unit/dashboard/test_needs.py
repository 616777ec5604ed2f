"""The Needs page, what a school carries, and the five steps: what a person reads."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from dash import html
from msgspec.structs import replace

from broadgauge_collector.capacity.carry import Carries
from broadgauge_collector.capacity.forecast import YearNeed
from broadgauge_collector.capacity.model import Estimate, Interval
from broadgauge_collector.capacity.models import ASSUMPTIONS
from broadgauge_collector.capacity.trend import fit
from broadgauge_collector.errors import Invalid, NotFound
from broadgauge_collector.reports.carry import (
    AllTargets,
    ModelCarried,
    SchoolCarries,
    TargetHeld,
)
from broadgauge_collector.reports.checklist import Checklist, Step
from broadgauge_collector.reports.needs import RANGES, LineNeed, NeedsReport, Until
from broadgauge_collector.schools.assumptions import (
    Assumptions,
    EditedAssumption,
    SchoolAssumption,
    assumed_by_school,
)
from broadgauge_dashboard.pages.needs import _filled, _number, keep
from broadgauge_dashboard.views.carry import carry_panel, targets_panel
from broadgauge_dashboard.views.checklist import checklist_panel
from broadgauge_dashboard.views.needs import (
    assumptions_panel,
    edit_panel,
    lines_panel,
    models_panel,
)
from broadgauge_wire import new_id
from tests.api_client import serving
from tests.unit.dashboard.seeing import NOW, parts, school, texts

CAPACITY = Estimate(
    bits_per_second=500e6,
    interval=Interval(450e6, 550e6),
    at_least=False,
    days=12,
    confidence=0.961,
)
CARRIED = ModelCarried(
    title="Station rotation",
    wanted=True,
    working="(600 students x 33% at once) = 200 Mbps",
    carries=Carries(
        model="station_rotation",
        fits="yes",
        explanation="Internet carries the 200 Mbps it needs.",
        students_at_once=480,
        students_low=430,
        students_high=530,
        at_least=False,
        busiest_students=200,
        need_bits_per_second=200e6,
        link="Internet",
    ),
)
SCHOOL = SchoolCarries(
    school_id=new_id(),
    school="Lincoln",
    students=600,
    models=(CARRIED,),
    unknown=None,
    simulated=False,
)
LINE = LineNeed(
    link_id=new_id(),
    link="District Internet",
    segment="internet",
    schools=("Lincoln", "Grant"),
    models=("Station rotation",),
    contracted_bits_per_second=None,
    capacity=CAPACITY,
    fits="yes",
    years=tuple(
        YearNeed(years=n, bits_per_second=rate * 1e6, interval=Interval(150e6, 700e6), enough=share)
        for n, rate, share in ((0, 200, 0.99), (1, 225, 0.97), (2, 250, 0.9), (3, 281, 0.84))
    ),
    stops=None,
    until=Until(soonest=date(2027, 5, 1), likely=None, latest=None),
    trend=fit([]),
    use_reaches_capacity=None,
    explanation="Enough until June 2031; at the soonest May 2027, at the latest after ten years.",
    working="The sum of 2 schools",
    unknown=None,
    simulated=False,
)


def report(*lines: LineNeed) -> NeedsReport:
    return NeedsReport(days=30, as_of=NOW, ranges=RANGES, lines=lines)


def assumptions(**changes: str) -> Assumptions:
    return Assumptions(
        model="station_rotation",
        model_schools=(SchoolAssumption(school_id=new_id(), school="Grant", value="a_la_carte"),),
        assumptions=tuple(
            EditedAssumption(
                assumption=one,
                default=one,
                edited=one.key in changes,
                schools=(
                    SchoolAssumption(
                        school_id=new_id(), school="Grant", value=0.9, low=0.8, high=1.0
                    ),
                )
                if one.key == "own_devices"
                else (),
            )
            for one in ASSUMPTIONS.values()
        ),
    )


def test_a_school_reads_which_models_are_carried_and_for_how_many() -> None:
    page = texts(carry_panel(SCHOOL))

    assert "Station rotation Wanted" in page
    assert "480 room for 430\u2013530" in page
    assert "200 of 600" in page
    assert "all 400" in texts(carry_panel(replace(SCHOOL, students=400)))
    assert "Carried" in page
    assert "see and edit them" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at_least": True, "students_high": None}, "\u2265 480 room for at least 430"),
        ({"students_low": None, "students_high": None}, "too few days for a range"),
        ({"students_at_once": None, "students_low": None, "fits": "unsure"}, "Not sure yet"),
    ],
)
def test_what_isn_t_sure_is_said(changes: dict[str, object], words: str) -> None:
    carries = replace(CARRIED.carries, **changes)
    assert words in texts(carry_panel(replace(SCHOOL, models=(replace(CARRIED, carries=carries),))))


def test_a_school_of_which_nothing_can_be_said_says_why() -> None:
    page = texts(carry_panel(replace(SCHOOL, models=(), unknown="Nobody is counted for Lincoln.")))
    assert "It can't be said yet Nobody is counted for Lincoln." in page


def test_targets_stand_side_by_side_with_what_they_were_stated_for() -> None:
    held = TargetHeld(
        target="fcc-1mbps",
        title="1 Mbps per student",
        source="FCC goal",
        year=2023,
        level="district",
        link_id=new_id(),
        link="Internet",
        segment="internet",
        need_bits_per_second=600e6,
        working="600 students x 1 Mbps",
        capacity=CAPACITY,
        conclusion="below",
        explanation="",
    )
    page = texts(targets_panel(AllTargets(name="Lincoln", days=30, as_of=NOW, held=(held,))))

    assert "1 Mbps per student FCC goal, for 2023" in page
    assert "a district" in page
    assert "600 Mbps" in page
    assert "450\u2013550 Mbps" in page
    assert "Falls short" in page


def test_a_line_reads_its_need_today_in_three_years_and_until_when_it_is_enough() -> None:
    page = texts(lines_panel(report(LINE)))

    assert "District Internet" in page
    assert "2 schools behind it" in page
    assert "200 Mbps 150\u2013700 Mbps Carried" in page
    assert "281 Mbps" in page
    assert "enough in 84% of the simulated futures" in page
    assert "Enough until June 2031" in page
    assert "Too little data for a trend" in page
    assert "nine in ten" in page


def test_a_line_whose_need_isn_t_known_says_why() -> None:
    words = "No model is chosen yet."
    unknown = replace(LINE, years=(), until=None, fits=None, explanation=words, unknown=words)
    assert words in texts(lines_panel(report(unknown)))


def test_without_a_line_the_page_says_what_to_do() -> None:
    assert "broadgauge links add" in texts(lines_panel(report()))


def test_every_number_stands_with_its_source_and_whom_it_is_for() -> None:
    page = texts(assumptions_panel(assumptions(own_devices="yes")))

    assert "our assumption, edit it" in page
    assert "FCC, Broadband Speed Guide" in page
    assert "Students' own devices Edited" in page
    own = "Students' own devices Grant 0.9 devices 0.8 devices to 1 device set for this school"
    assert own in page
    assert "+12% a year" in page


def test_the_models_table_says_which_is_wanted_and_where_another_is() -> None:
    page = texts(models_panel(assumptions()))
    assert "Station rotation Wanted" in page
    assert "Grant: A la carte or self-blend" in page


def test_the_form_offers_the_district_and_each_school() -> None:
    shown = edit_panel([school("Lincoln")], assumptions())
    labels = str(html.Div(shown).to_plotly_json())
    assert "The whole district" in labels
    assert "Lincoln" in labels


def test_the_five_steps_show_their_evidence() -> None:
    steps = (
        Step(number=1, title="Assess", state="done", evidence=("Tests: 2 of 2 schools",), page="/"),
        Step(number=2, title="Carry", state="started", evidence=("1 of 2",), page="/needs"),
        Step(number=5, title="Fund it", state="not_started", evidence=(), page=""),
    )
    shown = checklist_panel(Checklist(days=30, as_of=NOW, steps=steps))
    page = texts(shown)

    assert "1 of 3 are shown to be done" in page
    assert "1. Assess Done Tests: 2 of 2 schools" in page
    assert "5. Fund it Not started" in page
    assert len(parts(shown, "badge")) == 3


def test_a_form_left_empty_or_filled_with_words_is_refused() -> None:
    with pytest.raises(Invalid, match="Give a value first"):
        _filled("a value", " ")
    with pytest.raises(Invalid, match="Low is 'some'"):
        _number("some", "Low")
    assert _number("30%", "Low") == 0.3
    assert _number("", "Low") is None


def test_what_is_set_on_the_page_is_kept_for_whom_it_is_meant(tmp_path: Path) -> None:
    with serving(tmp_path) as api:
        lincoln = api.school()
        asyncio.run(keep(api.services, "district", "own_devices", "0.5", "30%", "0.8"))
        said = asyncio.run(keep(api.services, str(lincoln.id), "model", "a_la_carte"))
        with api.services.stores.control.connect() as c:
            common, own = assumed_by_school(c)
        for nobody in ("district ", None, str(new_id())):
            with pytest.raises(NotFound):
                asyncio.run(keep(api.services, nobody, "own_devices", "0.5"))

    held = common.assumed["own_devices"]
    assert (held.low, held.value, held.high) == (0.3, 0.5, 0.8)
    assert common.model is None
    assert own[lincoln.id].model == "a_la_carte"
    assert texts(said) == "The model wanted is a_la_carte now."
