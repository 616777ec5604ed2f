"""The latency probe counts loss, lateness and repeats right, and says so where UDP is blocked."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import pytest

from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.probes.latency.probe import LatencyProbe
from broadgauge_agent.probes.latency.udp_echo import Pace
from broadgauge_agent.probes.latency.window import Window, jitter, quantile, summary
from broadgauge_host.echo import REPLY, Echo, decode_echo, encode_echo
from broadgauge_wire import LatencyResult
from tests.ndt7_servers import free_port, reflector, request_to

FAST = LatencyProbe(
    Pace(window_seconds=0.4, interval_seconds=0.02, timeout_seconds=0.3, silence_seconds=0.2)
)

Answers = Callable[[Echo], Sequence[tuple[float, Echo]]]


@contextmanager
def echo_server(answers: Answers) -> Iterator[int]:
    """Sends, for each request, the given answers after the given seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        stop = threading.Event()
        thread = threading.Thread(target=_answer, args=(server, answers, stop))
        thread.start()
        yield server.getsockname()[1]
        stop.set()
        thread.join()


def _answer(server: socket.socket, answers: Answers, stop: threading.Event) -> None:
    server.settimeout(0.01)
    pending: list[tuple[float, bytes, tuple[str, int]]] = []
    while not stop.is_set():
        try:
            datagram, client = server.recvfrom(2048)
            echo = decode_echo(datagram)
            assert echo
            for delay, answer in answers(echo):
                pending.append((time.monotonic() + delay, encode_echo(answer), client))
        except TimeoutError:
            pass
        due = [entry for entry in pending if entry[0] <= time.monotonic()]
        pending = [entry for entry in pending if entry not in due]
        for _, answer_bytes, client in due:
            server.sendto(answer_bytes, client)


def reply(echo: Echo) -> Echo:
    return msgspec.structs.replace(echo, kind=REPLY)


def measure(port: int) -> LatencyResult:
    (result,) = FAST.run(request_to(port))
    return result


def test_round_trips_to_a_reflector_are_summarised() -> None:
    with reflector() as port:
        result = measure(port)
    assert (result.method, result.sent, result.lost, result.error) == ("udp_echo", 20, 0, None)
    assert result.rtt_min_seconds and result.rtt_max_seconds and result.rtt_p50_seconds
    assert 0 < result.rtt_min_seconds <= result.rtt_p50_seconds <= result.rtt_max_seconds < 0.3
    assert result.jitter_seconds is not None
    assert (result.path_kind, result.segment) == ("loopback", "lan")
    assert result.network_link and result.network_link.kind == "loopback"


def test_it_works_over_ipv6() -> None:
    with reflector(host="::1") as port:
        (result,) = FAST.run(request_to(port, host="::1"))
    assert (result.lost, result.server) == (0, f"[::1]:{port}")


def test_unanswered_probes_are_lost() -> None:
    with echo_server(lambda e: [(0, reply(e))] if e.sequence % 4 else []) as port:
        result = measure(port)
    assert (result.sent, result.lost) == (20, 5)


def test_an_answer_after_the_timeout_is_lost() -> None:
    with echo_server(lambda e: [(0.45 if e.sequence == 3 else 0, reply(e))]) as port:
        result = measure(port)
    assert (result.sent, result.lost) == (20, 1)
    assert result.rtt_max_seconds and result.rtt_max_seconds < 0.3


def test_a_late_answer_within_the_timeout_counts_with_its_delay() -> None:
    with echo_server(lambda e: [(0.15 if e.sequence == 3 else 0, reply(e))]) as port:
        result = measure(port)
    assert result.lost == 0
    assert result.rtt_max_seconds and result.rtt_max_seconds >= 0.15


def test_an_answer_that_comes_twice_counts_once() -> None:
    with echo_server(lambda e: [(0, reply(e)), (0.05, reply(e))]) as port:
        result = measure(port)
    assert (result.sent, result.lost) == (20, 0)
    assert result.rtt_max_seconds and result.rtt_max_seconds < 0.05


def test_answers_that_were_not_asked_for_do_not_count() -> None:
    def foreign(echo: Echo) -> Sequence[tuple[float, Echo]]:
        other_session = msgspec.structs.replace(reply(echo), session=echo.session ^ 1)
        other_sequence = msgspec.structs.replace(reply(echo), sequence=echo.sequence + 10_000)
        return [(0, other_session), (0, other_sequence), (0, echo)] + (
            [(0, reply(echo))] if echo.sequence == 0 else []
        )

    with echo_server(foreign) as port:
        result = measure(port)
    assert (result.sent, result.lost) == (20, 19)


def test_where_udp_is_blocked_tcp_connects_are_timed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        result = measure(listener.getsockname()[1])
    assert (result.method, result.sent, result.lost) == ("tcp_connect", 10, 0)
    assert result.rtt_p50_seconds


def test_a_server_that_is_not_there_is_an_error_and_no_number() -> None:
    result = measure(free_port())
    assert result.error and "refused" in result.error
    assert (result.sent, result.rtt_p50_seconds) == (None, None)
    assert result.path_kind == "loopback"


def test_a_name_without_an_address_is_an_error_that_names_it() -> None:
    (result,) = FAST.run(request_to(1, host="no-such-host.invalid"))
    assert result.error and "no-such-host.invalid" in result.error


def test_without_a_test_server_it_cannot_run_and_says_why() -> None:
    probe = load_probe("latency")
    readiness = probe.can_run(ProbeRequest())
    assert not readiness.ok
    assert "no test server is known" in readiness.reasons[0]
    (result,) = probe.run(ProbeRequest())
    assert result.error == readiness.reasons[0]


def test_a_way_to_the_server_is_named_before_it_runs() -> None:
    readiness = load_probe("latency").can_run(request_to(9))
    assert readiness.ok
    assert "loopback" in readiness.reasons[0]


def test_quantiles_interpolate_between_values() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert quantile([1.0, 2.0, 3.0, 4.0, 5.0], 0.9) == pytest.approx(4.6)
    assert quantile([7.0], 0.99) == 7.0
    assert quantile([], 0.5) is None


def test_jitter_is_the_mean_step_between_neighbours_in_sending_order() -> None:
    assert jitter([0.010, 0.012, 0.011]) == pytest.approx(0.0015)
    assert jitter([0.010]) is None


def test_a_window_without_answers_has_no_times() -> None:
    told = summary(Window(5, ()))
    assert (told["sent"], told["lost"]) == (5, 5)
    assert told["rtt_p50_seconds"] is told["jitter_seconds"] is None
