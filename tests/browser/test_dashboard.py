import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from broadgauge_dashboard import format as fmt
from tests.browser.conftest import Open
from tests.browser.following import follow
from tests.browser.serving import HOSTILE, Board

PHONE = {"width": 390, "height": 844}
HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4')].map(h => h.tagName)"


def row(page: Page, school: str) -> str:
    found = page.locator("table.schools tbody tr").filter(has_text=school)
    expect(found).to_have_count(1)
    return found.inner_text()


def school_id(here: Board, name: str) -> str:
    (found,) = [s["id"] for s in here.get("/api/v1/schools") if s["name"] == name]
    return str(found)


def verdict_of(here: Board, name: str) -> dict[str, object]:
    (found,) = [
        v["verdict"]
        for v in here.get("/api/v1/verdicts?target=fcc-1mbps&days=30")["links"]
        if v["schools"] == [name]
    ]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("school", "conclusion", "words"),
    [
        ("Lincoln Elementary", "meets", "Meets the target"),
        ("Roosevelt High", "below", "Falls short"),
    ],
)
def test_the_overview_shows_the_numbers_of_the_api(
    served: Board, open_page: Open, school: str, conclusion: str, words: str
) -> None:
    found = verdict_of(served, school)
    assert found["conclusion"] == conclusion
    capacity, need = found["capacity"], found["need"]
    assert isinstance(capacity, dict)
    assert isinstance(need, dict)
    shown = row(open_page(served), school)
    assert words in shown
    assert fmt.rate(capacity["bits_per_second"]) in shown
    assert fmt.rate(capacity["bits_per_second"] / need["people"]) in shown
    assert f"{found['reached_days']} of 12 days" in shown


def test_the_band_counts_the_schools(served: Board, open_page: Open) -> None:
    page = open_page(served)
    expect(page.locator(".tally strong")).to_have_text(["1", "1", "2"])


def test_a_school_shows_its_verdict_evidence_charts_and_tests(
    served: Board, open_page: Open
) -> None:
    page = open_page(served)
    follow(page, "Lincoln Elementary")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lincoln Elementary")
    expect(page).to_have_title("Lincoln Elementary \u00b7 broadgauge")
    expect(page.locator(".lead")).to_have_text(
        str(verdict_of(served, "Lincoln Elementary")["explanation"])
    )
    expect(page.locator(".days .tone-meets")).to_have_count(12)
    for chart in ("throughput-by-day", "throughput-by-hour", "throughput-by-location",
                  "latency-by-day", "loss-by-day"):  # fmt: skip
        expect(page.locator(f"#{chart} .main-svg").first).to_be_visible()
    expect(page.locator("#tests .ag-center-cols-container .ag-row")).to_have_count(20)
    expect(page.locator("#tests")).to_contain_text("600 Mbps")
    expect(page.locator("#tests")).to_contain_text("Full reading")


def test_target_and_period_stay_in_the_address(served: Board, open_page: Open) -> None:
    page = open_page(served, "/?target=setda-2017&days=90&sort=name&show=below&q=roos")
    expect(page.locator("table.schools tbody tr")).to_have_count(1)
    expect(page.locator("#target")).to_have_value("1 Gbps per 1,000 users by 2017-18")
    page.locator("#text").fill("")
    page.locator("#days").click()
    page.get_by_role("option", name="Last 14 days").click()
    page.get_by_text("All", exact=True).click()
    expect(page).to_have_url(re.compile("days=14"))
    expect(page.locator("table.schools tbody tr")).to_have_count(4)
    page.reload()
    expect(page.locator("table.schools tbody tr")).to_have_count(4)
    expect(page.locator("#days")).to_have_value("Last 14 days")
    expect(page.locator("#target")).to_have_value("1 Gbps per 1,000 users by 2017-18")
    expect(page.locator(".footing")).to_contain_text("1 Gbps per 1,000 users by 2017-18")


def test_a_script_in_a_name_stays_text(served: Board, open_page: Open) -> None:
    page = open_page(served)
    assert HOSTILE in row(page, "Sons")
    follow(page, "Sons")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.locator("#tests .ag-center-cols-container .ag-row").first).to_be_visible()
    page.goto(f"{served.url}/agents")
    expect(page.locator("table.agents")).to_contain_text(HOSTILE)
    assert page.evaluate("window.owned") is None


def test_adding_an_agent_gives_the_exact_commands(served: Board, open_page: Open) -> None:
    page = open_page(served, f"/agents?school={school_id(served, 'Maple Grove')}")
    expect(page.locator("#add-school")).to_have_value("Maple Grove")
    page.get_by_role("button", name="Get the commands").click()
    expect(page.locator(".state-warning")).to_contain_text("Other machines can't reach this server")
    command = page.locator(".command").filter(has_text=" join ").locator("code").inner_text()
    token = command.partition("--token ")[2].split()[0]
    assert command.partition(" join ")[2].startswith(served.url)
    assert token.startswith("bgj_")
    expect(page.locator("#add-result")).to_contain_text("1 machine at Maple Grove, within 7 days")
    expect(page.locator("table.agents")).to_contain_text("Lenovo 300e Gen 4")


PAGES = ["/", "/agents", "/needs", "/calendar", "/school/{id}", "/no-such-page"]


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_never_scrolls_sideways(served: Board, open_page: Open, path: str) -> None:
    here = path.format(id=school_id(served, "Lincoln Elementary"))
    page = open_page(served, here, viewport=PHONE)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".state-loading")).to_have_count(0)
    if "school" in path:
        expect(page.locator("#loss-by-day .main-svg").first).to_be_visible()
        expect(page.locator("#tests .ag-center-cols-container .ag-row").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    cut = page.evaluate(
        "[...document.querySelectorAll('.page *')].filter(e => !e.closest('.tests-grid, .graph')"
        " && e.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert cut == 0


def test_dark_follows_the_system_and_the_choice_is_kept(served: Board, open_page: Open) -> None:
    page = open_page(served, color_scheme="dark")
    scheme = page.locator("html")
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "dark")
    assert _brightness(page) < 60
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "light")
    page.reload()
    expect(page.locator("table.schools")).to_be_visible()
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "light")
    assert _brightness(page) > 200


def _brightness(page: Page) -> float:
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", color)[:3]) / 3


def test_the_page_says_its_language_and_can_be_used_with_the_keyboard(
    served: Board, open_page: Open
) -> None:
    page = open_page(served)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("table.schools")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    link = page.get_by_role("link", name="Lincoln Elementary")
    for _ in range(40):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page).to_have_title("Lincoln Elementary \u00b7 broadgauge")


def test_a_school_that_is_not_there_says_so(served: Board, open_page: Open) -> None:
    page = open_page(served, "/school/01890000-0000-7000-8000-000000000000")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such school")


def test_signing_out_closes_the_dashboard(served: Board, open_page: Open) -> None:
    page = open_page(served)
    expect(page.locator("table.schools")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{served.url}/sign-in")
    page.goto(served.url)
    expect(page).to_have_url(f"{served.url}/sign-in")


@pytest.mark.parametrize("path", [*PAGES, "/school/none"])
def test_every_page_has_one_title_and_its_headings_skip_no_level(
    served: Board, open_page: Open, path: str
) -> None:
    page = open_page(served, path.format(id=school_id(served, "Lincoln Elementary")))
    expect(page.locator(".state-loading")).to_have_count(0)
    expect(page.locator("h1")).to_have_count(1)
    levels = [int(name[1]) for name in page.evaluate(HEADINGS)]
    assert all(below <= above + 1 for above, below in itertools.pairwise([0, *levels]))


def test_a_control_shows_that_it_has_the_focus(served: Board, open_page: Open) -> None:
    page = open_page(served)
    control = page.locator("#target")
    border = "e => getComputedStyle(e).borderColor"
    before = control.evaluate(border)
    page.locator("#text").focus()
    page.keyboard.press("Tab")
    expect(control).to_be_focused()
    expect(control).not_to_have_css("border-color", before)


@pytest.mark.parametrize("width", [821, 1024, 1151])
def test_a_tablet_never_scrolls_sideways(served: Board, open_page: Open, width: int) -> None:
    page = open_page(served, viewport={"width": width, "height": 900})
    expect(page.locator("table.schools")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
