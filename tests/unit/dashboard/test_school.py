from datetime import timedelta

from broadgauge_dashboard.views.school import body
from broadgauge_dashboard.views.tests import counting, outcome, row
from tests.judging import days, verdict
from tests.unit.dashboard.seeing import (
    BELOW,
    MEETS,
    NOW,
    judged,
    parts,
    point,
    reading,
    report,
    summary,
    test_row,
    texts,
    walk,
)

CHICAGO = "America/Chicago"


def ids(shown: object) -> set[str]:
    return {str(c.id) for c in walk(shown) if getattr(c, "id", None)}


def test_the_head_says_the_verdict_in_words_with_its_numbers() -> None:
    (head,) = parts(body(report(summary(found=MEETS))), "school-head")
    words = texts(head)
    assert "Lincoln Elementary" in words
    assert "Meets the target" in words
    assert MEETS.explanation in words
    assert ("600 Mbps" in words, "1.2 Mbps" in words, "500 Mbps" in words) == (True, True, True)


def test_every_day_of_the_evidence_is_a_square_with_an_icon_and_words() -> None:
    shown = body(report(summary(found=verdict(days(reached=8, missed=3, cannot_say=1)))))
    squares = parts(shown, "day")
    assert len(squares) == 12
    assert all(parts(square, "icon") for square in squares)
    assert "reached the need, 600 Mbps, 2 tests" in texts(squares[0])
    assert "missed the need, 300 Mbps" in texts(squares[8])
    assert "can't say" in texts(squares[11])


def test_a_chart_says_in_words_what_it_shows() -> None:
    shown = body(
        report(summary(), latency_by_hour=(point("08", median=0.012), point("09", median=0.03)))
    )
    (chart,) = [c for c in parts(shown, "graph") if "Latency by hour" in getattr(c, "aria-label")]
    assert "medians from 12 ms to 30 ms" in getattr(chart, "aria-label")


def test_the_evidence_has_the_working_the_interval_and_the_method() -> None:
    (facts,) = parts(body(report(summary(found=BELOW))), "facts")
    words = texts(facts)
    assert "500 students x 1 Mbps = 500 Mbps" in words
    assert "0 reached, 12 missed" in words
    assert "0% to 26%, 95% sure" in words
    assert BELOW.method in words


def test_a_school_on_two_lines_shows_both_and_says_which_decides() -> None:
    both = (judged(MEETS), judged(BELOW, "Lincoln Elementary", "Roosevelt High"))
    words = texts(body(report(summary(verdicts=both, deciding=both[1]))))
    assert "The worst of them decides." in words
    assert "2 schools behind it" in words


def test_charts_are_drawn_where_there_is_data() -> None:
    assert {
        "throughput-by-day", "throughput-by-hour", "throughput-by-location", "latency-by-day",
        "latency-by-hour", "latency-by-location", "loss-by-day", "tests",
    } <= ids(body(report()))  # fmt: skip


def test_every_panel_without_data_says_why_and_what_to_do() -> None:
    nothing = report(
        summary(found=None, last_heard_at=None),
        throughput_by_day=(), throughput_by_hour=(), throughput_by_location=(),
        latency_by_day=(), latency_by_hour=(), latency_by_location=(), loss_by_day=(),
        tests=(), tests_total=0,
    )  # fmt: skip
    shown = body(nothing)
    assert not ids(shown) & {"throughput-by-day", "latency-by-day", "tests"}
    assert len(parts(shown, "state-empty")) == 8
    assert "The first results arrive within a minute" in texts(shown)


def test_without_a_capacity_the_latest_reading_is_shown_as_such() -> None:
    words = texts(body(report(summary(found=None, reading=reading()))))
    assert "Latest download 612 Mbps Today 9:05 AM" in words


def test_what_was_measured_inside_one_machine_says_so_beside_the_chart() -> None:
    alone = summary(found=None, loopback_only=True)
    words = texts(body(report(alone, tests=(test_row(path_kind="loopback"),))))
    assert "Inside one machine: this says nothing about a line." in words


def test_tests_of_another_stretch_are_not_on_the_chart() -> None:
    shown = body(report(tests=(test_row(), test_row(segment="lan"), test_row(path_kind="vpn"))))
    assert "Marks are the newest 1 tests." in texts(shown)


def test_no_loss_is_said_and_not_drawn() -> None:
    shown = body(report(loss_by_day=(point("2026-03-18", "lost", 0.0),)))
    assert "loss-by-day" not in ids(shown)
    assert "nine in ten tests lost nothing" in texts(shown)


def test_a_silent_school_is_marked_as_stale() -> None:
    silent = summary(last_heard_at=NOW - timedelta(days=3), silent=True)
    assert [texts(s) for s in parts(body(report(silent)), "tone-stale")] == ["3 days ago"]


def test_a_school_whose_agents_sleep_is_not_called_silent() -> None:
    asleep = summary(last_heard_at=NOW - timedelta(days=3), agents=2, asleep=2)
    shown = body(report(asleep))
    assert not parts(shown, "tone-stale")
    assert "All agents here are asleep: away from school networks." in texts(shown)


def test_a_test_says_what_it_could_see() -> None:
    assert outcome(test_row()) == "Full reading"
    limited = test_row(bound="at_least", limited_by="wifi")
    assert outcome(limited) == "This fast or faster: the limit was the computer's Wi-Fi"
    assert outcome(test_row(bound="at_least", limited_by=None)) == "This fast or faster"
    assert outcome(test_row(bound=None, limited_by=None)).startswith("Can't say")
    failed = test_row(line_bits_per_second=None, error="the test server is gone")
    assert outcome(failed) == "Failed: the test server is gone"


def test_a_test_that_does_not_count_says_why() -> None:
    assert counting(test_row()) == "Counts"
    assert counting(test_row(counts=False, why_not="In school hours.")) == "In school hours."


def test_a_row_sorts_by_value_and_shows_words() -> None:
    shown = row(test_row(bound="at_least"), CHICAGO)
    assert (shown["rate"], shown["rate_text"]) == (612e6, "\u2265 612 Mbps")
    assert (shown["started"], shown["started_text"]) == (
        "2026-03-20T09:05:00-05:00",
        "Fri Mar 20, 9:05 AM",
    )


def test_the_list_says_how_many_tests_it_leaves_out() -> None:
    words = texts(body(report(tests_total=1250, readings={"failed": 3}, skipped=2)))
    assert "The newest 1 of 1,250 tests in the last 30 days. 3 failed, 2 were skipped." in words


def test_the_grid_runs_no_code_and_no_markup_from_data() -> None:
    (grid,) = [c for c in walk(body(report())) if getattr(c, "id", "") == "tests"]
    assert not getattr(grid, "dangerously_allow_code", None)
    drawn = {column["cellRenderer"] for column in grid.columnDefs if "cellRenderer" in column}
    assert drawn == {"TestLink", "Reading"}  # of assets/board.js, which make text and links alone
    assert not getattr(grid, "enableEnterpriseModules", None)


def test_a_school_without_agent_people_or_results_shows_the_next_step_and_no_empty_charts() -> None:
    bare = summary(found=None, agents=0, people=None, last_heard_at=None)
    nothing = {"throughput_by_day": (), "latency_by_day": (), "tests": ()}
    shown = body(report(bare, **nothing))
    words = texts(shown)
    assert "no enrollment yet" in words
    assert "Add an agent" in words
    assert "Nothing to show yet" not in words


def test_tests_are_counted_by_what_they_say_each_kind_with_its_shape() -> None:
    counted = {"exact": 142, "at_least": 1, "browser": 30, "failed": 2}
    (tally,) = parts(body(report(readings=counted)), "readings")
    assert texts(tally) == "142 full readings 1 this fast or faster 30 made by web pages 2 failed"
    assert len({str(icon.className) for icon in parts(tally, "icon")}) == 4


def test_a_web_pages_test_says_so_in_the_list() -> None:
    shown = row(test_row(client="browser", bound="at_least"), CHICAGO)
    assert shown["outcome"] == "Made by a web page: this fast or faster"
    assert shown["where"] == "Room 12, a web page"
    assert shown["icon"] != row(test_row(bound="at_least"), CHICAGO)["icon"]


def test_a_test_leads_to_its_page_with_the_target_and_period() -> None:
    test = test_row()
    (grid,) = [c for c in walk(body(report(tests=(test,)))) if getattr(c, "id", "") == "tests"]
    assert grid.rowData[0]["href"] == f"/test/{test.id}?target=fcc-1mbps&days=30"
