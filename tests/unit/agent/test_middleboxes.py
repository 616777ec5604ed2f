"""What is named a middlebox, and what only looks like one."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from broadgauge_agent.known_issuers import known_issuer, learn_issuers
from broadgauge_agent.middleboxes import (
    CountAt,
    SingleStream,
    issuer_of,
    recognise_per_flow_shaping,
    recognise_tls,
    recognise_upload,
    words_for,
)
from broadgauge_agent.middleboxes.connecting import recognise_page, recognise_refusal
from broadgauge_agent.middleboxes.finding import ADVICE
from broadgauge_agent.middleboxes.looks import Answer, Look, parse_answer
from broadgauge_agent.middleboxes.uploading import UNKNOWN_HELD_BYTES
from broadgauge_agent.spool import Spool
from broadgauge_host.certificates import fingerprint_of
from broadgauge_wire import Reflector, ThroughputResult, new_id

SERVER = Reflector(id=uuid4(), name="Core", host="tests.district.example", port=8485, segment="wan")
KEY = ec.generate_private_key(ec.SECP256R1())
ROUND_TRIP = 0.02


def certificate(
    issuer: str, subject: str = SERVER.host, *, organization: bool = True, logged: bool = False
) -> bytes:
    """In DER form. What would be a log's signature isn't one: only its presence says something."""
    now = datetime.now(UTC)
    oid = NameOID.ORGANIZATION_NAME if organization else NameOID.COMMON_NAME
    builder = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(oid, issuer)]),
        x509.Name([x509.NameAttribute(oid if subject == issuer else NameOID.COMMON_NAME, subject)]),
        KEY.public_key(),
        x509.random_serial_number(),
        now - timedelta(days=1),
        now + timedelta(days=1),
    )
    if logged:
        stamps = x509.UnrecognizedExtension(
            x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), b"\x04\x02\x00\x00"
        )
        builder = builder.add_extension(stamps, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_change_of_issuer_is_tls_inspection() -> None:
    found = recognise_tls(certificate("Example Gateway"), SERVER, known_issuer="Oakdale Schools")
    assert found and found.middlebox == "tls_inspection"
    assert "made by Example Gateway instead of Oakdale Schools" in found.words
    assert "let tests.district.example port 8485 through without inspection" in found.words


def test_a_filters_name_is_enough() -> None:
    found = recognise_tls(certificate("Fortinet Inc"), SERVER)
    assert found and "probably Fortinet" in found.words


@pytest.mark.parametrize("known", [None, "Oakdale Schools"])
def test_the_expected_issuer_and_a_first_one_are_no_inspection(known: str | None) -> None:
    assert recognise_tls(certificate("Oakdale Schools"), SERVER, known) is None


def test_a_certificate_that_a_public_authority_logged_is_no_filters() -> None:
    renewed = certificate("Another Public CA", logged=True)
    assert recognise_tls(renewed, SERVER, known_issuer="A Public CA") is None
    assert recognise_tls(renewed, replace(SERVER, fingerprint="0" * 64)) is None


def test_a_pinned_server_behind_another_authority_is_inspected() -> None:
    shown = certificate("Example Gateway")
    found = recognise_tls(shown, replace(SERVER, fingerprint="0" * 64))
    assert found and found.middlebox == "tls_inspection"
    assert recognise_tls(shown, replace(SERVER, fingerprint=fingerprint_of(shown))) is None


def test_a_pinned_server_that_was_set_up_anew_is_not_inspected() -> None:
    itself = certificate("broadgauge", "broadgauge")
    assert recognise_tls(itself, replace(SERVER, fingerprint="0" * 64)) is None


@pytest.mark.parametrize("shown", [b"", b"nonsense"])
def test_what_is_no_certificate_names_nobody(shown: bytes) -> None:
    assert recognise_tls(shown, replace(SERVER, fingerprint="0" * 64)) is None
    assert issuer_of(shown) is None


def test_an_issuer_is_known_by_its_organization_alone() -> None:
    assert issuer_of(certificate("Oakdale Schools")) == "Oakdale Schools"
    assert issuer_of(certificate("Oakdale CA 3", organization=False)) == "Oakdale CA 3"
    assert issuer_of(certificate("broadgauge", "broadgauge")) is None


def trusted(issuer: str, **fields: object) -> ThroughputResult:
    made: dict[str, object] = {
        "id": new_id(),
        "started_at": datetime.now(UTC),
        "duration_seconds": 1.0,
        "agent_version": "1",
        "direction": "download",
        "method": "ndt7",
        "server": "tests.district.example:8485",
        "certificate_issuer": issuer,
    }
    return ThroughputResult(**(made | fields))  # type: ignore[arg-type]  # as named above


def test_an_issuer_is_learned_from_a_success_and_never_from_a_filter(tmp_path: Path) -> None:
    with closing(Spool(tmp_path, uuid4())) as spool:
        learn_issuers(spool, SERVER, [trusted("Nobody", error="it failed")])
        assert known_issuer(spool, SERVER) is None
        learn_issuers(spool, SERVER, [trusted("Oakdale Schools")])
        by_a_filter = trusted("Example Gateway", middleboxes=("tls_inspection",))
        learn_issuers(spool, SERVER, [by_a_filter])
        assert known_issuer(spool, SERVER) == "Oakdale Schools"
        learn_issuers(spool, SERVER, [trusted("Another Public CA")])
        assert known_issuer(spool, SERVER) == "Another Public CA"
        assert known_issuer(spool, replace(SERVER, id=uuid4())) is None
        assert known_issuer(spool, None) is None


@pytest.mark.parametrize(
    ("look", "how"),
    [
        ("cut_off", "cut off"),
        ("silent", "never answered"),
        (Answer(status=426, content_type="text/plain"), "without its headers"),
        (Answer(status=400, content_type="text/plain"), "without its headers"),
        (Answer(status=403, content_type="text/html"), "HTTP 403"),
        (Answer(status=200, content_type="text/html"), "HTTP 200"),
        (Answer(status=302, location="http://filter.example/"), "HTTP 302"),
        (Answer(status=502, content_type="text/plain"), "HTTP 502"),
    ],
)
def test_an_upgrade_that_is_prevented_is_named(look: Look, how: str) -> None:
    found = recognise_refusal(look, SERVER)
    assert found and found.middlebox == "websocket_blocked"
    assert how in found.words


@pytest.mark.parametrize(
    "look",
    [
        Answer(status=101),
        Answer(status=404),
        Answer(status=403, content_type="text/plain; charset=utf-8", body=b"The token expired.\n"),
        Answer(status=429, content_type="text/plain"),
        Answer(status=503, content_type="text/plain"),
        "unreachable",
        "no_tls",
    ],
)
def test_what_a_test_server_says_itself_is_no_middlebox(look: Look) -> None:
    assert recognise_refusal(look, SERVER) is None


@pytest.mark.parametrize(
    "look",
    [
        Answer(status=511),
        Answer(status=302, location="https://portal.example/login?from=here"),
        Answer(status=200, content_type="text/html", body=b"<html>Sign in"),
        Answer(status=200, body=b"\r\n<!DOCTYPE html>"),
    ],
)
def test_a_page_in_the_test_servers_place_is_a_captive_portal(look: Look) -> None:
    found = recognise_page(look, SERVER)
    assert found and found.middlebox == "captive_portal"
    assert "Sign this machine in" in found.words


@pytest.mark.parametrize(
    "look",
    [
        Answer(status=200, content_type="text/plain", body=b"ok\n"),
        Answer(status=404, content_type="text/html"),
        Answer(status=301, location=f"https://{SERVER.host}/healthz"),
        Answer(status=302, location="/login"),
        Answer(status=302, location="http://[broken"),
        "silent",
    ],
)
def test_another_server_is_no_captive_portal(look: Look) -> None:
    assert recognise_page(look, SERVER) is None


@pytest.mark.parametrize(
    ("said", "look"),
    [
        (b"", "cut_off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no_http"),
        (b"HTTP/1.1 many\r\n\r\n", "no_http"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(status=204)),
        (
            b"HTTP/1.0 200 OK\r\ncontent-TYPE: text/plain\r\n\r\nok\n",
            Answer(status=200, content_type="text/plain", body=b"ok\n"),
        ),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500 + b"\r\n", "no_http"),
    ],
)
def test_an_answer_is_read_or_said_to_be_none(said: bytes, look: Look) -> None:
    assert parse_answer(said) == look


def counts(
    megabits_per_second: float, ahead_bytes: float = 0.0, first: float = 0.0
) -> list[CountAt]:
    """Every tenth of a second for two seconds, after a jump ahead in the first tenths."""
    return [
        CountAt(
            first + n / 10, n / 10 * megabits_per_second * 125_000 + ahead_bytes * min(1, n / 3)
        )
        for n in range(1, 21)
    ]


def test_a_proxy_that_takes_more_than_it_passes_on_is_named() -> None:
    found = recognise_upload(
        counts(20, ahead_bytes=4e6), counts(20), SERVER, round_trip_seconds=ROUND_TRIP
    )
    assert found and found.middlebox == "upload_buffering"
    assert "MB ahead of it" in found.words


@pytest.mark.parametrize("rate", [0.1, 20, 1000, 10_000])
def test_what_was_acknowledged_and_arrived_is_no_buffering(rate: float) -> None:
    late = counts(rate, first=0.05)  # the server's clock began before ours
    assert recognise_upload(counts(rate), late, SERVER, round_trip_seconds=0.05) is None


def test_a_programs_own_count_gets_the_allowance_of_all_buffers() -> None:
    handed_over = counts(20, ahead_bytes=4e6)
    assert (
        recognise_upload(
            handed_over,
            counts(20),
            SERVER,
            round_trip_seconds=ROUND_TRIP,
            held_bytes=UNKNOWN_HELD_BYTES,
        )
        is None
    )


def test_a_server_that_counted_nothing_or_once_proves_no_buffering() -> None:
    for counted in ([], [CountAt(0.05, 1000)], [CountAt(0.3, 1000)]):
        assert recognise_upload(counts(100), counted, SERVER, round_trip_seconds=ROUND_TRIP) is None


HELD_BY_A_SHAPER = SingleStream(
    rates_bits_per_second=[10e6, 7e6, 13e6, 10e6, 10e6, 9.8e6, 10e6, 10.2e6, 10e6, 10e6] * 2,
    rate_interval_seconds=0.1,
    busy_share=1.0,
    receive_window_limited_share=0.0,
    send_buffer_limited_share=0.02,
    idle_rtt_seconds=0.010,
    loaded_rtt_seconds=0.045,
)


def shaped(several: float, streams: int = 4, **changed: Any) -> bool:
    evidence = replace(HELD_BY_A_SHAPER, **changed)
    found = recognise_per_flow_shaping(10e6, several, streams, evidence, SERVER)
    return found is not None


def test_several_connections_in_proportion_to_one_are_shaped_each() -> None:
    found = recognise_per_flow_shaping(10e6, 39e6, 4, HELD_BY_A_SHAPER, SERVER)
    assert found and found.middlebox == "per_flow_shaping"
    assert "10 Mbps by one, 39 Mbps by 4" in found.words


def test_a_line_that_one_connection_fills_is_not_shaped() -> None:
    assert not shaped(10e6)
    assert not shaped(16e6)  # a larger share of a line that neighbors use, too
    assert not shaped(60e6)  # nor is that one limit for each
    assert not shaped(10e6, streams=1)


@pytest.mark.parametrize(
    "trace",
    [
        {"receive_window_limited_share": 0.6},
        {"send_buffer_limited_share": 0.6},
        {"busy_share": 0.5},
        {"busy_share": None},
        {"receive_window_limited_share": None},
        {"loaded_rtt_seconds": 0.0105},
        {"loaded_rtt_seconds": None},
        {"rates_bits_per_second": [*[13e6] * 4, *[7e6] * 5, *[12e6] * 3, *[8e6] * 4, *[10e6] * 4]},
        {"rates_bits_per_second": [10e6] * 11},
        {"rates_bits_per_second": [0.0] * 20},
        {"rates_bits_per_second": []},
    ],
)
def test_nothing_is_named_where_something_else_may_have_held_the_one_back(
    trace: dict[str, Any],
) -> None:
    assert shaped(40e6)
    assert not shaped(40e6, **trace)


def test_bbr_needs_no_queue_as_a_proof() -> None:
    assert shaped(40e6, loaded_rtt_seconds=0.0105, is_bbr=True)


def test_every_middlebox_has_words_that_say_what_to_change() -> None:
    for middlebox in ADVICE:
        seen, _, advice = words_for(middlebox, "tests.district.example port 8485").partition(". ")
        assert seen and "tests.district.example port 8485" in advice
