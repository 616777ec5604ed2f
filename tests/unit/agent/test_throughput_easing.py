"""Whether a test took from others on the line is told by what happens when it takes less."""

from broadgauge_agent.probes.throughput.easing import drain_seconds, is_contested
from broadgauge_agent.probes.throughput.observation import Estimate, SenderReading
from broadgauge_agent.tcp_info import TcpInfo

IDLE, LOADED, EASED_AT = 0.020, 0.040, 4.0


def readings(*, lost_share: float, eased_rtt_seconds: float) -> list[SenderReading]:
    """A connection at 1 MB a tenth of a second, of which a share is lost, before and after."""
    made, again = [], 0.0
    for tenth in range(60):
        seconds = tenth / 10
        is_eased = seconds > EASED_AT + drain_seconds(LOADED, IDLE)
        again += 1e6 * (lost_share if is_eased else 0.05)
        made.append(
            SenderReading(
                seconds,
                TcpInfo(
                    rtt_seconds=eased_rtt_seconds if is_eased else LOADED,
                    bytes_sent=tenth * 1_000_000,
                    bytes_retransmitted=round(again),
                ),
            )
        )
    return made


def contested(*connections: list[SenderReading], eased_share: float = 0.9) -> bool | None:
    estimate = Estimate(
        bits_per_second=80e6, from_seconds=2.0, to_seconds=EASED_AT, uncertainty_ratio=0.01
    )
    rates = [80e6] * 40 + [eased_share * 80e6] * 20
    return is_contested(connections, rates, estimate, eased_at=EASED_AT, idle_rtt_seconds=IDLE)


def test_a_line_of_ones_own_empties() -> None:
    assert contested(readings(lost_share=0.0, eased_rtt_seconds=IDLE)) is False


def test_others_keep_it_full_and_losing() -> None:
    assert contested(readings(lost_share=0.02, eased_rtt_seconds=LOADED)) is True


def test_a_line_that_loses_by_itself_has_no_queue_left() -> None:
    assert contested(readings(lost_share=0.02, eased_rtt_seconds=1.1 * IDLE)) is False


def test_a_queue_that_empties_slowly_loses_nothing() -> None:
    assert contested(readings(lost_share=0.0, eased_rtt_seconds=LOADED)) is False


def test_nothing_is_known_where_nobody_tells() -> None:
    assert contested([]) is None
    assert contested([SenderReading(1.0, TcpInfo())]) is None


def test_nothing_is_known_of_the_time_after_the_last_word() -> None:
    heard = readings(lost_share=0.0, eased_rtt_seconds=IDLE)
    assert contested([one for one in heard if one.seconds < EASED_AT + 0.1]) is None


def test_nothing_is_known_where_the_sender_would_not_ease_off() -> None:
    assert contested(readings(lost_share=0.0, eased_rtt_seconds=LOADED), eased_share=1.0) is None


def test_a_long_queue_has_longer_to_empty_but_not_for_ever() -> None:
    assert drain_seconds(LOADED, IDLE) < drain_seconds(2 * LOADED, IDLE)
    assert drain_seconds(10.0, IDLE) < 30
    assert drain_seconds(IDLE, LOADED) == 2 * IDLE
