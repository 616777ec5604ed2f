"""Results kept aside, in a real browser: whatever an agent sent is shown as text."""

from datetime import UTC, datetime

import httpx2
import pytest
from msgspec import Raw
from msgspec.structs import replace
from playwright.sync_api import expect

from broadgauge_collector.access.agents import get_agent
from broadgauge_wire import encode, new_id
from tests import collecting
from tests.browser.axe import axe_faults
from tests.browser.conftest import Open
from tests.browser.serving import HOSTILE, Board

PHONE = {"width": 390, "height": 844}


def send_bad_records(here: Board) -> None:
    agent = here.agent(here.school("Lincoln Elementary"), "Library desk")
    with here.services.stores.control.connect() as c:
        sender = get_agent(c, agent.agent_id)
    now = datetime.now(UTC)
    bad = collecting.latency(id=new_id(), started_at=now, lost=101)
    made = collecting.batch(sender, bad, sent_at=now)
    hostile = Raw(encode({"kind": HOSTILE, "id": HOSTILE}))
    made = replace(made, results=(*made.results, hostile))
    answer = httpx2.post(
        f"{here.url}/api/v1/batches",
        content=encode(made),
        headers={"Authorization": f"Bearer {agent.key}"},
    )
    assert len(answer.json()["refused"]) == 2


def test_without_any_the_page_says_so(fresh: Board, open_page: Open) -> None:
    page = open_page(fresh, "/kept-aside")
    expect(page.get_by_text("Every result that agents sent was taken")).to_be_visible()
    assert axe_faults(page) == []


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_agents_sent_is_shown_as_text_with_why_it_does_not_count(
    fresh: Board, open_page: Open, size: dict[str, int], scheme: str
) -> None:
    send_bad_records(fresh)
    page = open_page(fresh, "/agents", viewport=size, color_scheme=scheme)
    page.get_by_role("link", name="2 results were kept aside").click()
    expect(page.get_by_role("heading", name="Results kept aside")).to_be_visible()
    page.locator("details", has_text="Invalid value").locator("summary").click()
    expect(page.locator("details[open] pre")).to_contain_text(HOSTILE)
    assert page.evaluate("window.owned") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert axe_faults(page) == []


def test_a_count_opens_its_records_alone_and_they_can_be_taken_away(
    fresh: Board, open_page: Open
) -> None:
    send_bad_records(fresh)
    page = open_page(fresh, "/kept-aside")
    row = page.locator("table.aside tbody tr", has_text="lost is over sent")
    row.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("heading", name="Those that were chosen")).to_be_visible()
    expect(page.locator("details")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON lines").click()
    assert download.value.path().read_text().count("\n") == 1
