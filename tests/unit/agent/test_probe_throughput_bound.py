"""What a number says about the line: `exact` only with every sign that the path set it."""

import msgspec
import pytest

from broadgauge_agent.probes.throughput.bound import Evidence, Trend, judge, trend_of
from broadgauge_agent.probes.throughput.observation import LoadFacts, Sample, SenderReading
from broadgauge_agent.probes.throughput.rates import (
    ceiling_bits_per_second,
    cross_traffic_bits_per_second,
    loaded_rtt_seconds,
    payload_ratio,
    rate_between,
    rate_bits_per_second,
    retransmit_ratio,
    rtt_variation_seconds,
)
from broadgauge_agent.tcp_info import TcpInfo
from broadgauge_wire import Bound, LimitedBy, NetworkLink

MBIT = 1e6


def samples_at(*megabits: float) -> tuple[Sample, ...]:
    """One sample a second, each second at the given rate."""
    taken = [Sample(0.0, 0)]
    for second, rate in enumerate(megabits, 1):
        taken.append(Sample(float(second), taken[-1].arrived_bytes + round(rate * MBIT / 8)))
    return tuple(taken)


QUICK = tuple(Sample(s.seconds / 5, s.arrived_bytes) for s in samples_at(*[20] * 10))


def sender(**members: object) -> tuple[SenderReading, ...]:
    """One reading after ten seconds of a sender that was busy all the time."""
    plain = TcpInfo(
        rtt_variation_seconds=0.002,
        min_rtt_seconds=0.010,
        busy_seconds=9.9,
        receive_window_limited_seconds=0.0,
        send_buffer_limited_seconds=0.0,
        bytes_sent=10**8,
        bytes_retransmitted=0,
    )
    return (SenderReading(10.0, msgspec.structs.replace(plain, **members)),)


def evidence(**different: object) -> Evidence:
    """A steady download at 100 Mbit/s on a gigabit wire with a full queue: a full reading."""
    full_reading = Evidence(
        samples=samples_at(*[100] * 10),
        sender=sender(),
        line_bits_per_second=100 * MBIT,
        ceiling_bits_per_second=975 * MBIT,
        interface_kind="wired",
        is_download=True,
        cpu_share=0.2,
        idle_rtt_seconds=0.010,
        loaded_rtt_seconds=0.045,
        retransmit_ratio=0.001,
        cross_traffic_bits_per_second=0.0,
        is_bbr=False,
    )
    return msgspec.structs.replace(full_reading, **different)


def test_a_steady_rate_on_a_full_path_is_exact() -> None:
    assert judge(evidence()) == ("exact", "path")


@pytest.mark.parametrize(
    ("different", "limited_by"),
    [
        ({"cpu_share": 0.9}, "cpu"),
        ({"interface_kind": "wifi", "ceiling_bits_per_second": None}, "wifi"),
        ({"line_bits_per_second": 880 * MBIT}, "nic"),
        ({"cross_traffic_bits_per_second": 6 * MBIT}, "cross_traffic"),
        ({"sender": sender(receive_window_limited_seconds=1.0)}, "window"),
        ({"sender": sender(send_buffer_limited_seconds=1.0)}, "window"),
        ({"sender": sender(busy_seconds=7.0)}, "server"),
        ({"sender": sender(busy_seconds=7.0), "is_download": False}, "cpu"),
    ],
)
def test_where_an_end_was_the_bound_the_line_is_this_fast_or_faster(
    different: dict[str, object], limited_by: LimitedBy
) -> None:
    assert judge(evidence(**different)) == ("at_least", limited_by)


@pytest.mark.parametrize(
    "different",
    [
        {"sender": (), "loaded_rtt_seconds": None, "retransmit_ratio": None},
        {"sender": sender(busy_seconds=None)},
        {"sender": sender(bytes_retransmitted=None)},
        {"sender": sender(receive_window_limited_seconds=None)},
        {"sender": sender(send_buffer_limited_seconds=None)},
        {"sender": sender(rtt_variation_seconds=None), "retransmit_ratio": 0.0},
        {"sender": sender(rtt_variation_seconds=0.012), "retransmit_ratio": 0.0},
        {"sender": sender(min_rtt_seconds=0.044), "retransmit_ratio": 0.0},
        {"cross_traffic_bits_per_second": None},
        {"ceiling_bits_per_second": None},
        {"line_bits_per_second": None},
        {"loaded_rtt_seconds": None, "retransmit_ratio": 0.0},
        {"loaded_rtt_seconds": 0.0101, "retransmit_ratio": 0.0},
        {"samples": samples_at(20, 60, 100, 100, 100, 100, 100, 100, 100, 100)},
    ],
    ids=[
        "no TCP_INFO",
        "an old kernel",
        "no count of repeats",
        "no word on the receive window",
        "no word on the send buffer",
        "unknown jitter",
        "jitter as large as the delay",
        "a proxy next door",
        "unknown cross traffic",
        "unknown interface speed",
        "unknown framing",
        "no loaded round trip",
        "no queue",
        "slow start in the average",
    ],
)
def test_where_a_sign_is_missing_it_is_never_exact(different: dict[str, object]) -> None:
    assert judge(evidence(**different)) == ("at_least", None)


@pytest.mark.parametrize(
    ("different", "verdict"),
    [
        ({"samples": samples_at(*[200] * 3, *[100] * 7)}, (None, None)),
        ({"samples": samples_at(*[200] * 3, *[100] * 7), "cpu_share": 0.9}, (None, "cpu")),
        ({"samples": samples_at(*[100] * 9, 50)}, (None, None)),
        ({"samples": QUICK}, (None, None)),
        ({"samples": QUICK, "cpu_share": 0.9}, (None, "cpu")),
        ({"samples": samples_at(*[100] * 10)[::3]}, (None, None)),
        ({"sender": sender(rtt_variation_seconds=0.012)}, (None, "path")),
        ({"loaded_rtt_seconds": 0.0101}, (None, "path")),
        ({"loaded_rtt_seconds": 0.0101, "is_bbr": True, "retransmit_ratio": 0.1}, (None, "path")),
    ],
    ids=[
        "a burst first",
        "a burst and the CPU",
        "an end that fell",
        "too short to tell a burst",
        "too short, and the CPU",
        "too few samples to tell a fall",
        "lossy, with jitter that looks like a queue",
        "lossy",
        "policed",
    ],
)
def test_where_the_rate_fell_or_may_have_or_loss_set_it_the_number_says_nothing(
    different: dict[str, object], verdict: tuple[Bound | None, LimitedBy | None]
) -> None:
    assert judge(evidence(**different)) == verdict


def test_bbr_fills_a_path_without_a_queue_and_through_some_loss() -> None:
    assert judge(evidence(is_bbr=True, loaded_rtt_seconds=0.0101)) == ("exact", "path")
    lossy = evidence(is_bbr=True, loaded_rtt_seconds=0.0101, retransmit_ratio=0.04)
    assert judge(lossy) == ("exact", "path")


@pytest.mark.parametrize(
    ("megabits", "trend"),
    [
        ([100] * 10, "steady"),
        ([96, 104] * 5, "steady"),
        ([80, *[100] * 9], "steady"),
        ([50, 80, *[100] * 8], "rising"),
        ([*[100] * 8, 130, 130], "rising"),
        ([*[100] * 9, 130], "rising"),
        ([*[100] * 9, 75], "falling"),
        ([*[100] * 9, 90], "steady"),
        ([130, 130, *[100] * 8], "falling"),
        ([100, 100], "unknown"),
    ],
)
def test_a_trend_is_the_second_half_and_the_ends_against_the_whole(
    megabits: list[float], trend: Trend
) -> None:
    assert trend_of(samples_at(*megabits)) == trend


def test_rates_are_averages_between_any_two_moments() -> None:
    samples = samples_at(10, 30)
    assert rate_bits_per_second(samples) == 20 * MBIT
    assert rate_between(samples, 0.5, 1.0) == pytest.approx(30 * MBIT)
    assert rate_between(samples, 0.25, 0.75) == pytest.approx(20 * MBIT)


ETHERNET = NetworkLink(name="e", kind="wired", speed_bits_per_second=1e9, mtu_bytes=1500)


def test_the_payload_share_comes_from_the_real_segment_size() -> None:
    with_timestamps = TcpInfo(mss_bytes=1448, has_timestamps=True)
    plain = TcpInfo(mss_bytes=1460, has_timestamps=False)
    assert payload_ratio(with_timestamps, None, is_ipv6=False) == pytest.approx(1448 / 1500)
    assert payload_ratio(plain, None, is_ipv6=False) == pytest.approx(1460 / 1500)
    ipv6 = TcpInfo(mss_bytes=1428, has_timestamps=True)
    assert payload_ratio(ipv6, None, is_ipv6=True) == pytest.approx(1428 / 1500)


def test_without_a_segment_size_the_interface_says_it() -> None:
    for platform, payload in [("darwin", 1448), ("win32", 1460)]:
        ratio = payload_ratio(None, ETHERNET, is_ipv6=False, platform=platform)
        assert ratio == pytest.approx(payload / 1500)
    assert payload_ratio(None, None, is_ipv6=False) is None


def test_a_gigabit_wire_carries_975_mbit_of_packets() -> None:
    assert ceiling_bits_per_second(ETHERNET) == pytest.approx(1e9 * 1500 / 1538)


@pytest.mark.parametrize(
    "different", [{"kind": "wifi"}, {"speed_bits_per_second": None}, {"mtu_bytes": None}]
)
def test_a_ceiling_that_is_not_known_is_none(different: dict[str, object]) -> None:
    assert ceiling_bits_per_second(msgspec.structs.replace(ETHERNET, **different)) is None
    assert ceiling_bits_per_second(None) is None


def facts(interface_bytes: int | None) -> LoadFacts:
    return LoadFacts(
        seconds=10.0,
        own=None,
        own_congestion_control=None,
        cpu_share=0.0,
        interface_bytes=interface_bytes,
    )


def test_cross_traffic_is_what_the_interface_moved_beside_the_test() -> None:
    own = 1448 * 10_000
    framed = 1514 * 10_000
    for extra in (0, 5_000_000):
        others = cross_traffic_bits_per_second(facts(framed + extra), own, 1448 / 1500, ETHERNET)
        assert others == pytest.approx(extra * 8 / 10, abs=1)
    assert cross_traffic_bits_per_second(facts(own // 2), own, 1448 / 1500, ETHERNET) == 0.0
    assert cross_traffic_bits_per_second(facts(None), own, 1448 / 1500, ETHERNET) is None


def test_loss_and_the_loaded_round_trip_are_the_senders() -> None:
    readings = [
        SenderReading(float(at), TcpInfo(rtt_seconds=rtt, bytes_sent=1000, bytes_retransmitted=20))
        for at, rtt in [(2, 9.0), (6, 0.040), (8, 0.060), (10, 0.050)]
    ]
    assert loaded_rtt_seconds(readings) == 0.050
    assert retransmit_ratio(readings) == 0.02
    assert loaded_rtt_seconds([]) is rtt_variation_seconds([]) is retransmit_ratio([]) is None
