"""A slice of the crash points of an agent's spool; `make faults` takes all."""

import pytest

from tests.faults.trials import trials


@pytest.mark.parametrize(
    ("scenario", "every"), [("ship", 211), ("restored", 211), ("copied", 307), ("mend", 409)]
)
def test_what_was_durable_is_stored_once_wherever_the_agent_is_killed(
    scenario: str, every: int
) -> None:
    assert trials("spool_trials", scenario, "--every", str(every))["trials"] > 5
