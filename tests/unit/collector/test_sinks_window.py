"""What was sent, what is certain, and what goes again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.sinks.destination import ServerProcess
from broadgauge_collector.sinks.window import Sent, Window, totals

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def sent(upto: int, at: float, points: int = 1) -> Sent:
    received_at = AT + timedelta(seconds=at)
    return Sent(upto=upto, points=points, outdated=0, acknowledged_at=at, received_at=received_at)


def test_only_what_was_acknowledged_long_enough_ago_is_proven() -> None:
    window = Window(5)
    window.note(sent(7, at=10.0))
    window.note(sent(9, at=20.0))
    assert totals(window.prove(15.0)) == (1, 0, 0)
    assert (window.proven, window.sent) == (7, 9)


def test_what_may_be_lost_is_sent_again_from_the_last_proven() -> None:
    window = Window(5)
    window.note(sent(7, at=10.0))
    window.note(sent(9, at=20.0))
    window.prove(15.0)
    window.rewind()
    assert (window.proven, window.sent, len(window)) == (7, 7, 0)


def test_what_was_sent_again_is_as_little_proven_as_what_is_new() -> None:
    window = Window(0)
    window.note(sent(3, at=1.0))
    window.rewind()
    window.note(sent(3, at=29.0))
    assert window.prove(28.0) == []
    assert window.proven == 0


def test_the_oldest_that_is_not_proven_says_how_far_behind_it_is() -> None:
    window = Window(0)
    window.note(sent(1, at=1.0))
    window.note(sent(2, at=2.0))
    assert window.oldest_received_at == AT + timedelta(seconds=1)
    window.prove(1.5)
    assert window.oldest_received_at == AT + timedelta(seconds=2)
    window.prove(3.0)
    assert window.oldest_received_at is None


def test_a_process_that_started_at_another_time_or_has_used_less_is_another() -> None:
    before = ServerProcess(100.0, 5.0, 130.0)
    assert ServerProcess(100.0, 5.0, 131.0).may_be(before)
    assert ServerProcess(100.0, 6.5, 131.0).may_be(before)
    assert not ServerProcess(101.0, 6.5, 131.0).may_be(before)
    assert not ServerProcess(100.0, 0.1, 131.0).may_be(before)


def test_a_process_is_young_while_its_successor_could_start_in_the_same_second() -> None:
    assert ServerProcess(100.0, 0.1, 100.0).is_young
    assert not ServerProcess(100.0, 0.1, 101.0).is_young
    assert ServerProcess(100.25, 0.1, 100.0).is_young
    assert not ServerProcess(100.0, 0.1, 40.0).is_young  # its clock was set back


@given(st.lists(st.sampled_from(["write", "crash", "prove"]), max_size=60))
def test_nothing_a_crash_took_is_ever_proven(steps: list[str]) -> None:
    """A database that has on disk what is at least two moments old, and loses the rest."""
    window, clock, disk, memory = Window(0), 0.0, set[int](), dict[int, float]()
    for step in [*steps, "prove"]:
        clock += 1
        disk |= {upto for upto, at in memory.items() if clock - at >= 2}
        if step == "write":
            upto = window.sent + 1
            memory[upto] = clock
            window.note(sent(upto, at=clock))
        elif step == "crash":
            memory.clear()
            window.rewind()
        else:
            window.prove(clock - 2)
        assert set(range(1, window.proven + 1)) <= disk
