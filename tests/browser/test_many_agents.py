from playwright.sync_api import expect

from broadgauge_collector.access.agents import note_asleep
from tests.browser.conftest import Open
from tests.browser.serving import Board

LONGER_THAN_A_REFRESH = 31_000
PHONE = {"width": 390, "height": 844}


def test_many_agents_are_folded_by_school_and_stay_as_they_were_opened(
    fresh: Board, open_page: Open
) -> None:
    for name in ("Adams", "Grant High"):
        school = fresh.school(name)
        for number in range(7):
            agent = fresh.agent(school, f"Desk {number}")
    with fresh.services.stores.control.begin() as c:
        note_asleep(c, agent.agent_id, fresh.services.now(), "0.1.0")
    page = open_page(fresh, "/agents", viewport=PHONE)
    page.clock.install()
    page.reload()
    groups = page.locator("details.group")
    expect(groups).to_have_count(2)
    expect(groups.nth(1)).to_contain_text("1 asleep")

    groups.nth(1).locator("summary").click()
    with page.expect_response("**/_dash-update-component*"):
        page.clock.fast_forward(LONGER_THAN_A_REFRESH)
    expect(groups.nth(1).get_by_text("Desk 6")).to_be_visible()
    expect(groups.nth(0).get_by_text("Desk 6")).to_be_hidden()

    page.get_by_label("Find an agent").fill("asleep")
    page.clock.run_for(1000)
    rows = page.locator("table.agents tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("away from school networks")
    expect(page).to_have_url(f"{fresh.url}/agents?q=asleep")
