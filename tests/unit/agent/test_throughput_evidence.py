"""What the senders' kernels say of one part of a load, over all connections."""

import pytest

from broadgauge_agent.probes.throughput import evidence
from broadgauge_agent.probes.throughput.observation import SenderReading
from broadgauge_agent.tcp_info import TcpInfo


def reading(seconds: float, **members: object) -> SenderReading:
    return SenderReading(seconds, TcpInfo(**members))  # type: ignore[arg-type]  # as named


def busy(
    seconds: float, busy_seconds: float, window: float = 0.0, buffer: float = 0.0
) -> SenderReading:
    return reading(
        seconds,
        busy_seconds=busy_seconds,
        receive_window_limited_seconds=window,
        send_buffer_limited_seconds=buffer,
    )


def test_held_back_is_the_share_of_the_time_since_a_moment() -> None:
    held_at_first = [busy(0, 0.0), busy(1, 1.0, window=1.0), busy(2, 2.0, window=1.0)]
    assert evidence.held_share([held_at_first], 0.0) == 0.5
    assert evidence.held_share([held_at_first], 1.0) == 0.0
    assert evidence.held_share([held_at_first], 1.5) == 0.0


def test_either_window_holds_a_sender_back() -> None:
    held = [busy(0, 0.0), busy(2, 2.0, window=0.2, buffer=0.4)]
    assert evidence.held_share([held], 0.0) == pytest.approx(0.3)


def test_connections_count_by_the_time_they_were_busy() -> None:
    long_and_free = [busy(0, 0.0), busy(3, 3.0)]
    short_and_held = [busy(2, 0.0), busy(3, 1.0, window=1.0)]
    assert evidence.held_share([long_and_free, short_and_held], 0.0) == 0.25


def test_a_sender_with_nothing_to_send_is_idle() -> None:
    dry = [busy(0, 0.0), busy(1, 1.0), busy(2, 1.5)]
    assert evidence.idle_share([dry], 0.0) == pytest.approx(0.25)
    assert evidence.idle_share([dry], 1.0) == pytest.approx(0.5)


def test_repeats_are_a_share_of_what_was_sent_since_a_moment() -> None:
    sent = [
        reading(0, bytes_sent=0, bytes_retransmitted=0),
        reading(1, bytes_sent=1000, bytes_retransmitted=500),
        reading(2, bytes_sent=3000, bytes_retransmitted=600),
    ]
    assert evidence.retransmit_ratio([sent], 0.0) == pytest.approx(0.2)
    assert evidence.retransmit_ratio([sent], 1.0) == pytest.approx(0.05)


def test_round_trips_are_the_median_of_all_since_a_moment() -> None:
    one = [reading(at, rtt_seconds=rtt) for at, rtt in [(0, 9.0), (1, 0.04), (2, 0.06)]]
    other = [reading(2, rtt_seconds=0.05), reading(2.5, rtt_seconds=None)]
    assert evidence.rtt_seconds([one, other], 1.0) == 0.05
    assert evidence.peak_rtt_seconds([one, other]) == 9.0


def test_the_shortest_round_trip_is_that_of_any_connection() -> None:
    one = [reading(0, min_rtt_seconds=0.03), reading(1, min_rtt_seconds=0.02)]
    other = [reading(1, min_rtt_seconds=0.025)]
    assert evidence.min_rtt_seconds([one, other, []]) == 0.02


def test_jitter_is_the_median_too() -> None:
    jitter = [reading(at, rtt_variation_seconds=at / 1000) for at in (1, 2, 3)]
    assert evidence.rtt_variation_seconds([jitter], 0.0) == 0.002


@pytest.mark.parametrize(
    "connections",
    [
        [],
        [[]],
        [[busy(1, 1.0)]],
        [[reading(0), reading(1)]],
        [[reading(0, bytes_sent=0), reading(1, bytes_sent=1000)]],
    ],
    ids=["no connection", "no reading", "one reading", "an old kernel", "no count of repeats"],
)
def test_what_a_kernel_does_not_say_is_not_known(connections: list[list[SenderReading]]) -> None:
    assert evidence.held_share(connections, 0.0) is None
    assert evidence.idle_share(connections, 0.0) is None
    assert evidence.retransmit_ratio(connections, 0.0) is None
    assert evidence.rtt_seconds(connections, 0.0) is None
    assert evidence.peak_rtt_seconds(connections) is None
    assert evidence.min_rtt_seconds(connections) is None
    assert evidence.rtt_variation_seconds(connections, 0.0) is None


@pytest.mark.parametrize(
    "missing", ["receive_window_limited_seconds", "send_buffer_limited_seconds"]
)
def test_without_a_word_on_one_window_it_is_not_known_whether_they_held(missing: str) -> None:
    said = [
        {"receive_window_limited_seconds": 0.0, "send_buffer_limited_seconds": 0.0} | busy
        for busy in ({"busy_seconds": 0.0}, {"busy_seconds": 1.0})
    ]
    assert evidence.held_share([[reading(at, **said[at]) for at in (0, 1)]], 0.0) == 0.0
    for members in said:
        del members[missing]
    assert evidence.held_share([[reading(at, **said[at]) for at in (0, 1)]], 0.0) is None


def test_how_often_a_sender_had_waited_for_data_is_counted_over_the_part() -> None:
    said = [True, True, False, None, True]
    looks = [SenderReading(at, TcpInfo(is_app_limited=one)) for at, one in enumerate(said)]
    assert evidence.app_limited_share([looks, looks[:2]], 1.0) == pytest.approx(3 / 4)
    assert evidence.app_limited_share([looks], 9.0) is None
