"""From a clean clone to the first measured result on screen, in seconds, with `make up` alone.

The package cache is warm: what is timed is this project's way, not the network's. The first result
is on screen when the school's page, in a real browser, shows a rate.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from .recording import ROOT, keep

LOGIN = re.compile(r"https?://\S+/login\?token=\S+")
RATE = re.compile(r"\d[\d,.]* (Mbps|Gbps)")
CHROMIUM = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


@contextmanager
def made_up(clone: Path) -> Iterator[subprocess.Popen[str]]:
    """`make up` in a clone, as a newcomer starts it."""
    with subprocess.Popen(
        ["make", "up", "ARGS=--port 18484"],
        cwd=clone, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to all of the terminal's


def login_link(process: subprocess.Popen[str]) -> str:
    """What is printed when everything is ready."""
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if found := LOGIN.search(line):
            return found[0]
    raise RuntimeError("make up ended by itself:\n" + "".join(said))


def wait_for_a_rate(link: str) -> None:
    """Open the link, go to the school, and wait until its page shows a rate."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        page = browser.new_page()
        page.goto(link)
        page.get_by_role("link", name="This computer").first.click()
        page.get_by_text(RATE).first.wait_for(timeout=120_000)
        browser.close()


def main() -> None:
    """Clone, start, look, keep."""
    with TemporaryDirectory() as name:
        clone = Path(name) / "broadgauge"
        began = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        with made_up(clone) as process:
            link = login_link(process)
            ready = time.monotonic() - began
            wait_for_a_rate(link)
            shown = time.monotonic() - began
    keep(
        "first_result",
        {
            "clone_to_ready_seconds": round(ready, 1),
            "clone_to_rate_on_screen_seconds": round(shown, 1),
        },
    )


if __name__ == "__main__":
    main()
