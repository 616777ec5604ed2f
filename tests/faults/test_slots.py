"""Thirty agents and a killed collector; `make faults` has two hundred, killed again and again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from broadgauge_agent.reflector.slot_log import LoggedTransfer
from broadgauge_wire import new_id
from tests.faults.slot_trials import SLOT_BYTES, overlaps, overspent
from tests.faults.trials import trials

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCHOOL, CIRCUIT, OTHER_SCHOOL = new_id(), new_id(), new_id()


def logged(
    began: float, ended: float, *lines: UUID, slot_id: UUID | None = None, num_bytes: int = 1
) -> LoggedTransfer:
    return LoggedTransfer(
        slot_id=slot_id or new_id(),
        lines=lines,
        began_at=NOON + timedelta(seconds=began),
        ended_at=NOON + timedelta(seconds=ended),
        num_bytes=num_bytes,
    )


def faults(*transfers: LoggedTransfer) -> Sequence[str]:
    return [*overlaps(transfers), *overspent(transfers, SCHOOL)]


def test_the_trial_sees_two_tests_on_one_line_and_bytes_beyond_a_slots() -> None:
    one = logged(0, 2, SCHOOL, CIRCUIT)
    assert not faults(one, logged(2, 3, OTHER_SCHOOL, CIRCUIT), logged(1, 2, OTHER_SCHOOL))
    assert not faults(one, logged(1, 3, SCHOOL, CIRCUIT, slot_id=one.slot_id))
    assert faults(one, logged(1.9, 3, OTHER_SCHOOL, CIRCUIT))
    assert faults(logged(0, 1, OTHER_SCHOOL, num_bytes=SLOT_BYTES + 2**21))
    assert faults(*(logged(n, n + 1, SCHOOL, num_bytes=SLOT_BYTES) for n in range(4)))


def test_no_two_tests_are_on_a_line_at_once_and_no_school_spends_more_than_it_may() -> None:
    trials("slot_trials", "--agents", "30", "--kills", "1", "--seconds", "2")
