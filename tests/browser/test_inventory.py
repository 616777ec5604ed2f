"""The inventory, in a real browser: a file brought, looked at, applied, found again, taken back."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_faults
from tests.browser.conftest import Open
from tests.browser.serving import HOSTILE, Board

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
HEADINGS = "deviceId,serialNumber,model,provisionStatus,annotatedAssetId,orgUnitPath,annotatedUser"


def export(folder: Path, *rows: str) -> Path:
    file = folder / "devices.csv"
    file.write_text("\n".join((HEADINGS, *rows, "")), encoding="utf-8")
    return file


def bring(page: Page, file: Path) -> None:
    expect(page.locator("#import-drop")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        page.locator("#import-drop").click()
    chooser.value.set_files(file)


def press(page: Page, name: str, then: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=then, exact=True)).to_be_visible()


def test_without_devices_the_page_says_how_to_begin(fresh: Board, open_page: Open) -> None:
    page = open_page(fresh, "/devices")
    expect(page.get_by_text("Bring what you already have")).to_be_visible()
    assert axe_faults(page) == []
    page.get_by_role("main").get_by_role("link", name="Import a file").first.click()
    expect(page.get_by_text("Nothing was imported yet")).to_be_visible()
    assert axe_faults(page) == []


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_a_file_is_brought_looked_at_applied_found_and_taken_back(
    fresh: Board, open_page: Open, tmp_path: Path, size: dict[str, int], scheme: str
) -> None:
    fresh.school("Lincoln Elementary")
    file = export(
        tmp_path,
        "1,5CD1,HP 11,ACTIVE,T-1,/Lincoln Elementary,zoe@x.example",
        f'2,5CD2,"{HOSTILE}",ACTIVE,T-2,/Elsewhere,yan@x.example',
        "3,5CD3,too few",
    )
    page = open_page(fresh, "/imports", viewport=size, color_scheme=scheme)
    bring(page, file)
    expect(page.get_by_role("heading", name="Waits to be applied: google-admin")).to_be_visible()
    expect(page.get_by_text("3 rows: 2 new, 0 changed, 0 as before, 1 refused")).to_be_visible()
    expect(page.get_by_text("It has more or fewer cells than the heading.")).to_be_visible()
    assert "x.example" not in page.content()
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert fresh.get("/api/v1/devices")["total"] == 0

    press(page, "Apply", "Applied: google-admin")
    page.goto(f"{fresh.url}/devices")
    expect(page.get_by_role("heading", name="2 devices")).to_be_visible()
    page.get_by_label("Find").fill("5cd2")
    expect(page.get_by_role("link", name="5CD1")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert axe_faults(page) == []
    page.get_by_role("link", name="5CD2").click()
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert axe_faults(page) == []

    page.goto(f"{fresh.url}/imports")
    page.locator("#import-list").get_by_role("link").first.click()
    press(page, "Undo", "Taken back: google-admin")
    assert fresh.get("/api/v1/devices")["total"] == 0


def test_a_place_is_said_once_to_be_a_school(fresh: Board, open_page: Open, tmp_path: Path) -> None:
    fresh.school("Lincoln Elementary")
    page = open_page(fresh, "/imports")
    bring(page, export(tmp_path, "1,5CD1,HP 11,ACTIVE,T-1,/LES,"))
    press(page, "Apply", "Applied: google-admin")
    page.get_by_role("textbox", name="They mean").click()
    page.get_by_role("option", name="Lincoln Elementary").click()
    page.get_by_role("button", name="Remember").click()
    expect(page.get_by_text("/LES is Lincoln Elementary.")).to_be_visible()
    (device,) = fresh.get("/api/v1/devices")["devices"]
    assert device["school"] == "Lincoln Elementary"


def test_a_heading_of_ones_own_is_said_once(fresh: Board, open_page: Open, tmp_path: Path) -> None:
    page = open_page(fresh, "/imports")
    file = export(tmp_path, "1,5CD1,HP 11,ACTIVE,T-1,/LES,")
    file.write_text(file.read_text().replace("annotatedAssetId", "Sticker"))
    page.get_by_text("Your file has other headings?").click()
    page.get_by_role("textbox", name="What the column holds").click()
    page.get_by_role("option", name="Asset tag").click()
    page.get_by_label("Its heading in your file").fill("Sticker")
    page.get_by_role("button", name="Remember").click()
    expect(page.get_by_text("Asset tag is in \u201cSticker\u201d")).to_be_visible()
    assert axe_faults(page) == []
    bring(page, file)
    press(page, "Apply", "Applied: google-admin")
    (device,) = fresh.get("/api/v1/devices")["devices"]
    assert device["asset_tag"] == "T-1"


def test_what_somebody_says_by_hand_wins(fresh: Board, open_page: Open, tmp_path: Path) -> None:
    page = open_page(fresh, "/imports")
    bring(page, export(tmp_path, "1,5CD1,HP 11,ACTIVE,T-1,/LES,"))
    press(page, "Apply", "Applied: google-admin")
    (device,) = fresh.get("/api/v1/devices")["devices"]
    page.goto(f"{fresh.url}/device/{device['id']}")
    page.get_by_role("textbox", name="State").click()
    page.get_by_role("option", name="Stolen").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Sources disagree")).to_be_visible()
    (device,) = fresh.get("/api/v1/devices")["devices"]
    assert device["state"] == "stolen"


def test_a_view_that_was_kept_comes_back_in_this_browser(
    fresh: Board, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(fresh, "/imports")
    bring(page, export(tmp_path, "1,5CD1,HP 11,ACTIVE,T-1,/LES,", "2,5CD2,HP 14,ACTIVE,T-2,/LES,"))
    press(page, "Apply", "Applied: google-admin")
    page.goto(f"{fresh.url}/devices?model=HP+11")
    expect(page.get_by_text("Model: HP 11")).to_be_visible()
    expect(page.get_by_role("link", name="5CD2")).to_have_count(0)
    page.get_by_text("Views you kept").click()
    page.get_by_label("Name").fill("The small ones")
    page.get_by_role("button", name="Keep what is shown").click()
    expect(page.get_by_role("link", name="The small ones")).to_be_visible()
    assert axe_faults(page) == []

    page.get_by_role("link", name="Remove").click()
    expect(page.get_by_role("link", name="5CD2")).to_be_visible()
    page.get_by_text("Views you kept").click()
    page.get_by_role("link", name="The small ones").click()
    expect(page.get_by_text("Model: HP 11")).to_be_visible()
    expect(page.get_by_role("link", name="5CD2")).to_have_count(0)
    page.get_by_text("Views you kept").click()
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("link", name="The small ones")).to_have_count(0)
    page.reload()
    page.get_by_text("Views you kept").click()
    expect(page.get_by_role("link", name="The small ones")).to_have_count(0)


def test_a_group_leads_to_its_devices_each_time_it_is_chosen(
    fresh: Board, open_page: Open, tmp_path: Path
) -> None:
    fresh.school("Lincoln")
    page = open_page(fresh, "/imports")
    bring(page, export(tmp_path, "1,5CD1,HP 11,ACTIVE,T-1,/Lincoln,", "2,5CD2,,ACTIVE,T-2,/LES,"))
    press(page, "Apply", "Applied: google-admin")
    page.goto(f"{fresh.url}/devices?by=school")
    page.get_by_role("row", name="Not known").get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("link", name="5CD2")).to_be_visible()
    expect(page.get_by_role("link", name="5CD1")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("link", name="5CD2")).to_be_visible()
    expect(page.get_by_role("link", name="5CD1")).to_have_count(0)
    page.get_by_role("textbox", name="School").click()
    page.get_by_role("option", name="All schools").click()
    expect(page.get_by_role("link", name="5CD1")).to_be_visible()
    page.get_by_role("link", name="Show them").first.click()
    expect(page.get_by_role("link", name="5CD1")).to_have_count(0)
    expect(page.get_by_role("link", name="5CD2")).to_be_visible()


def test_a_file_that_is_none_of_the_format_says_why_and_is_forgotten(
    fresh: Board, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(fresh, "/imports")
    file = tmp_path / "notes.csv"
    file.write_text("one,two\n1,2\n", encoding="utf-8")
    bring(page, file)
    expect(page.get_by_role("heading", name="Not taken: google-admin")).to_be_visible()
    assert axe_faults(page) == []
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("Nothing was imported yet")).to_be_visible()


def test_a_file_is_dropped_on_its_place_and_nowhere_else(fresh: Board, open_page: Open) -> None:
    page = open_page(fresh, "/imports")
    expect(page.locator("#import-drop")).to_be_visible()
    rows = f"{HEADINGS}\n1,5CD1,HP 11,ACTIVE,T-1,/LES,\n"
    held = """(rows) => {
      const held = new DataTransfer();
      held.items.add(new File([rows], "devices.csv"));
      return held;
    }"""
    dropped = {"dataTransfer": page.evaluate_handle(held, rows)}
    page.dispatch_event("h1", "drop", dropped)
    expect(page.locator("#import-said")).to_be_empty()
    page.locator("#import-drop").evaluate("zone => (zone.dataset.most = 10)")
    page.dispatch_event("#import-drop", "drop", dropped)
    expect(page.locator("#import-said")).to_contain_text("at most are read")
    page.locator("#import-drop").evaluate("zone => (zone.dataset.most = 1000)")
    page.dispatch_event("#import-drop", "drop", dropped)
    expect(page.get_by_role("heading", name="Waits to be applied: google-admin")).to_be_visible()
    assert len(fresh.get("/api/v1/imports")) == 1


def test_a_server_that_is_away_is_said_and_the_file_can_be_sent_again(
    fresh: Board, open_page: Open, tmp_path: Path, troubles: list[str]
) -> None:
    page = open_page(fresh, "/imports")
    file = export(tmp_path, "1,5CD1,HP 11,ACTIVE,T-1,/LES,")
    page.route("**/api/v1/imports/google-admin", lambda route: route.abort())
    bring(page, file)
    expect(page.get_by_text("The server does not answer. Look in the list")).to_be_visible()
    page.unroute_all()
    bring(page, file)
    expect(page.get_by_role("heading", name="Waits to be applied: google-admin")).to_be_visible()
    assert all("ERR_FAILED" in trouble for trouble in troubles), troubles
    troubles.clear()
