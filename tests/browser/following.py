"""Links of a page that is still being drawn."""

from playwright.sync_api import Page


def follow(page: Page, name: str) -> None:
    """Click a link once the page stands still: what comes late above it would push it away from
    under the mouse between pressing and letting go, and nothing would be clicked."""
    link = page.get_by_role("link", name=name)
    link.wait_for()
    page.wait_for_load_state("networkidle")
    link.click()
