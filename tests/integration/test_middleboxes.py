"""Real proxies, filters and shapers on the way to a test server: each recognized, and named."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from broadgauge_agent.doctor.filters import check_filters
from broadgauge_agent.known_issuers import issuer_fact
from broadgauge_agent.middleboxes import (
    CountAt,
    Finding,
    SingleStream,
    issuer_of,
    recognise_connect_failure,
    recognise_per_flow_shaping,
    recognise_tls,
    recognise_upload,
)
from broadgauge_agent.ndt7.measurement import decode_measurement, seconds
from broadgauge_agent.ndt7.spec import SUBPROTOCOL
from broadgauge_agent.ndt7.spec import test_url as url_of
from broadgauge_agent.reflector.limits import Limits
from broadgauge_agent.reflector.server import running_reflector
from broadgauge_agent.tcp_info import TcpInfo, read_tcp_info
from broadgauge_agent.trust import tls_context
from broadgauge_host.addresses import Address
from broadgauge_host.diagnosis import Check
from broadgauge_wire import Direction, Reflector, ThroughputResult
from broadgauge_wire.fields import Middlebox
from tests.lab.probing import error_ratio, measured, request_to
from tests.middlebox import (
    BUFFERING,
    DENYING,
    INSPECTING,
    PAGE,
    PLAIN,
    PORTAL,
    REJECTING,
    STRIPPING,
    TLS,
    Network,
    filtered_network,
    proxy,
    slow_flows,
    slow_line,
)
from tests.ndt7_servers import in_thread
from tests.tls import Authority, Issued, shown_by

DISTRICT = "Oakdale Schools"
GATEWAY = "Example Gateway"
SOURCE_PORTS = (40001, 40002, 40003, 40004)
MESSAGE = bytes(2**15)
SHAPED_SECONDS = 3.0
PAYLOAD_SHARE = 1448 / 1514
"""Of an Ethernet frame, as tc counts it, with TCP's timestamps."""


@dataclass
class School:
    """The network, its test servers, and the authorities that this machine trusts."""

    network: Network
    plain: Reflector
    secured: Reflector
    authorities: str
    own: Issued

    def address(self, reflector: Reflector) -> Address:
        return Address(socket.AF_INET, (reflector.host, reflector.port))

    def begins(self, reflector: Reflector) -> bool:
        """Whether a test to this server can begin."""
        with self.network.school.host.inside(), self.connected(reflector) as connection:
            return connection.subprotocol == SUBPROTOCOL

    def prevented_by(self, reflector: Reflector) -> Finding | None:
        """What keeps a test from beginning, as it is recognized from how that fails."""
        with self.network.school.host.inside():
            try:
                self.connected(reflector).__enter__()
            except (OSError, WebSocketException) as error:
                return recognise_connect_failure(error, reflector, self.address(reflector))
        return pytest.fail("a test began")

    def connected(
        self, reflector: Reflector, source: tuple[str, int] | None = None
    ) -> ClientConnection:
        """An upload test, begun."""
        tls = reflector.tls or reflector.fingerprint is not None
        trust = tls_context(ca=self.authorities, fingerprint=reflector.fingerprint)
        return connect(
            url_of(reflector.host, reflector.port, "upload", tls=tls),
            ssl=trust if tls else None,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            proxy=None,
            open_timeout=2.0,
            close_timeout=0.5,
            source_address=source,
        )

    def measured(
        self, reflector: Reflector, direction: Direction = "download", **asked: Any
    ) -> ThroughputResult:
        """By the agent's own test."""
        request = replace(request_to(reflector, direction), ca=self.authorities, **asked)
        return measured(self.network.school.host, request)

    def doctor(self, reflector: Reflector, **facts: object) -> list[Check]:
        with self.network.school.host.inside():
            address = self.address(reflector)
            return list(check_filters(reflector, address, facts, certificate_ok=True))


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("filter")
    district, gateway = Authority(DISTRICT), Authority(GATEWAY)
    with filtered_network() as network:
        host = network.server.address
        own = district.issue(folder / "own", host)
        forged = gateway.issue(folder / "forged", host)
        both = folder / "forged.pem"
        both.write_bytes(forged.certificate.read_bytes() + forged.key.read_bytes())
        plain = Reflector(id=uuid4(), name="Core", host=host, port=PLAIN, segment="wan")
        secured = Reflector(
            id=uuid4(), name="Cloud", host=host, port=TLS, segment="internet", tls=True
        )
        with (
            reflecting(network, PLAIN),
            reflecting(network, TLS, own.context),
            proxy(network, both, folder),
        ):
            yield School(network, plain, secured, district.pem + gateway.pem, own)


@contextmanager
def reflecting(network: Network, port: int, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    server = running_reflector(network.server.address, port, limits=Limits(), tls=tls)
    with network.server.host.inside(), in_thread(server):
        yield


def test_a_way_without_a_middlebox_has_nothing_to_recognize(school: School) -> None:
    assert school.begins(school.plain)
    assert school.begins(school.secured)
    (check,) = school.doctor(school.plain)
    assert (check.state, check.name) == ("ok", "test server Core, filters")


def test_a_filter_that_opens_tls_is_named_by_a_changed_issuer(school: School) -> None:
    network, reflector = school.network, school.secured
    with network.school.host.inside():
        before = issuer_of(shown_by(TLS, reflector.host))
    assert before == DISTRICT
    with network.redirected(TLS, INSPECTING):
        assert school.begins(reflector)  # its authority is trusted: tests go on
        with network.school.host.inside():
            shown = shown_by(TLS, reflector.host)
        found = recognise_tls(shown, reflector, known_issuer=before)
        (check,) = school.doctor(reflector, **{issuer_fact(reflector.id): before})
    assert found and found.middlebox == "tls_inspection"
    assert f"made by {GATEWAY} instead of {DISTRICT}" in found.words
    assert check.state == "trouble"
    assert check.advice and f"{reflector.host} port {TLS} through without" in check.advice


def test_a_filter_that_opens_tls_to_a_pinned_server_is_named_at_once(school: School) -> None:
    pinned = replace(school.secured, fingerprint=school.own.fingerprint)
    assert school.begins(pinned)
    with school.network.redirected(TLS, INSPECTING):
        found = school.prevented_by(pinned)
    assert found and found.middlebox == "tls_inspection"
    assert f"made by {GATEWAY}" in found.words


def test_a_test_says_who_issued_the_certificate_and_whether_that_is_a_filter(
    school: School,
) -> None:
    short: dict[str, Any] = {"known_issuer": DISTRICT, "max_seconds": 1.0, "max_streams": 1}
    straight = school.measured(school.secured, **short)
    with school.network.redirected(TLS, INSPECTING):
        inspected = school.measured(school.secured, **short)
    assert (straight.error, inspected.error) == (None, None)
    assert (straight.certificate_issuer, straight.middleboxes) == (DISTRICT, ())
    assert (inspected.certificate_issuer, inspected.middleboxes) == (GATEWAY, ("tls_inspection",))
    assert inspected.throughput_bits_per_second


def test_a_test_that_a_middlebox_prevents_names_it_in_its_error(school: School) -> None:
    pinned = replace(school.secured, fingerprint=school.own.fingerprint)
    prevented: list[tuple[Reflector, int, int, Middlebox, str]] = [
        (pinned, TLS, INSPECTING, "tls_inspection", f"made by {GATEWAY}"),
        (school.plain, PLAIN, DENYING, "websocket_blocked", "answered with HTTP 403"),
        (school.plain, PLAIN, PORTAL, "captive_portal", "HTTP 302, to another server"),
    ]
    for reflector, port, habit, middlebox, words in prevented:
        with school.network.redirected(port, habit):
            result = school.measured(reflector)
        assert (result.middleboxes, result.stop_reason) == ((middlebox,), "error")
        assert result.error and words in result.error and result.error.isprintable()
        assert f"{reflector.host} port {port}" in result.error  # what to let through
        assert (result.throughput_bits_per_second, result.certificate_issuer) == (None, None)


@pytest.mark.parametrize(
    ("habit", "how"),
    [(DENYING, "HTTP 403"), (STRIPPING, "without its headers"), (REJECTING, "cut off")],
)
def test_a_filter_that_keeps_websockets_out_is_named(school: School, habit: int, how: str) -> None:
    with school.network.redirected(PLAIN, habit):
        found = school.prevented_by(school.plain)
        (check,) = school.doctor(school.plain)
    assert found and found.middlebox == "websocket_blocked"
    assert how in found.words
    assert check.state == "trouble"
    assert check.advice and "let WebSocket connections" in check.advice


@pytest.mark.parametrize("habit", [PORTAL, PAGE])
def test_a_captive_portal_is_named(school: School, habit: int) -> None:
    with school.network.redirected(PLAIN, habit):
        found = school.prevented_by(school.plain)
        (check,) = school.doctor(school.plain)
    assert found and found.middlebox == "captive_portal"
    assert check.advice and "Sign this machine in" in check.advice


def test_a_captive_portal_is_named_to_a_test_that_speaks_tls(school: School) -> None:
    with school.network.redirected(TLS, PORTAL):
        found = school.prevented_by(school.secured)
    assert found and found.middlebox == "captive_portal"


def test_a_server_that_does_not_run_is_no_middlebox(school: School) -> None:
    assert school.prevented_by(replace(school.plain, port=PLAIN + 100)) is None


@dataclass
class Upload:
    """One connection's upload, as both ends saw it."""

    acknowledged: list[CountAt]
    counted: list[CountAt]
    round_trip_seconds: float
    infos: list[TcpInfo]

    @property
    def rates(self) -> list[float]:
        """Bits per second of every tenth of a second but the first ones, by the server's count."""
        tenths = range(7, int(10 * self.counted[-1].seconds))
        totals = [self.counted_at(tenth / 10) for tenth in tenths]
        return [8 * (after - before) / 0.1 for before, after in pairwise(totals)]

    def counted_at(self, moment: float) -> float:
        """Interpolated."""
        before, after = next(
            pair for pair in pairwise(self.counted) if pair[0].seconds <= moment <= pair[1].seconds
        )
        share = (moment - before.seconds) / (after.seconds - before.seconds)
        return before.total_bytes + share * (after.total_bytes - before.total_bytes)


def upload(school: School, source_port: int = 0, for_seconds: float = 2.0) -> Upload:
    """From the school's machine to the plain test server, beside others if they are asked for."""
    asked = time.perf_counter()
    source = ("", source_port) if source_port else None
    with school.network.school.host.inside(), school.connected(school.plain, source) as connection:
        began = time.perf_counter()
        made = Upload([], [], began - asked, [])
        listener = threading.Thread(target=listen, args=(connection, made.counted))
        listener.start()
        while (elapsed := time.perf_counter() - began) < for_seconds:
            connection.send(MESSAGE)
            info = read_tcp_info(connection.socket)
            assert info and info.bytes_acked is not None
            made.acknowledged.append(CountAt(elapsed, info.bytes_acked))
            made.infos.append(info)
        connection.socket.shutdown(socket.SHUT_RDWR)
        listener.join()
    return made


def listen(connection: ClientConnection, counted: list[CountAt]) -> None:
    try:
        for message in connection:
            tcp = decode_measurement(str(message).encode()).tcp_info
            if tcp and tcp.bytes_received is not None and (at := seconds(tcp.elapsed_time)):
                counted.append(CountAt(at, tcp.bytes_received))
    except ConnectionClosed:
        pass


def recognised(school: School, made: Upload) -> Finding | None:
    return recognise_upload(
        made.acknowledged,
        made.counted,
        school.plain,
        round_trip_seconds=made.round_trip_seconds,
    )


def test_a_proxy_that_swallows_an_upload_is_named(school: School) -> None:
    with (
        school.network.shaped(*slow_line("20mbit")),
        school.network.redirected(PLAIN, BUFFERING),
    ):
        found = recognised(school, upload(school))
    assert found and found.middlebox == "upload_buffering"


def test_a_test_behind_a_proxy_that_swallows_uploads_tells_the_lines_rate(school: School) -> None:
    with (
        school.network.shaped(*slow_line("20mbit")),
        school.network.redirected(PLAIN, BUFFERING),
    ):
        result = school.measured(school.plain, "upload")
    assert result.middleboxes == ("upload_buffering",)
    assert error_ratio(result, PAYLOAD_SHARE * 20e6) == pytest.approx(0, abs=0.05)
    assert result.bound != "exact"  # round trips and windows are the proxy's


def test_a_slow_line_alone_swallows_nothing(school: School) -> None:
    with school.network.shaped(*slow_line("20mbit")):
        assert recognised(school, upload(school)) is None


def several(school: School, source_ports: Sequence[int]) -> list[Upload]:
    with ThreadPoolExecutor(len(source_ports)) as pool:
        return list(pool.map(lambda port: upload(school, port, SHAPED_SECONDS), source_ports))


def shaping(school: School, ports: Sequence[int]) -> Finding | None:
    """One connection alone, then several, judged as an agent does."""
    one, more = upload(school, ports[0], SHAPED_SECONDS), several(school, ports[1:])
    last = one.infos[-1]
    busy = last.busy_seconds
    assert busy
    assert last.receive_window_limited_seconds is not None
    assert last.send_buffer_limited_seconds is not None
    evidence = SingleStream(
        rates_bits_per_second=one.rates,
        rate_interval_seconds=0.1,
        busy_share=busy / one.acknowledged[-1].seconds,
        receive_window_limited_share=last.receive_window_limited_seconds / busy,
        send_buffer_limited_share=last.send_buffer_limited_seconds / busy,
        idle_rtt_seconds=last.min_rtt_seconds,
        loaded_rtt_seconds=median(info.rtt_seconds or 0.0 for info in one.infos),
    )
    together = sum(fmean(each.rates) for each in more)
    return recognise_per_flow_shaping(fmean(one.rates), together, len(more), evidence, school.plain)


def test_a_limit_on_each_connection_is_named(school: School) -> None:
    with school.network.shaped(*slow_flows("8mbit", SOURCE_PORTS)):
        found = shaping(school, SOURCE_PORTS)
    assert found and found.middlebox == "per_flow_shaping"


def test_a_limit_on_the_line_is_not_one_on_each_connection(school: School) -> None:
    with school.network.shaped(*slow_line("16mbit")):
        assert shaping(school, tuple(port + 10 for port in SOURCE_PORTS)) is None


@pytest.mark.parametrize("middlebox", ["upload_buffering", "per_flow_shaping"])
def test_the_doctor_tells_what_the_last_test_came_upon(
    school: School, middlebox: Middlebox
) -> None:
    last = [{"reflector_id": str(school.plain.id), "middleboxes": [middlebox]}, {"kind": "skipped"}]
    filters, test = school.doctor(school.plain, **{"last:throughput": last})
    assert (filters.state, test.state) == ("ok", "trouble")
    assert test.name == "test server Core, last test"
    assert test.advice and f"{school.plain.host} port {PLAIN}" in test.advice
    (check,) = school.doctor(school.secured, **{"last:throughput": last})
    assert check.state == "ok"
