"""What a number says about the line: `exact` only with every sign that the path set it."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadgauge_agent.probes.throughput.bound import (
    APP_LIMITED_SHARE,
    BBR_LOSS_RATIO,
    CEILING_SHARE,
    CPU_SHARE,
    CROSS_TRAFFIC_SHARE,
    IDLE_SHARE,
    WINDOW_SHARE,
    WORKING_SHARE,
    Ceiling,
    Evidence,
    Trend,
    is_bbr,
    judge,
)
from broadgauge_wire import Bound, InterfaceKind, LimitedBy

MBIT = 1e6
GIGABIT_CARD = Ceiling(975 * MBIT, "nic")
NO_QUEUE = {"loaded_rtt_seconds": 0.0101, "peak_rtt_seconds": 0.0101}


def evidence(**different: object) -> Evidence:
    """A steady download at 100 Mbit/s on a gigabit wire with a full queue: a full reading."""
    full_reading = Evidence(
        trend="settled",
        is_lasting=True,
        line_bits_per_second=100 * MBIT,
        ceiling=GIGABIT_CARD,
        interface_kind="wired",
        is_download=True,
        is_flow_limited=False,
        is_contested=False,
        is_saturated=False,
        tried_enough=True,
        cpu_share=0.2,
        working_share=0.3,
        window_share=0.0,
        idle_share=0.0,
        app_limited_share=0.05,
        idle_rtt_seconds=0.010,
        loaded_rtt_seconds=0.045,
        peak_rtt_seconds=0.050,
        rtt_variation_seconds=0.002,
        retransmit_ratio=0.001,
        cross_traffic_bits_per_second=0.0,
        is_bbr=False,
    )
    return msgspec.structs.replace(full_reading, **different)


MACHINE_LIMITS: Mapping[str, tuple[dict[str, object], LimitedBy]] = {
    "the client computes all the time": ({"cpu_share": CPU_SHARE + 0.01}, "cpu"),
    "the client never waits": ({"working_share": WORKING_SHARE + 0.01}, "cpu"),
    "Wi-Fi": ({"interface_kind": "wifi", "ceiling": None}, "wifi"),
    "a card as fast as the line": (
        {"line_bits_per_second": (CEILING_SHARE + 0.01) * 975 * MBIT},
        "nic",
    ),
    "a processor as fast as the line": ({"ceiling": Ceiling(105 * MBIT, "cpu")}, "cpu"),
    "a rule of the network's": ({"ceiling": Ceiling(105 * MBIT, "policy")}, "policy"),
    "somebody's use of this machine": (
        {"cross_traffic_bits_per_second": (CROSS_TRAFFIC_SHARE + 0.01) * 100 * MBIT},
        "cross_traffic",
    ),
    "windows, and no queue": ({"window_share": WINDOW_SHARE + 0.01, **NO_QUEUE}, "window"),
    "a rate for each connection": ({"is_flow_limited": True}, "policy"),
    "neighbors who gave way": ({"is_contested": True}, "cross_traffic"),
    "a server with nothing to send": ({"idle_share": IDLE_SHARE + 0.01}, "server"),
    "a server that sends in short steps": (
        {"app_limited_share": APP_LIMITED_SHARE + 0.01},
        "server",
    ),
    "a server that reads slowly": (
        {
            "window_share": 0.5,
            "is_saturated": True,
            "is_download": False,
            **NO_QUEUE,
        },
        "window",
    ),
    "a client with nothing to send": (
        {"idle_share": IDLE_SHARE + 0.01, "is_download": False},
        "cpu",
    ),
}


def test_a_steady_rate_on_a_full_path_is_exact() -> None:
    assert judge(evidence()) == ("exact", "path")
    assert judge(evidence(is_download=False)) == ("exact", "path")


@pytest.mark.parametrize("case", MACHINE_LIMITS)
def test_where_an_end_was_the_bound_the_line_is_this_fast_or_faster(case: str) -> None:
    different, limited_by = MACHINE_LIMITS[case]
    assert judge(evidence(**different)) == ("at_least", limited_by)


@pytest.mark.parametrize("case", MACHINE_LIMITS)
def test_where_an_end_was_the_bound_of_a_burst_the_number_says_nothing(case: str) -> None:
    different, limited_by = MACHINE_LIMITS[case]
    assert judge(evidence(is_lasting=False, **different)) == (None, limited_by)


@pytest.mark.parametrize("case", MACHINE_LIMITS)
def test_where_an_end_was_the_bound_other_signs_of_a_full_path_change_nothing(case: str) -> None:
    different, limited_by = MACHINE_LIMITS[case]
    assert judge(evidence(is_bbr=True, **different)) == ("at_least", limited_by)


def test_windows_that_a_full_line_filled_are_not_the_bound() -> None:
    held = {"window_share": WINDOW_SHARE + 0.2}
    assert judge(evidence(**held, is_saturated=True)) == ("exact", "path")
    assert judge(evidence(**held)) == ("exact", "path")  # a long queue shows that it is full


@pytest.mark.parametrize(
    "different",
    [
        {"window_share": None},
        {"idle_share": None},
        {"app_limited_share": None},
        {"tried_enough": False},
        {"retransmit_ratio": None},
        {"rtt_variation_seconds": None, "retransmit_ratio": 0.0},
        {"rtt_variation_seconds": 0.012, "retransmit_ratio": 0.0},
        {"idle_rtt_seconds": 0.044, "retransmit_ratio": 0.0},
        {"cross_traffic_bits_per_second": None},
        {"ceiling": None},
        {"line_bits_per_second": None},
        {"loaded_rtt_seconds": None, "retransmit_ratio": 0.0},
        {**NO_QUEUE, "retransmit_ratio": 0.0},
        {**NO_QUEUE, "retransmit_ratio": 0.0, "is_saturated": True},
        {"trend": "rising"},
    ],
    ids=[
        "no word on windows",
        "no word on idle senders",
        "no word on what senders had",
        "one connection that others could not join",
        "no count of repeats",
        "unknown jitter",
        "jitter as large as the delay",
        "a proxy next door",
        "unknown cross traffic",
        "unknown interface speed",
        "unknown framing",
        "no loaded round trip",
        "no queue",
        "no queue, though more connections carried no more",
        "still rising",
    ],
)
def test_where_a_sign_is_missing_it_is_never_exact(different: dict[str, object]) -> None:
    assert judge(evidence(**different)) == ("at_least", None)


@pytest.mark.parametrize(
    ("different", "verdict"),
    [
        ({"is_lasting": False}, (None, None)),
        ({"trend": "falling"}, (None, None)),
        ({"trend": "falling", "window_share": 0.5, **NO_QUEUE}, (None, "window")),
        ({"trend": "unsettled"}, (None, None)),
        ({"rtt_variation_seconds": 0.012}, (None, "path")),
        (NO_QUEUE, (None, "path")),
        ({**NO_QUEUE, "is_bbr": True, "retransmit_ratio": 2 * BBR_LOSS_RATIO}, (None, "path")),
    ],
    ids=[
        "a burst may not be over",
        "an end that fell",
        "an end that fell, and a window",
        "a rate that goes up and down",
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
    full = {"is_bbr": True, "is_saturated": True, **NO_QUEUE}
    assert judge(evidence(**full)) == ("exact", "path")
    lossy = evidence(**full, retransmit_ratio=BBR_LOSS_RATIO - 0.01)
    assert judge(lossy) == ("exact", "path")


def test_bbr_alone_is_no_sign_of_a_full_path() -> None:
    assert judge(evidence(is_bbr=True, **NO_QUEUE)) == ("at_least", None)


@pytest.mark.parametrize(
    ("name", "expected"), [("bbr", True), ("bbr3", True), ("cubic", False), (None, False)]
)
def test_bbr_is_known_by_its_name(name: str | None, expected: bool) -> None:
    assert is_bbr(name) is expected


SHARES = st.none() | st.floats(0, 1)
SECONDS = st.none() | st.floats(0, 0.5)
RATES = st.none() | st.floats(0, 2e9)
ANY_EVIDENCE = st.builds(
    Evidence,
    trend=st.sampled_from(("settled", "settled", *get_args(Trend))),
    is_lasting=st.booleans(),
    line_bits_per_second=RATES,
    ceiling=st.none()
    | st.builds(Ceiling, st.floats(0, 2e10), st.sampled_from(get_args(LimitedBy))),
    interface_kind=st.none() | st.sampled_from(get_args(InterfaceKind)),
    is_download=st.booleans(),
    is_flow_limited=st.booleans(),
    is_contested=st.none() | st.booleans(),
    is_saturated=st.booleans(),
    tried_enough=st.booleans(),
    cpu_share=st.floats(0, 2),
    working_share=st.floats(0, 1),
    window_share=SHARES,
    idle_share=SHARES,
    app_limited_share=SHARES,
    idle_rtt_seconds=SECONDS,
    loaded_rtt_seconds=SECONDS,
    peak_rtt_seconds=SECONDS,
    rtt_variation_seconds=SECONDS,
    retransmit_ratio=SHARES,
    cross_traffic_bits_per_second=RATES,
    is_bbr=st.booleans(),
)

CONDITIONS: Mapping[str, Callable[[Any], bool]] = {
    "the rate settled": lambda e: e.trend == "settled",
    "it outlasted a burst": lambda e: e.is_lasting,
    "the ceiling is known and was not touched": lambda e: (
        e.line_bits_per_second < CEILING_SHARE * e.ceiling.bits_per_second
    ),
    "it is a wire": lambda e: e.interface_kind != "wifi",
    "this machine could have done more": lambda e: (
        e.cpu_share <= CPU_SHARE and e.working_share <= WORKING_SHARE
    ),
    "this machine did little else": lambda e: (
        e.cross_traffic_bits_per_second <= CROSS_TRAFFIC_SHARE * e.line_bits_per_second
    ),
    "windows held nobody back, or a full line did": lambda e: (
        e.window_share <= WINDOW_SHARE or e.loaded_rtt_seconds > e.idle_rtt_seconds
    ),
    "more connections carried no more": lambda e: not e.is_flow_limited,
    "more connections were tried, or as many as there may be": lambda e: e.tried_enough,
    "others would have had no more": lambda e: e.is_contested is False,
    "the sender had something to send": lambda e: (
        e.idle_share <= IDLE_SHARE and e.app_limited_share <= APP_LIMITED_SHARE
    ),
    "the path was full": lambda e: (
        (e.is_bbr and e.is_saturated) or e.loaded_rtt_seconds > e.idle_rtt_seconds
    ),
    "loss did not set the rate": lambda e: (
        e.retransmit_ratio <= (BBR_LOSS_RATIO if e.is_bbr else 0)
        or max(e.loaded_rtt_seconds, e.peak_rtt_seconds or 0) > e.idle_rtt_seconds
    ),
}
"""Each would raise TypeError where what it needs is not known."""


def different_in(members: set[str], made_up: Evidence) -> Evidence:
    """A full reading but for some members."""
    return evidence(**{member: getattr(made_up, member) for member in members})


ALMOST_EXACT = st.builds(
    different_in, st.sets(st.sampled_from(Evidence.__struct_fields__), max_size=4), ANY_EVIDENCE
)


@settings(max_examples=500)
@given(ANY_EVIDENCE | ALMOST_EXACT)
def test_exact_never_without_each_of_its_conditions(made_up: Evidence) -> None:
    bound, limited_by = judge(made_up)
    if bound == "exact":
        assert limited_by == "path"
        for words, holds in CONDITIONS.items():
            assert holds(made_up), words


@settings(max_examples=300)
@given(ANY_EVIDENCE)
def test_a_number_that_may_be_a_bursts_or_fell_never_says_anything(made_up: Evidence) -> None:
    if not made_up.is_lasting:
        assert judge(made_up)[0] is None
    if made_up.trend == "falling":
        assert judge(made_up)[0] in (None, "at_least")


@pytest.mark.parametrize("limit", [{"cpu_share": 0.9}, {"interface_kind": "wifi"}])
def test_a_rate_that_fell_by_this_machine_is_a_floor(limit: dict[str, Any]) -> None:
    assert judge(evidence(trend="falling", **limit))[0] == "at_least"
    assert judge(evidence(trend="falling", is_lasting=False, **limit))[0] is None


@given(st.sampled_from(sorted(MACHINE_LIMITS)), ANY_EVIDENCE)
def test_a_limit_of_this_machine_is_never_overlooked(case: str, made_up: Evidence) -> None:
    different = {"line_bits_per_second": 100 * MBIT, "ceiling": GIGABIT_CARD, **NO_QUEUE}
    different |= {"idle_rtt_seconds": 0.01, "is_saturated": False, "interface_kind": "wired"}
    limited = msgspec.structs.replace(made_up, **(different | MACHINE_LIMITS[case][0]))
    bound, limited_by = judge(limited)
    assert bound != "exact"
    assert limited_by is not None and limited_by != "path"


def test_a_test_held_by_its_pace_says_what_the_line_carries_at_least() -> None:
    assert judge(evidence(is_held_by_pace=True)) == ("at_least", "pacer")
    assert judge(evidence(is_held_by_pace=True, is_lasting=False)) == (None, "pacer")


def test_what_was_asked_about_and_carried_is_a_floor_whatever_the_bound_was() -> None:
    lossy = {"retransmit_ratio": 0.04, **NO_QUEUE}
    assert judge(evidence(**lossy, has_reached_target=True)) == ("at_least", None)
    assert judge(evidence(interface_kind="wifi", has_reached_target=True)) == ("at_least", "wifi")
    assert judge(evidence(has_reached_target=True)) == ("at_least", None)
