"""The docs are true of the code and lead nowhere that is not there."""

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest

from broadgauge_agent.cli import cli as agent_cli
from broadgauge_collector.cli.main import cli as server_cli
from tests.docs import reference

PAGES = [
    page
    for page in (*reference.ROOT.glob("*.md"), *reference.ROOT.glob("docs/**/*.md"))
    if page.is_file()
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
QUOTED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
MAKEFILE = reference.ROOT / "Makefile"
COMMANDS = {"broadgauge": server_cli, "broadgauge-agent": agent_cli}


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    words = (re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings(page))
    return set(words)


def headings(page: Path) -> list[str]:
    return HEADING.findall(page.read_text())


def shell_lines() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in SHELL.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                yield page.name, line
        for words in QUOTED.findall(SHELL.sub("", page.read_text())):
            name, *arguments = words.split()
            if arguments and (name == "make" or Path(name).name in COMMANDS):
                yield page.name, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(reference.ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith("https:"):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize(("page", "line"), list(shell_lines()))
def test_every_command_shown_is_one_there_is(page: str, line: str) -> None:
    name, *arguments = shlex.split(line, comments=True) or [""]
    command: click.Command | None = COMMANDS.get(Path(name).name)
    if command is None:
        assert name in {"make", "export", ""}, line
        assert name != "make" or arguments[0] in TARGET.findall(MAKEFILE.read_text()), line
        return
    context = click.Context(command, info_name=name)
    while isinstance(command, click.Group) and arguments:
        _, command, arguments = command.resolve_command(context, arguments)
        assert command is not None
    if not isinstance(command, click.Group):
        with suppress(click.exceptions.Exit):  # --help ends here
            command.make_context(name, list(arguments), parent=context)


def test_the_settings_page_is_what_the_code_says() -> None:
    assert reference.PAGE.read_text() == reference.page()
    assert "`probes.throughput.max_seconds`" in reference.page()
