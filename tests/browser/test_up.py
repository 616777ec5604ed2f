"""What somebody sees who runs one command and opens the link it prints."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from broadgauge_dashboard.format import rate
from tests.running import Server, eventually, running


def todays_reading(server: Server) -> dict[str, Any] | None:
    (school,) = server.get("/api/v1/verdicts")["schools"]
    reading: dict[str, Any] | None = school["reading"]
    return reading


def test_the_printed_link_opens_a_page_with_the_numbers_of_the_api(
    tmp_path: Path, browser: Browser
) -> None:
    with running(tmp_path / "data") as server:
        reading = eventually(lambda: todays_reading(server), "a reading of today")
        printed = "\n".join(server.words)
        (link,) = re.findall(r"http://\S+/login\?token=\S+", printed)
        page = browser.new_page()
        page.goto(link)
        row = page.locator("table.schools tbody tr")
        expect(row).to_contain_text("This computer")
        expect(row).to_contain_text("Measured inside one machine")
        expect(row).to_contain_text(rate(reading["line_bits_per_second"]))
        page.close()
