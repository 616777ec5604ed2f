from contextlib import suppress

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.serving import Board, nights

LONGER_THAN_A_REFRESH = 31_000
REFRESHES = 20
"""On a busy machine even a small district's answer is a costly one, kept for a while."""


def left_open(open_page: Open, here: Board) -> Page:
    """The Overview of one undecided school, in a browser whose clock the test turns."""
    page = open_page(here)
    page.clock.install()
    page.reload()
    expect(page.locator("table.schools")).to_contain_text("Not decided yet")
    return page


def test_an_open_page_shows_new_results_by_itself(fresh: Board, open_page: Open) -> None:
    agent = fresh.agent(fresh.school("Lincoln Elementary"))
    page = left_open(open_page, fresh)
    fresh.post(agent, *nights(600))
    for _ in range(REFRESHES):
        page.clock.fast_forward(LONGER_THAN_A_REFRESH)
        with suppress(AssertionError):
            expect(page.locator("table.schools")).to_contain_text("Meets", timeout=2000)
            break
    expect(page.locator("table.schools")).to_contain_text("Meets the target")


def test_an_open_page_says_when_the_server_is_away_and_when_it_is_back(
    fresh: Board, open_page: Open, troubles: list[str]
) -> None:
    fresh.school("Lincoln Elementary")
    page = left_open(open_page, fresh)
    expect(page.get_by_role("status")).to_be_hidden()
    page.route("**/_dash-update-component*", lambda route: route.abort())
    page.clock.fast_forward(LONGER_THAN_A_REFRESH)
    expect(page.get_by_role("status")).to_contain_text("The server does not answer")
    page.unroute_all()
    page.clock.fast_forward(LONGER_THAN_A_REFRESH)
    expect(page.get_by_role("status")).to_be_hidden()
    assert all("ERR_FAILED" in t or "did not respond" in t for t in troubles), troubles
    troubles.clear()


def test_an_open_page_whose_session_ended_leads_to_the_sign_in(
    fresh: Board, open_page: Open, troubles: list[str]
) -> None:
    fresh.school("Lincoln Elementary")
    page = left_open(open_page, fresh)
    page.context.request.post(f"{fresh.url}/logout", headers={"Origin": fresh.url})
    page.clock.fast_forward(LONGER_THAN_A_REFRESH)
    expect(page).to_have_url(f"{fresh.url}/sign-in")
    assert all("401" in trouble for trouble in troubles), troubles
    troubles.clear()
