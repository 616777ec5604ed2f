from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import plotly.graph_objects as go
import pytest
from msgspec.structs import replace

from broadgauge_collector.reports import TestReport as Report
from broadgauge_dashboard.rate_figure import Rates, rate_over_time, rates_of
from broadgauge_dashboard.readings import (
    LIMITS,
    MIDDLEBOXES,
    SHAPES,
    advice,
    conclusion,
    responsiveness,
    why_it_ended,
)
from broadgauge_dashboard.views.one_test import body
from broadgauge_wire import ThroughputResult, new_id
from broadgauge_wire.fields import LimitedBy, Middlebox, StopReason
from tests import collecting, made_up
from tests.unit.dashboard.seeing import MEETS, NOW, TARGET, judged, parts, school, texts, walk

OLD = collecting.throughput(segment="internet", location="Room 12")


def a_report(result: ThroughputResult, **changes: Any) -> Report:
    made = Report(
        result=result,
        started_at=NOW - timedelta(hours=1),
        school=school(),
        agent="Library desk",
        link=judged(MEETS).link,
        reflector="Core",
        target=TARGET,
        days=30,
        as_of=NOW,
        why_not=None,
    )
    return replace(made, **changes)


def words_of(result: ThroughputResult, **changes: Any) -> str:
    return texts(body(a_report(result, **changes)))


def drawn(result: ThroughputResult) -> Rates:
    shown = rates_of(result)
    assert shown is not None
    return shown


def legend(result: ThroughputResult) -> list[str]:
    figure = rate_over_time(drawn(result))
    named = [*figure["data"], *figure["layout"]["shapes"]]
    return [str(item["name"]) for item in named]


def test_a_full_reading_says_its_rate_its_uncertainty_and_what_it_rests_on() -> None:
    words = words_of(made_up.full_reading())
    assert "Full reading The line, and neither end, set this rate." in words
    assert "612 Mbps \u00b1 1.1%, 95% sure" in words
    assert "605 Mbps to 619 Mbps, 95% sure" in words
    assert "the part from 0.7 s to 1.6 s after the load began" in words
    assert "591 Mbps: 96.5% of the line speed" in words


def test_round_trips_are_told_idle_and_under_load_and_in_plain_words() -> None:
    words = words_of(made_up.full_reading())
    assert ("11.8 ms" in words, "31.2 ms" in words, "1,923" in words) == (True, True, True)
    assert "Pages and video calls stay prompt while the line is busy." in words
    assert responsiveness(300).startswith("Pages and video calls are slowed")
    assert responsiveness(100).startswith("Video calls break up")


def test_without_a_count_of_round_trips_the_busy_round_trip_speaks() -> None:
    slow = made_up.full_reading(round_trips_per_minute=None, loaded_rtt_seconds=0.5)
    assert "Video calls break up and pages hang while the line is busy." in words_of(slow)


def test_how_it_was_measured_is_all_there() -> None:
    words = words_of(made_up.full_reading())
    for fact in ("ndt7, 3 connections, congestion control bbr", "Core (10.1.0.2)", "Room 12",
                 "eth0: cable, 1 Gbps, MTU 1,500 bytes", "0.04%", "210 kbps", "84.2 MB", "941 Mbps",
                 "the test used 21% of one core; the busiest core was busy for 46%",
                 "the agent Library desk, version 0.1.0", "Internet (Internet)"):  # fmt: skip
        assert fact in words


def test_a_test_limited_by_its_computer_says_so_and_what_would_help() -> None:
    words = words_of(made_up.port_limited())
    assert "The testing computer's network port was the limit: the line is this fast or" in words
    assert "use a computer with a faster network port" in words
    assert "\u2265 97.9 Mbps" in words


@pytest.mark.parametrize("limit", [name for name in get_args(LimitedBy) if name != "path"])
def test_every_limit_has_its_sentence_and_its_advice(limit: LimitedBy) -> None:
    result = made_up.port_limited(limited_by=limit)
    assert conclusion(result).endswith(": the line is this fast or faster.")
    assert advice(result)
    assert limit in LIMITS


@pytest.mark.parametrize("reason", get_args(StopReason))
def test_every_end_has_its_sentence(reason: StopReason) -> None:
    assert why_it_ended(made_up.full_reading(stop_reason=reason))


@pytest.mark.parametrize("name", get_args(Middlebox))
def test_every_middlebox_says_what_it_does_and_what_to_do(name: Middlebox) -> None:
    words = words_of(made_up.full_reading(middleboxes=(name,)))
    known = MIDDLEBOXES[name]
    assert f"{known.name} {known.effect} {known.action}" in words


def test_a_test_that_did_not_settle_claims_no_interval() -> None:
    words = words_of(made_up.unsettled())
    assert "the rate did not settle before the test had used the data it was allowed" in words
    assert "an average that did not settle" in words
    assert "95% sure" not in words
    assert legend(made_up.unsettled())[:2] == ["Average: 171 Mbps", "Download rate"]


def test_other_peoples_tests_and_servers_are_marked_as_never_judged() -> None:
    foreign = made_up.full_reading(method="ookla", bound=None, public_server=True)
    words = words_of(foreign)
    assert "ookla tests don't say what set their rate" in words
    assert "Measured by ookla, for comparison: never judged." in words
    assert "Went to a public server, beyond the district's own lines" in words


def test_lost_packets_are_named_where_they_set_the_rate() -> None:
    lossy = made_up.unsettled(stop_reason="converged", retransmit_ratio=0.02)
    assert "lost packets, and not the line alone, may have set the rate" in conclusion(lossy)


def test_a_failed_test_shows_its_error_and_no_number() -> None:
    shown = body(a_report(made_up.failed(), why_not="The test failed."))
    words = texts(shown)
    assert "There is no rate: no answer from 10.1.0.2 within 5 s: is the test server" in words
    assert not parts(shown, "metric")
    assert not parts(shown, "graph")


def test_a_test_of_an_old_agent_shows_what_is_known_and_no_dashes() -> None:
    shown = body(a_report(OLD))
    words = texts(shown)
    assert "470 Mbps" in words
    assert "Not recorded" in words
    assert "version 0.1.0" in words
    assert "\u2014" not in words
    assert not parts(shown, "graph")


def test_inside_one_machine_nothing_is_said_of_a_line() -> None:
    words = words_of(made_up.port_limited(path_kind="loopback", limited_by="cpu"))
    assert "Measured inside one machine: this says nothing about a line." in words
    assert "this fast or faster" not in words
    assert "stay prompt" not in words


def test_a_web_pages_test_has_its_own_shape_and_says_who_made_it() -> None:
    words = words_of(made_up.by_web_page())
    assert "Made by a web page" in words
    assert "Library desk" not in words
    assert len({shape.symbol for shape in SHAPES.values()}) == len(SHAPES)
    assert len({shape.icon for shape in SHAPES.values()}) == len(SHAPES)


def test_a_web_pages_failed_test_says_who_made_it_and_that_there_is_no_rate() -> None:
    shown = body(a_report(made_up.failed(client="browser", trigger="survey")))
    assert "Made by a web page" in texts(shown)
    assert "There is no rate: " in texts(shown)
    assert "tone-below" in parts(shown, "badge")[0].className


def test_a_web_pages_short_test_is_said_to_be_no_longer_than_a_burst() -> None:
    short = {"bound": None, "stop_reason": "budget", "uncertainty_ratio": None}
    said = conclusion(made_up.by_web_page(**short))
    assert said.endswith("it used up the data it was allowed before it had outlasted a burst.")


def test_the_longer_test_that_vouches_for_a_short_one_is_a_link_to_it() -> None:
    longer = new_id()
    shown = body(a_report(made_up.full_reading(burst_test_id=longer)))
    links = [c.href for c in walk(shown) if getattr(c, "href", None)]
    assert any(link.startswith(f"/test/{longer}?") for link in links)
    itself = made_up.full_reading()
    assert "this test: it loaded the line" in words_of(replace(itself, burst_test_id=itself.id))


def test_whether_it_counts_stands_there_with_the_target() -> None:
    assert "Counts towards 1 Mbps per student, last 30 days." in words_of(made_up.full_reading())
    refused = words_of(made_up.full_reading(), why_not="Started by hand.")
    assert "Does not count towards 1 Mbps per student, last 30 days. Started by hand." in refused


@pytest.mark.parametrize(
    "result",
    [made_up.full_reading(), made_up.port_limited(), made_up.unsettled(), made_up.by_web_page()],
    ids=["full", "limited", "unsettled", "web page"],
)
def test_the_chart_is_one_that_plotly_accepts(result: ThroughputResult) -> None:
    go.Figure(rate_over_time(drawn(result)))


def test_the_chart_has_the_rates_as_line_speed_over_their_time() -> None:
    result = made_up.full_reading()
    (steps,) = [t for t in rate_over_time(drawn(result))["data"] if t["name"] == "Download rate"]
    assert result.line_bits_per_second is not None
    assert steps["y"][8] == pytest.approx(result.line_bits_per_second / 1e6, rel=0.02)
    assert (steps["x"][0], steps["x"][-1]) == (0.0, 1.6)


def test_the_part_used_is_shaded_and_named_in_words() -> None:
    layout = rate_over_time(drawn(made_up.full_reading()))["layout"]
    (part,) = [shape for shape in layout["shapes"] if shape["name"] == "Part used"]
    assert (part["x0"], part["x1"], part["showlegend"]) == (0.7, 1.6, True)
    assert [label["text"] for label in layout["annotations"]] == ["part used"]


def test_the_spread_lies_around_the_result_in_the_unit_of_the_axis() -> None:
    layout = rate_over_time(drawn(made_up.full_reading(2000)))["layout"]
    (band,) = [shape for shape in layout["shapes"] if shape["name"] == "95% sure to be within"]
    assert (band["y0"], band["y1"]) == (pytest.approx(1.978), pytest.approx(2.022))
    assert layout["yaxis"]["ticksuffix"] == " Gbps"


def test_a_ceiling_far_above_the_rates_does_not_flatten_them() -> None:
    assert "Most this computer could see: 98.6 Mbps" in legend(made_up.port_limited())
    far = made_up.port_limited(ceiling_bits_per_second=10e9)
    assert not any(name.startswith("Most") for name in legend(far))
    assert rate_over_time(drawn(far))["layout"]["yaxis"]["range"][1] < 130


def test_rates_without_a_part_a_result_or_a_share_are_drawn_all_the_same() -> None:
    bare = made_up.failed(rates_bits_per_second=(1e6, 2e6), rate_interval_seconds=0.1)
    figure = rate_over_time(drawn(bare))
    assert [trace["name"] for trace in figure["data"]] == ["Download rate"]
    assert figure["layout"]["shapes"] == []


def test_a_time_that_was_corrected_is_marked_with_what_the_computer_said() -> None:
    epoch = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    off = replace(OLD, started_at=epoch, clock_offset_seconds=1.7e9, clock_corrected=True)
    shown = words_of(off)
    assert "Time corrected" in shown
    assert "1970-01-01 00:05:00 UTC by the computer's own clock, which was 54 years behind" in shown
    ahead = words_of(replace(off, clock_offset_seconds=-7200.0))
    assert "which was 2 hours ahead" in ahead
    assert "left out" in words_of(replace(off, clock_offset_seconds=0.0))
    assert "Time corrected" not in words_of(OLD)
