"""The Windows installers, as far as they can be checked where there is no PowerShell."""

import re
from pathlib import Path

import pytest

from broadgauge_agent.version import agent_version

SCRIPTS = sorted((Path(__file__).parents[3] / "deploy/windows").glob("*.ps1"))
PAIRS = {"}": "{", ")": "(", "]": "["}
COMMENT = re.compile(r"<#.*?#>|(?<!`)#[^\n]*", re.DOTALL)
TEXT = re.compile(r'"(?:[^"`]|`.)*"')
USED = re.compile(r"\$\{?(\w+)")
GIVEN = re.compile(r"\$(\w+)\s*(?:=|\+=|\)|,| in )")
CODE = re.compile(r"^\$(?:Succeeded|Failed|RestartNeeded) = (\d+)|exit (\d+)", re.MULTILINE)
AUTOMATIC = {"_", "env", "true", "null", "erroractionpreference", "lastexitcode", "psscriptroot"}
INTUNE_KNOWS = {0, 1, 1603, 3010}
"""1 is a detection script's "not here"."""


@pytest.fixture(params=SCRIPTS, ids=lambda script: script.name)
def code(request: pytest.FixtureRequest) -> str:
    """A script without its comments. ASCII: Windows PowerShell 5 guesses at anything else."""
    file: Path = request.param
    return COMMENT.sub("", file.read_text(encoding="ascii"))


def test_brackets_pair(code: str) -> None:
    still_open: list[str] = []
    for letter in TEXT.sub("", code):
        if letter in PAIRS.values():
            still_open.append(letter)
        elif letter in PAIRS:
            assert still_open.pop() == PAIRS[letter]
    assert not still_open


def test_every_variable_is_set_somewhere(code: str) -> None:
    used = {name.lower() for name in USED.findall(code)}
    assert used - {name.lower() for name in GIVEN.findall(code)} - AUTOMATIC == set()


def test_every_exit_code_is_one_that_intune_knows(code: str) -> None:
    found = {int(number) for pair in CODE.findall(code) for number in pair if number}
    assert found
    assert found <= INTUNE_KNOWS


def test_no_token_is_among_the_arguments_of_a_program(code: str) -> None:
    assert "--token" not in code


def test_the_detection_script_looks_for_this_version() -> None:
    text = next(script for script in SCRIPTS if script.name.startswith("Detect")).read_text()
    assert f'$Version = "{agent_version()}"' in text
