"""Every command block of the pages is run, in order, as a newcomer would run it."""

import re
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from broadgauge_dashboard.views.agents import instructions
from tests.docs.machines import machines, terminals
from tests.docs.reference import ROOT
from tests.docs.tour import HOW_TO, QUICKSTART, README, Block, Tour, commands

SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
STEPS = re.compile(r"\*\*From nothing to a second machine: (\d+) steps, about \d+ minutes\*\*")
PAGES = {
    ROOT / "README.md": README,
    ROOT / "docs" / "quickstart.md": QUICKSTART,
    **{page: HOW_TO.get(page.name, ()) for page in (ROOT / "docs" / "how-to").glob("*.md")},
}


def blocks(page: Path) -> list[str]:
    """The command blocks of a page."""
    return [block.strip() for block in SHELL.findall(page.read_text())]


def walk(tour: Tour, page: Path, plan: Sequence[Block]) -> None:
    """Run the blocks of a page and say how long each took."""
    for text, block in zip(blocks(page), plan, strict=True):
        if not isinstance(block.run, str):
            began = time.monotonic()
            block.run(tour, text)
            took = time.monotonic() - began
            print(f"{page.name}: {took:6.1f} s  {block.first_line}")  # noqa: T201 - pytest -s


@pytest.fixture
def tour(tmp_path: Path) -> Iterator[Tour]:
    with machines(tmp_path) as made, terminals() as open_terminal:
        yield Tour(made, open_terminal)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_block_is_known(page: Path) -> None:
    assert [commands(b)[0] for b in blocks(page)] == [b.first_line for b in PAGES[page]]


@pytest.mark.timeout(300)
def test_the_readme_keeps_its_promises(tour: Tour) -> None:
    walk(tour, ROOT / "README.md", README)


@pytest.mark.timeout(600)
def test_the_quickstart_and_the_how_tos_keep_their_promises(tour: Tour) -> None:
    walk(tour, ROOT / "docs" / "quickstart.md", QUICKSTART)
    verdicts = tour.terminals["shell"].run("broadgauge verdicts", 1)
    assert "Lincoln Elementary" in verdicts
    assert "fcc" in tour.terminals["shell"].run("broadgauge targets")
    for page, plan in HOW_TO.items():
        walk(tour, ROOT / "docs" / "how-to" / page, plan)


def test_the_quickstart_counts_its_steps() -> None:
    page = (ROOT / "docs" / "quickstart.md").read_text()
    said = STEPS.search(page)
    assert said
    assert int(said[1]) == len(re.findall(r"^\d+\. ", page, re.MULTILINE))


def test_the_quickstart_shows_the_commands_that_the_agents_page_shows() -> None:
    (block,) = (b for b in blocks(ROOT / "docs" / "quickstart.md") if " join " in b)
    address = "https://10.20.0.10:8484"
    shown = str(instructions("bgj_x", "Lincoln Elementary", address, 1, timedelta(days=1)))
    for command in commands(block):
        assert command.partition(" --location")[0].replace("TOKEN", "bgj_x") in shown
