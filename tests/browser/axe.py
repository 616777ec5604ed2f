"""What axe-core finds wrong with a page for people who hear it, or see little of it."""

from playwright.sync_api import Page

from tests.npm_packages import npm_package

# What a page shows for a moment while it draws, a table's empty heading for one, is no fault.
LOOKS, BETWEEN = 20, 250  # ms between them

RUN = """async () => {
  const { violations } = await axe.run(document, { preload: false });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${help}: ${html} ${any.map((a) => a.message)}`));
}"""


def axe_faults(page: Page) -> list[str]:
    """By all of its rules, WCAG's and those of good practice: those that stay."""
    page.evaluate((npm_package("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    for _ in range(LOOKS):
        found: list[str] = page.evaluate(RUN)
        if not found:
            break
        page.wait_for_timeout(BETWEEN)
    return found
