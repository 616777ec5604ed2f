"""The log: one line an event, whatever is in it."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from broadgauge_collector.logs import configure


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "hostile", ["a\nlevel=error event=forged", "a\r\nb", 'say "hi"', "x=y", "\x1b[2J"]
)
def test_no_value_can_forge_a_line(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(verbose=True)

    structlog.get_logger().info("agent_joined", school=hostile)
    logging.getLogger("uvicorn.error").warning(hostile)

    lines = capsys.readouterr().err.split("\n")
    assert len(lines) == 3, "two lines and what follows the last"
    assert all(line.isprintable() for line in lines)


def test_a_fault_is_logged_whole_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure(verbose=True)

    fault = RuntimeError("line one\nline two")
    structlog.get_logger().error("request_failed", exc_info=fault)

    (line,) = capsys.readouterr().err.splitlines()
    assert "RuntimeError" in line
    assert "line two" in line


def test_up_is_quiet_about_what_goes_well(capsys: pytest.CaptureFixture[str]) -> None:
    configure(verbose=False)

    structlog.get_logger().info("agent_joined")
    structlog.get_logger().warning("disk_is_filling")

    assert "agent_joined" not in (said := capsys.readouterr().err)
    assert "disk_is_filling" in said
