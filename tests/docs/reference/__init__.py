"""The parts of the docs that are written from the code: `python -m tests.docs.reference`."""

import re
from collections.abc import Callable
from pathlib import Path

from broadgauge_agent.cli import cli as agent_cli
from broadgauge_collector.cli.main import cli as server_cli
from tests.docs.reference import api, commands, configuration, exit_codes, metrics, results

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "reference"
BLOCK = re.compile(r"(<!-- generated -->\n).*(<!-- end -->\n)", re.DOTALL)

GENERATED: dict[str, Callable[[], str]] = {
    "agent-commands.md": lambda: commands.page("broadgauge-agent", agent_cli),
    "agent-configuration.md": configuration.agent,
    "api.md": api.page,
    "exit-codes.md": exit_codes.page,
    "metrics.md": metrics.page,
    "results.md": results.page,
    "server-commands.md": lambda: commands.page("broadgauge", server_cli),
    "server-configuration.md": configuration.server,
}
"""What stands between the marks of each page; the words before and after are written by hand."""


def page(name: str) -> str:
    """A page as it should be. ValueError if it has no marks."""
    made = GENERATED[name]()
    text, marks = BLOCK.subn(
        lambda found: f"{found[1]}\n{made}\n\n{found[2]}", (FOLDER / name).read_text()
    )
    if marks != 1:
        raise ValueError(f"{name} needs <!-- generated --> and <!-- end -->, each on its line")
    return text
