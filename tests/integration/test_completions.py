"""The shells' questions are answered: bash in a real bash, the others as their scripts ask."""

import os
import subprocess

import pytest

from tests.conftest import tool
from tests.running import BIN

PATH = f"{BIN}{os.pathsep}{os.environ['PATH']}"
ASK_BASH = """
eval "$({program} completion bash)"
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
$(complete -p {program} | sed 's/.*-F \\([^ ]*\\) .*/\\1/') {program}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def bash_completes(*words: str) -> list[str]:
    """What a bash that was told how offers for the last word."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = ASK_BASH.format(program=words[0], words=quoted)
    return run([tool("bash"), "--norc", "-euc", script])


def run(argv: list[str], **environment: str) -> list[str]:
    """The lines a command prints."""
    done = subprocess.run(
        argv,
        env=os.environ | {"PATH": PATH} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_bash_completes_a_command() -> None:
    assert bash_completes("broadgauge", "ver") == ["verdicts"]
    assert bash_completes("broadgauge-agent", "ref") == ["reflector"]


def test_bash_completes_an_option_and_its_values() -> None:
    assert bash_completes("broadgauge", "serve", "--pub") == ["--public-url"]
    assert bash_completes("broadgauge", "links", "add", "--segment", "i") == ["internet"]
    assert bash_completes("broadgauge-agent", "run", "--log-level", "w") == ["warning"]


def test_bash_completes_what_a_listing_group_can_do() -> None:
    assert {"list", "add", "people", "hours"} <= set(bash_completes("broadgauge", "schools", ""))


@pytest.mark.parametrize(
    ("shell", "typed"), [("zsh", "1"), ("fish", "verd"), ("powershell", "1")], ids=lambda v: v
)
def test_other_shells_are_told_the_same(shell: str, typed: str) -> None:
    program = str(BIN / "broadgauge")
    script = "\n".join(run([program, "completion", shell]))
    assert f"{shell}_complete" in script
    assert "_BROADGAUGE_COMPLETE" in script
    answer = run(
        [program],
        _BROADGAUGE_COMPLETE=f"{shell}_complete",
        COMP_WORDS="broadgauge verd",
        COMP_CWORD=typed,
    )
    assert any("verdicts" in line for line in answer)


def test_an_unknown_shell_is_a_usage_error_that_names_those_there_are() -> None:
    done = subprocess.run(
        [BIN / "broadgauge", "completion", "csh"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "bash" in done.stderr
