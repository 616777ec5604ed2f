from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.following import follow
from tests.browser.serving import Board


def test_one_machine_alone_is_never_judged_and_told_how_to_go_on(
    alone: Board, open_page: Open
) -> None:
    page = open_page(alone)
    expect(page.locator("table.schools")).to_contain_text("Not decided yet")
    expect(page.locator("table.schools")).to_contain_text("inside one machine")
    follow(page, "Add an agent")
    expect(page.get_by_role("heading", name="Add an agent")).to_be_visible()
    expect(page.locator("#add-school")).to_have_value("This computer")


def test_one_machine_alone_still_shows_what_it_measured(alone: Board, open_page: Open) -> None:
    page = open_page(alone)
    follow(page, "This computer")
    expect(page.locator(".metric").first).to_contain_text("23 Gbps")
    expect(page.locator("#throughput-by-day .main-svg").first).to_be_visible()
    expect(page.locator("#latency-by-day .main-svg").first).to_be_visible()
    expect(page.locator("#tests")).to_contain_text("the limit was the computer's processor")


def test_an_empty_server_says_how_to_begin(fresh: Board, open_page: Open) -> None:
    page = open_page(fresh)
    expect(page.locator("#overview-body")).to_contain_text("broadgauge schools add")
    page.goto(f"{fresh.url}/agents")
    expect(page.locator("#agents-body")).to_contain_text("No agent yet")
    expect(page.locator("#add-form")).to_contain_text("No schools yet")


def test_a_deep_link_works_as_the_first_page_after_a_start(fresh: Board, open_page: Open) -> None:
    school = fresh.school("Lincoln Elementary")
    page = open_page(fresh, f"/school/{school.id}?days=90")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lincoln Elementary")
    expect(page.locator("#days")).to_have_value("Last 90 days")
