from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.browser.serving import (
    HOSTILE,
    Board,
    board,
    inside_one_machine,
    latencies,
    nights,
)
from tests.conftest import tool

ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip

Open = Callable[..., Page]

expect.set_options(timeout=45_000)  # ms, on a busy machine; only what never shows takes this long


# Not longer than a module: while playwright runs, no other test of this thread can run a loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=tool("chromium"), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """Schools that meet the target and fall short, one without results, one with a hostile name."""
    with board(tmp_path_factory.mktemp("district")) as here:
        good = here.agent(here.school("Lincoln Elementary", 500, "Lincoln circuit"))
        here.post(good, *nights(600), *latencies(), inside_one_machine()[-1])
        here.post(here.agent(here.school("Roosevelt High", 800)), *nights(450))
        here.school("Maple Grove", 120)
        here.post(here.agent(here.school(HOSTILE, 300), HOSTILE), *nights(400, 2))
        yield here


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One machine that measured itself, as `broadgauge up` leaves it."""
    with board(tmp_path_factory.mktemp("alone")) as here:
        here.post(here.agent(here.school("This computer", 1)), *inside_one_machine())
        yield here


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Board]:
    """A server that nobody has asked for anything yet."""
    with board(tmp_path) as here:
        yield here


@pytest.fixture
def troubles() -> list[str]:
    """What went wrong on pages. A test that wants trouble clears it."""
    return []


@pytest.fixture
def open_page(browser: Browser, troubles: list[str]) -> Iterator[Open]:
    """Opens signed-in pages, and fails the test on an error in the console, an error of the page,
    or a request to anywhere but the server."""
    contexts = []

    def open_one(here: Board, path: str = "/", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)
        contexts.append(context)
        # Without following the redirect: the page opened below is the first one rendered.
        context.request.get(here.login_link(), max_redirects=0)
        page = context.new_page()
        _watch(page, here.url, troubles)
        page.goto(here.url + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert troubles == []


def _watch(page: Page, origin: str, troubles: list[str]) -> None:
    def asked(request: Request) -> None:
        if not request.url.startswith((f"{origin}/", "data:", "blob:")):
            troubles.append(f"asked {request.url}")

    page.on("request", asked)
    page.on("websocket", lambda socket: troubles.append(f"opened {socket.url}"))
    page.on("pageerror", lambda error: troubles.append(f"threw {error}"))
    page.on("console", lambda m: troubles.append(f"said {m.text}") if m.type == "error" else None)
