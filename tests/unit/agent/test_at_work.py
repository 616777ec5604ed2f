"""A thread that hangs is told from one that rests, and from one that slept with its machine."""

from broadgauge_agent.at_work import Work


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def looked_at(work: Work, clock: Clock, seconds: int) -> bool:
    """What the last of many looks finds, one a second."""
    found = False
    for _ in range(seconds):
        clock.now += 1.0
        found = work.hangs()
    return found


def test_work_that_takes_longer_than_it_can_hangs_until_it_goes_on() -> None:
    clock = Clock()
    work = Work(60.0, clock)
    with work.under_way():
        assert not looked_at(work, clock, 60)
        assert looked_at(work, clock, 2)
        work.goes_on()
        assert not looked_at(work, clock, 60)
        assert looked_at(work, clock, 2)
    assert not work.hangs()


def test_a_thread_that_rests_does_not_hang() -> None:
    clock = Clock()
    assert not looked_at(Work(60.0, clock), clock, 3600)


def test_a_night_that_the_machine_slept_is_no_hang() -> None:
    clock = Clock()
    work = Work(60.0, clock)
    with work.under_way():
        looked_at(work, clock, 5)
        clock.now += 8 * 3600
        assert not work.hangs()
        assert looked_at(work, clock, 60)
