"""A slice of the crash points of the results store; `make faults` takes all."""

import pytest

from tests.faults.trials import trials


@pytest.mark.parametrize(
    ("scenario", "every"), [("commit", 401), ("upkeep", 1301), ("erase", 2101)]
)
def test_what_was_acknowledged_is_stored_once_wherever_the_store_is_killed(
    scenario: str, every: int
) -> None:
    assert trials("store_trials", scenario, "--every", str(every))["trials"] > 5
