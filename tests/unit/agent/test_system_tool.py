"""Whatever a system's tool does, the agent gets its words or nothing, in time."""

import sys
from pathlib import Path

from broadgauge_agent._system_tool import ask

PATIENCE_SECONDS = 30.0


def test_the_tool_s_words_are_what_it_printed() -> None:
    assert ask((sys.executable, "-c", "print('said')"), PATIENCE_SECONDS) == b"said\n"


def test_a_tool_that_is_missing_fails_or_hangs_says_nothing() -> None:
    assert ask(("/no/such/tool",), PATIENCE_SECONDS) is None
    assert ask((sys.executable, "-c", "raise SystemExit(1)"), PATIENCE_SECONDS) is None
    assert ask((sys.executable, "-c", "import time; time.sleep(60)"), 0.2) is None


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    written = tmp_path / "written"
    assert ask((f"true > {written}",), PATIENCE_SECONDS) is None
    assert not written.exists()
