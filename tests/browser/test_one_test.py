"""A test's page, from the School page's list to what it says."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from broadgauge_dashboard import format as fmt
from broadgauge_wire import new_id
from tests import collecting, made_up
from tests.browser.conftest import Open
from tests.browser.serving import Board, board
from tests.browser.test_dashboard import HEADINGS, PHONE

MADE = {
    "full": made_up.full_reading,
    "limited": made_up.port_limited,
    "unsettled": made_up.unsettled,
    "web page": made_up.by_web_page,
    "failed": made_up.failed,
    "old": collecting.throughput,
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A school with one test of each kind, a minute apart."""
    with board(tmp_path_factory.mktemp("tests")) as here:
        now = datetime.now(UTC)
        here.post(
            here.agent(here.school("Lincoln Elementary")),
            *(
                make(id=IDS[kind], started_at=now - timedelta(minutes=back))
                for back, (kind, make) in enumerate(MADE.items(), 1)
            ),
        )
        yield here


IDS = {kind: new_id() for kind in MADE}


def stored(here: Board, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = here.get(f"/api/v1/results/{IDS[kind]}")
    return found


def address(kind: str) -> str:
    return f"/test/{IDS[kind]}"


def shown(page: Page) -> None:
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".state-loading")).to_have_count(0)


def test_the_list_of_tests_leads_to_a_page_with_the_numbers_of_the_api(
    measured: Board, open_page: Open
) -> None:
    (school,) = measured.get("/api/v1/schools")
    page = open_page(measured, f"/school/{school['id']}?target=setda-2017&days=90")
    page.locator("#tests a").first.click()
    expect(page).to_have_url(f"{measured.url}{address('full')}?target=setda-2017&days=90")
    expect(page).to_have_title("Download test, Lincoln Elementary \u00b7 broadgauge")
    found = stored(measured, "full")
    metrics = page.locator(".metric-value")
    expect(metrics).to_have_text(
        [
            fmt.rate(found["line_bits_per_second"]),
            fmt.milliseconds(found["idle_rtt_seconds"]),
            fmt.milliseconds(found["loaded_rtt_seconds"]),
            fmt.count(round(found["round_trips_per_minute"])),
        ]
    )
    drawn = page.evaluate("document.querySelector('#rate-over-time .js-plotly-plot').data[1].y")
    share = found["payload_ratio"] * 1e6
    assert drawn[:-1] == pytest.approx([r / share for r in found["rates_bits_per_second"]])
    expect(page.locator("#rate-over-time")).to_contain_text("part used")
    page.get_by_role("link", name="Lincoln Elementary").click()
    expect(page.locator("#tests a").first).to_be_visible()
    expect(page.locator("#days")).to_have_value("Last 90 days")


def test_the_list_counts_each_kind_needs_no_scrolling_sideways_and_works_with_keys(
    measured: Board, open_page: Open
) -> None:
    (school,) = measured.get("/api/v1/schools")
    page = open_page(measured, f"/school/{school['id']}")
    expect(page.locator(".readings > span")).to_have_text(
        ["2 full readings", "1 this fast or faster", "1 can't say", "1 made by a web page",
         "1 failed"]
    )  # fmt: skip
    expect(page.locator("#tests .ag-center-cols-container .ag-row")).to_have_count(len(MADE))
    sideways = "e => [e.scrollWidth, e.clientWidth]"
    wide, seen = page.locator("#tests .ag-center-cols-viewport").evaluate(sideways)
    assert wide <= seen
    page.locator("#tests .ag-row[row-index='0'] .ag-cell").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Download test")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("limited", "The testing computer's network port was the limit"),
        ("unsettled", "A filter opens encrypted connections"),
        ("web page", "Made by a web page in a room"),
        ("failed", "no answer from 10.1.0.2 within 5 s: is the test server running?"),
        ("old", "kept no rates over time"),
    ],
)
def test_each_kind_says_its_piece_on_a_phone_that_never_scrolls_sideways(
    measured: Board, open_page: Open, kind: str, words: str
) -> None:
    page = open_page(measured, address(kind), viewport=PHONE)
    shown(page)
    expect(page.locator("#content")).to_contain_text(words)
    if stored(measured, kind)["rates_bits_per_second"]:
        expect(page.locator("#rate-over-time .main-svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.locator("h1").count() == 1
    levels = [int(name[1]) for name in page.evaluate(HEADINGS)]
    assert all(below <= above + 1 for above, below in itertools.pairwise([0, *levels]))


@pytest.mark.parametrize("unknown", ["01890000-0000-7000-8000-000000000000", "nonsense"])
def test_a_test_that_is_not_there_says_so(measured: Board, open_page: Open, unknown: str) -> None:
    page = open_page(measured, f"/test/{unknown}")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such test")
