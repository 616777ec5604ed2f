from datetime import timedelta

import pytest

from broadgauge_dashboard.query import OverviewQuery
from broadgauge_dashboard.views.overview import ROWS_SHOWN, arrange, body
from tests.judging import days, verdict
from tests.unit.dashboard.seeing import (
    BELOW,
    MEETS,
    NOW,
    TOO_FEW,
    overview,
    parts,
    reading,
    summary,
    texts,
    walk,
)

ALL = OverviewQuery()


def names(query: OverviewQuery, *schools: object) -> list[str]:
    return [s.school.name for s in arrange(schools, query)]  # type: ignore[arg-type]


def test_schools_that_fall_short_come_first() -> None:
    schools = (summary("A", MEETS), summary("B", TOO_FEW), summary("C", BELOW))
    assert names(ALL, *schools) == ["C", "B", "A"]


def test_of_very_many_schools_the_first_are_shown_and_how_to_find_the_others() -> None:
    shown = body(overview(*(summary(f"School {n:03}") for n in range(ROWS_SHOWN + 20))), ALL)
    said = texts(shown)
    assert f"School {ROWS_SHOWN - 1:03}" in said
    assert f"School {ROWS_SHOWN:03}" not in said
    assert f"{ROWS_SHOWN} of {ROWS_SHOWN + 20} schools shown. For others" in said


def test_the_order_by_name_ignores_case() -> None:
    schools = (summary("beta"), summary("Alpha"), summary("Gamma"))
    assert names(OverviewQuery(sort="name"), *schools) == ["Alpha", "beta", "Gamma"]


def test_the_longest_silent_school_can_come_first() -> None:
    schools = (
        summary("Now", last_heard_at=NOW),
        summary("Never", last_heard_at=None),
        summary("Then", last_heard_at=NOW - timedelta(days=2)),
    )
    assert names(OverviewQuery(sort="heard"), *schools) == ["Never", "Then", "Now"]


def test_a_school_is_found_by_part_of_its_name() -> None:
    schools = (summary("Lincoln Elementary"), summary("Roosevelt High"))
    assert names(OverviewQuery(text="LINC"), *schools) == ["Lincoln Elementary"]


def test_only_schools_with_the_wanted_verdict_are_shown() -> None:
    schools = (summary("A", MEETS), summary("B", BELOW), summary("C", None))
    assert names(OverviewQuery(show="undecided"), *schools) == ["C"]
    assert names(OverviewQuery(show="below"), *schools) == ["B"]


def test_the_band_counts_all_schools_and_not_only_those_shown() -> None:
    shown = body(
        overview(summary("A", MEETS), summary("B", BELOW), summary("C", MEETS)),
        OverviewQuery(text="b"),
    )
    tallies = [texts(tally) for tally in parts(shown, "tally")]
    assert tallies == [
        "2 schools meet the target",
        "1 school falls short",
        "0 schools not decided yet",
    ]
    assert "1 of 3 schools shown" in texts(shown)


def test_a_verdict_is_a_word_with_an_icon_and_never_color_alone() -> None:
    for found, word in ((MEETS, "Meets the target"), (BELOW, "Falls short")):
        (badge,) = parts(body(overview(summary(found=found)), ALL), "badge")
        assert texts(badge) == word
        assert parts(badge, "icon")


def test_a_school_shows_its_line_its_share_per_person_and_the_need() -> None:
    words = texts(body(overview(summary(found=MEETS)), ALL))
    assert "600 Mbps" in words
    assert "1.2 Mbps  of 1 Mbps" in words
    assert "Reached the need on 12 of 12 days." in words


def test_a_lower_bound_is_shown_as_one() -> None:
    capped = verdict(days(cannot_say=12))
    assert capped.capacity is not None
    assert capped.capacity.at_least
    assert "\u2265 300 Mbps" in texts(body(overview(summary(found=capped)), ALL))


def test_an_undecided_school_shows_todays_reading_and_why() -> None:
    words = texts(body(overview(summary(found=TOO_FEW, reading=reading())), ALL))
    assert "Not enough tests yet" in words
    assert "Today 9:05 AM: 612 Mbps download" in words


def test_a_school_without_an_agent_says_so_first() -> None:
    nothing = verdict([])
    words = texts(body(overview(summary(found=nothing, agents=0, last_heard_at=None)), ALL))
    assert "No agent runs here yet. Add one." in words


def test_a_decided_school_shows_no_reading() -> None:
    words = texts(body(overview(summary(found=MEETS, reading=reading())), ALL))
    assert "Today" not in words


def test_measured_inside_one_machine_only_the_page_says_how_to_go_on() -> None:
    alone = summary(found=None, loopback_only=True, reading=reading(loopback=True))
    shown = body(overview(alone), ALL)
    words = texts(shown)
    assert "Measured inside one machine: never judged. Add a second machine." in words
    assert "Today 9:05 AM, inside one machine: 612 Mbps download" in words
    assert "/agents#add" in [getattr(c, "href", None) for c in walk(shown)]


def test_one_school_measured_over_a_network_ends_the_advice() -> None:
    alone = summary("A", found=None, loopback_only=True)
    assert not parts(body(overview(alone, summary("B")), ALL), "callout")


def test_a_school_without_enrollment_says_so_and_divides_by_nothing() -> None:
    words = texts(body(overview(summary(people=None, found=None)), ALL))
    assert "no enrollment yet" in words


def test_a_silent_school_is_marked_as_stale() -> None:
    silent = summary(last_heard_at=NOW - timedelta(days=3), silent=True)
    (stale,) = parts(body(overview(silent), ALL), "tone-stale")
    assert texts(stale) == "3 days ago"


def test_a_school_whose_agents_sleep_is_not_called_silent() -> None:
    asleep = summary(last_heard_at=NOW - timedelta(days=3), agents=2, asleep=2)
    shown = body(overview(asleep), ALL)
    assert not parts(shown, "tone-stale")
    assert "Asleep 2 agents, away from school networks" in texts(shown)


def test_agents_that_sleep_are_counted_beside_those_that_do_not() -> None:
    assert "3 agents, 1 asleep" in texts(body(overview(summary(agents=3, asleep=1)), ALL))


def test_without_schools_the_page_says_how_to_add_one() -> None:
    assert "broadgauge schools add" in texts(body(overview(), ALL))


def test_a_search_without_a_match_says_so() -> None:
    assert "No school matches" in texts(body(overview(summary()), OverviewQuery(text="zzz")))


def test_simulated_numbers_say_so() -> None:
    assert "Simulated data" in texts(body(overview(summary(simulated=True)), ALL))


def test_a_link_to_a_school_keeps_target_and_period() -> None:
    shown = body(overview(summary()), OverviewQuery(target="setda-2012", days=90))
    links = [str(getattr(c, "href", "")) for c in walk(shown)]
    assert any(link.endswith("?target=setda-2012&days=90") for link in links)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "[x](javascript:alert(1))", "{{x}}"])
def test_a_hostile_name_stays_a_piece_of_text(name: str) -> None:
    shown = body(overview(summary(name)), ALL)
    assert name in texts(shown)
    kinds = {type(c).__name__ for c in walk(shown)}
    assert not kinds & {"Markdown", "DangerouslySetInnerHTML", "Iframe"}
