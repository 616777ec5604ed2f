"""The workflow that runs elsewhere refers to nothing that isn't here, and is allowed little."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OURS = re.compile(r"(?<![\w/])(?:tests|requirements|\./(?:wire|host|agent))(?:/[\w./-]+)?")
PROGRAMS = {"make", "python", "apt-get"}


def workflow(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(file.read_text())
    return loaded


def steps(file: Path) -> Iterator[dict[str, Any]]:
    for job in workflow(file)["jobs"].values():
        yield from job["steps"]


def commands(file: Path) -> Iterator[list[str]]:
    """Each command of each `run`, in words."""
    for step in steps(file):
        for line in re.split(r"\n|&&", step.get("run", "")):
            if line.strip():
                yield line.split()


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_every_command_of_a_workflow_is_one_that_is_here(file: Path) -> None:
    for program, *words in commands(file):
        assert program in PROGRAMS, program
        if program == "make":
            assert (
                subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True).returncode
                == 0
            )
        for word in words:
            if OURS.fullmatch(word):
                assert (ROOT / word).exists(), word


def test_what_is_submitted_and_what_is_pushed_are_held_to_the_same() -> None:
    said = {" ".join(words) for file in WORKFLOWS for words in commands(file)}
    assert {"make check", "make test"} <= said


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(file: Path) -> None:
    for line in file.read_text().splitlines():
        if "uses:" in line:
            assert PINNED.search(line.strip().removeprefix("- ")), line


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_may_only_read_knows_no_secret_and_ends(file: Path) -> None:
    said = workflow(file)
    assert said["permissions"] == {"contents": "read"}
    assert "secrets." not in file.read_text()
    assert said["concurrency"]["cancel-in-progress"] is True
    for job in said["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert "permissions" not in job
