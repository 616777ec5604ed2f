"""A few power cuts and killed servers; `make faults` has hundreds."""

import pytest

from tests.faults.trials import trials


@pytest.mark.parametrize(("what", "cuts"), [("store", 4), ("spool", 4), ("identity", 2)])
def test_what_was_acknowledged_is_there_when_the_power_is_back(what: str, cuts: int) -> None:
    trials("power_trials", what, "--cuts", str(cuts))


def test_what_a_killed_server_acknowledged_is_there_once_when_it_is_back() -> None:
    trials("server_trials", "--kills", "3")
