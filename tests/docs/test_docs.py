"""The docs are true of the code and lead nowhere that is not there."""

import itertools
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
EVALUATED = re.compile(r'eval "\$\((.*)\)"$')
NOT_RUN = re.compile(r"^(#|Usage:).*$|\[`[^`]*`\]\(", re.MULTILINE)
"""Names of commands, without the arguments they need."""
QUOTED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
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
                yield page.name, bare(line)


def shell_words() -> Iterator[tuple[str, str]]:
    """Commands that the running text names, each alternative (`add|remove`) by itself."""
    for page in PAGES:
        for words in QUOTED.findall(NOT_RUN.sub("", SHELL.sub("", page.read_text()))):
            name, *arguments = bare(words).removesuffix(" ...").split()
            if arguments and (name == "make" or Path(name).name in COMMANDS):
                for chosen in itertools.product(*(argument.split("|") for argument in arguments)):
                    yield page.name, shlex.join([name, *shlex.split(" ".join(chosen))])


def bare(line: str) -> str:
    """The command in a line that runs it as root, or gives what it prints to something else."""
    inner = EVALUATED.match(line)
    return (inner[1] if inner else line).removeprefix("sudo ").partition(" \\|")[0]


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
def test_every_command_shown_is_one_there_is(
    page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check(line)


@pytest.mark.parametrize(("page", "words"), list(shell_words()))
def test_every_command_named_is_one_there_is(
    page: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with suppress(click.MissingParameter):  # a sentence need not say all of it
        check(words)


def check(line: str) -> None:
    """Parse a command without running it. Files that it names are made in the current folder."""
    for file in re.findall(r"\S+\.(?:pem|key|token)\b", line):
        Path(file).touch()
    name, *arguments = shlex.split(line, comments=True) or [""]
    command: click.Command | None = COMMANDS.get(Path(name).name)
    if command is None:
        assert name in {"make", "export", ""}, line
        assert name != "make" or arguments[0] in TARGET.findall(MAKEFILE.read_text()), line
        for path in re.findall(r"(?<=ARGS=)tests\S*", " ".join(arguments)):
            assert (reference.ROOT / path).exists(), line
        return
    context = click.Context(command, info_name=name)
    while isinstance(command, click.Group) and arguments:
        _, command, arguments = command.resolve_command(context, arguments)
        assert command is not None
    if not isinstance(command, click.Group):
        with suppress(click.exceptions.Exit):  # --help ends here
            command.make_context(name, list(arguments), parent=context)


def test_every_page_can_be_found_from_the_first() -> None:
    docs = reference.ROOT / "docs"
    found: set[Path] = set()
    for index in (docs / "README.md", docs / "design" / "README.md"):
        links = LINK.findall(index.read_text())
        found |= {(index.parent / link.partition("#")[0]).resolve() for link in links} | {index}
    assert {page for page in PAGES if docs in page.parents} <= found
