"""A constant load leaves what the truth says it leaves."""

import subprocess

import pytest

from lab.load import load
from lab.path import State, path
from tests.lab.measuring import arrived_bits_per_second, settled

STATE = State(50e6, 0.01, queue_bytes=250_000)
LOAD_BITS_PER_SECOND = 20e6


@pytest.mark.parametrize("reverse", [False, True], ids=["up", "down"])
def test_the_load_of_another_host_leaves_the_rest_of_the_rate(reverse: bool) -> None:
    with (
        path(STATE, siblings=1) as made,
        load(made.siblings[0], made.far, LOAD_BITS_PER_SECOND, reverse=reverse),
    ):
        arrived = arrived_bits_per_second(made.near, made.far, 5, up=not reverse, flows=4)
    # A full queue drops some of the load as well, which leaves a little more.
    beside = STATE.payload_beside(LOAD_BITS_PER_SECOND)
    assert settled(arrived) == pytest.approx(beside, rel=0.06)


def test_a_load_in_one_direction_leaves_the_other_alone() -> None:
    with (
        path(STATE) as made,
        load(made.near, made.far, LOAD_BITS_PER_SECOND),
    ):
        arrived = arrived_bits_per_second(made.near, made.far, 3)
    assert settled(arrived) == pytest.approx(STATE.payload_bits_per_second, rel=0.05)


def test_no_load_is_left_after_its_block() -> None:
    with path(STATE, siblings=1) as made:
        with load(made.siblings[0], made.far, LOAD_BITS_PER_SECOND):
            pass
        names = [port.host.namespace for port in (made.siblings[0], made.far)]
        assert [subprocess.check_output(["ip", "netns", "pids", name]) for name in names] == [
            b"",
            b"",
        ]
