"""The parts of the docs that are written from the code: `python -m tests.docs.reference`."""

import re
from pathlib import Path

from broadgauge_agent.config import settings, variable_of
from broadgauge_wire.settings import Setting, expected

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "agent-configuration.md"
BLOCK = re.compile(r"(<!-- settings -->\n).*(<!-- end -->\n)", re.DOTALL)


def described(setting: Setting) -> str:
    """One setting as the page shows it."""
    value = setting.default
    shown = f"{value:.10g}" if isinstance(value, float) else str(value).lower()
    default = "none" if value is None else f"`{shown}`"
    return (
        f"### `{setting.key}`\n\n{setting.meaning}. It is {expected(setting)}; "
        f"the default is {default}.\n\nEnvironment: `{variable_of(setting)}`\n"
    )


def page() -> str:
    """The configuration page as it should be."""
    listed = "\n".join(described(setting) for setting in settings())
    return BLOCK.sub(lambda found: f"{found[1]}\n{listed}\n{found[2]}", PAGE.read_text())


if __name__ == "__main__":
    PAGE.write_text(page())
