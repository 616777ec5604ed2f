from typing import Any

import plotly.graph_objects as go
import pytest

from broadgauge_dashboard import figures
from tests.unit.dashboard.seeing import point, test_row

DAYS = (point("2026-03-18"), point("2026-03-19"), point("2026-03-18", "upload", 300e6))


def named(figure: figures.Figure, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(t for t in figure["data"] if t.get("name") == name)
    return found


@pytest.mark.parametrize(
    "figure",
    [
        figures.throughput_over_time(DAYS, [test_row()], "America/Chicago", 500e6),
        figures.throughput_over_time((), (), "America/Chicago", None),
        figures.throughput_by_hour((point("08"), point("09", "upload")), 500e6),
        figures.throughput_by_location((point("Room 12"), point("Gym")), None),
        figures.latency_over_time((point("2026-03-18", "round trip", 0.004),)),
        figures.latency_by_hour((point("08", "round trip", 0.004),)),
        figures.latency_by_location((point("Gym", "round trip", 0.004),)),
        figures.loss_over_time((point("2026-03-18", "lost", 0.0),)),
    ],
)
def test_every_chart_is_one_that_plotly_accepts(figure: figures.Figure) -> None:
    go.Figure(figure)


def test_full_readings_and_others_differ_in_shape() -> None:
    web_page = test_row(bound="at_least", client="browser")
    tests = [test_row(), test_row(bound="at_least"), test_row(bound=None), web_page]
    figure = figures.throughput_over_time((), tests, "America/Chicago", None)
    full = named(figure, "Download, full reading")
    limited = named(figure, "Download, this fast or faster")
    unknown = named(figure, "Download, can't say")
    by_page = named(figure, "Download, made by a web page")
    assert len({mark["marker"]["symbol"] for mark in (full, limited, unknown, by_page)}) == 4


def test_tests_stand_at_the_schools_time() -> None:
    figure = figures.throughput_over_time((), [test_row()], "America/Chicago", None)
    assert [x.hour for x in named(figure, "Download, full reading")["x"]] == [9]


def test_a_failed_test_has_no_mark() -> None:
    failed = test_row(line_bits_per_second=None, error="the server is gone")
    figure = figures.throughput_over_time((), [failed], "America/Chicago", None)
    assert figure["data"] == []


def test_the_need_is_drawn_in_the_unit_of_the_axis() -> None:
    fast = (point("2026-03-18", median=2e9),)
    figure = figures.throughput_over_time(fast, (), "America/Chicago", 500e6)
    assert figure["layout"]["yaxis"]["ticksuffix"] == " Gbps"
    assert figure["layout"]["shapes"][0]["y0"] == 0.5
    assert figure["layout"]["shapes"][0]["name"] == "Need 500 Mbps"


def test_one_day_alone_is_drawn_a_day_wide() -> None:
    figure = figures.latency_over_time((point("2026-03-18", "round trip", 0.004),))
    first, last = figure["layout"]["xaxis"]["range"]
    assert (last - first).days == 1


def test_latency_shows_the_middle_of_the_day_around_the_median() -> None:
    figure = figures.latency_over_time((point("2026-03-18", "round trip", 0.004),))
    low, high, median = (trace["y"][0] for trace in figure["data"])
    assert (low, median, high) == pytest.approx((3.6, 4.0, 4.4))


def test_one_day_has_its_tests_and_no_line() -> None:
    day = (point("2026-03-20"),)
    figure = figures.throughput_over_time(day, [test_row()], "America/Chicago", None)
    assert [trace["mode"] for trace in figure["data"]] == ["markers"]


def test_loss_is_in_percent_and_of_the_worse_windows() -> None:
    figure = figures.loss_over_time((point("2026-03-18", "lost", 0.01),))
    assert figure["data"][0]["y"] == [pytest.approx(1.1)]


def test_charts_ask_nobody_for_maps_or_logos() -> None:
    assert figures.CONFIG["displayModeBar"] is False
    assert not {"plotlyServerURL", "topojsonURL"} & figures.CONFIG.keys()


def test_one_day_alone_is_named_by_its_date_unless_its_moments_are_drawn() -> None:
    day = point("2026-03-18", "round trip", 0.004)
    assert figures.latency_over_time([day])["layout"]["xaxis"]["ticktext"] == ["Mar 18"]
    tests = figures.throughput_over_time([DAYS[0]], [test_row()], "America/Chicago", None)
    assert "%p" in tests["layout"]["xaxis"]["tickformat"]
