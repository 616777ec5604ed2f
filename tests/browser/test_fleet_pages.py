"""Repairs, Refresh and Readiness, in a real browser, from an empty district to a judged one."""

import time
from datetime import date, timedelta

import httpx2
import pytest
from playwright.sync_api import Page, expect

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_user_token
from tests.browser.axe import axe_faults
from tests.browser.conftest import Open
from tests.browser.serving import HOSTILE, Board
from tests.browser.test_inventory import DESK, PHONE

BOUGHT = date(2023, 8, 1)
MODELS = ("HP 11", HOSTILE)
HEADING = "Serial Number,Type,Model,School,Purchase Date,Price,Support End"


def bring(board: Board, format_: str, text: str) -> None:
    """Import a file, to its end."""
    with board.services.stores.control.begin() as c:
        permissions = [Permission.READ, Permission.MANAGE]
        now = board.services.now()
        token = create_user_token(c, name=format_, permissions=permissions, now=now)
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{board.url}/api/v1/imports/{format_}?apply=true"
    run = httpx2.post(path, content=text.encode(), headers=headers).json()
    while run["state"] in {"reading", "applying"}:
        time.sleep(0.05)
        run = board.get(f"/api/v1/import-runs/{run['id']}")
    assert (run["state"], run["refused"]) == ("applied", 0), run


def district(board: Board) -> None:
    """Sixty devices of two models at one school, and three years of repairs."""
    board.school("Lincoln Elementary")
    rows = [
        f'S{n:02},Chromebook,"{MODELS[n % 2]}",Lincoln Elementary,{BOUGHT},300,2031-06-30'
        for n in range(60)
    ]
    bring(board, "devices", "\n".join((HEADING, *rows, "")))
    tickets = [
        f"{n},{BOUGHT + timedelta(days=13 * n)},S{n % 30:02},accident,{80 + n}" for n in range(60)
    ]
    bring(board, "tickets", "\n".join(("Ticket #,Opened,Serial,Category,Cost", *tickets, "")))


def sound(page: Page, width: int) -> None:
    """Nothing sticks out, and nothing is in the way of who can't see it."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert axe_faults(page) == []
    assert page.evaluate("window.owned") is None


def test_an_empty_district_is_told_how_to_begin(fresh: Board, open_page: Open) -> None:
    for path, words in (
        ("/repairs", "No rate yet"),
        ("/refresh", "No device yet"),
        ("/readiness", "No device at a school yet"),
        ("/applications", "No machine tells what is installed"),
    ):
        page = open_page(fresh, path)
        expect(page.get_by_text(words, exact=True)).to_be_visible()
        sound(page, DESK["width"])


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_a_judged_district_is_shown(
    fresh: Board, open_page: Open, size: dict[str, int], scheme: str
) -> None:
    district(fresh)
    page = open_page(fresh, "/repairs", viewport=size, color_scheme=scheme)
    expect(page.get_by_text("Repairs in 100 device-years", exact=True)).to_be_visible()
    expect(page.get_by_text("Share of devices that had no repair")).to_be_visible()
    expect(page.locator("#compare-said p").first).to_be_visible()
    expect(page.get_by_text("Worth it above")).to_be_visible()
    sound(page, size["width"])
    page.get_by_label("Asset tag or serial number").fill("s05")
    page.get_by_label("Asset tag or serial number").press("Enter")
    expect(page.get_by_text("Added: ")).to_be_visible()
    expect(page.get_by_label("Asset tag or serial number")).to_have_value("")
    page.get_by_label("Asset tag or serial number").fill("nobody")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("There is no device with this asset tag")).to_be_visible()
    page.goto(f"{fresh.url}/refresh")
    expect(page.get_by_role("heading", name="What must be bought")).to_be_visible()
    expect(page.get_by_text("Too old for its kind").first).to_be_visible()
    sound(page, size["width"])
    page.goto(f"{fresh.url}/readiness")
    expect(page.get_by_text("Ready for the assessment", exact=True)).to_be_visible()
    sound(page, size["width"])
