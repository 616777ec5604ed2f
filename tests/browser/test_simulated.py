"""Made-up data is marked on every page that can show it."""

from pathlib import Path
from typing import Any

import dash
from playwright.sync_api import expect

from broadgauge_collector.simulate import running
from tests.browser.conftest import Open
from tests.browser.serving import Board
from tests.simulating import client_of, lately, simulated

ADDRESSES = {
    "/": "/",
    "/agents": "/agents",
    "/kept-aside": "/kept-aside",
    "/storage": "/storage",
    "/needs": "/needs",
    "/coverage": "/coverage",
    "/lines": "/lines",
    "/line/<link_id>": "/line/{line}",
    "/calendar": "/calendar",
    "/school/<school_id>": "/school/{school}",
    "/test/<test_id>": "/test/{test}",
    "/devices": "/devices",
    "/device/<device_id>": "/device/{test}",
    "/imports": "/imports",
    "/readiness": "/readiness",
    "/refresh": "/refresh",
    "/applications": "/applications",
    "/repairs": "/repairs",
    "/room-surveys": "/room-surveys",
    "/404": "/nothing-here",
}
"""An address of every page there is."""


def test_every_page_says_that_its_data_is_made_up(
    fresh: Board, open_page: Open, tmp_path: Path
) -> None:
    with client_of(fresh) as client:
        simulation = simulated(client, tmp_path / "s.json", lately())
        simulation.bring_inventory(print)
        simulation.send_history(running.now(), print)
        school = client.get("/schools", list[dict[str, Any]])[0]["id"]
        line = client.get("/links", list[dict[str, Any]])[0]["id"]
        test = client.get("/results", dict[str, Any], school=school)["results"][0]["id"]
    page = open_page(fresh, "/")
    templates = {p["path_template"] or p["path"] for p in dash.page_registry.values()}
    assert templates == ADDRESSES.keys()
    for address in ADDRESSES.values():
        page.goto(fresh.url + address.format(school=school, test=test, line=line))
        banner = page.locator(".made-up")
        expect(banner).to_contain_text("every school here is made up")
    page.goto(f"{fresh.url}/schools/{school}/rooms")
    expect(page.get_by_text("this school is made up")).to_be_visible()


def test_beside_real_schools_each_that_is_made_up_is_marked(
    fresh: Board, open_page: Open, tmp_path: Path
) -> None:
    with client_of(fresh) as client:
        simulated(client, tmp_path / "s.json", lately())
    fresh.agent(fresh.school("Lincoln Elementary"))
    page = open_page(fresh, "/")
    expect(page.locator(".made-up")).to_contain_text("2 of 3 schools here are made up")
    rows = page.locator("table.schools tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="Simulated data")).to_have_count(2)
    expect(rows.filter(has_text="Lincoln")).not_to_contain_text("Simulated data")
    page.goto(f"{fresh.url}/agents")
    rows = page.locator("table.agents tbody tr")
    expect(rows.filter(has_text="Simulated data")).to_have_count(5)
    expect(rows.filter(has_text="Lincoln")).not_to_contain_text("Simulated data")


def test_where_all_is_real_nothing_is_marked(served: Board, open_page: Open) -> None:
    page = open_page(served, "/")
    expect(page.get_by_role("link", name="Lincoln Elementary")).to_be_visible()
    expect(page.locator(".made-up")).to_have_count(0)
    expect(page.get_by_text("Simulated data")).to_have_count(0)
