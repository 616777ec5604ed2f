"""An agent says nothing to anybody but its collector, and says who stands in the way."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from broadgauge_agent.client import client_of, collector_client, send
from broadgauge_agent.errors import CertificateError, ConfigError, UnreachableError
from broadgauge_agent.identity import Identity, load_identity
from broadgauge_agent.join import Place, join, join_token
from broadgauge_agent.trust import described, shown_certificate
from broadgauge_host.certificates import fingerprint_of
from broadgauge_wire.tokens import JoinToken
from tests.scripted_collector import KEY, ScriptedCollector
from tests.tls import (
    FAR_AHEAD,
    LONG_AGO,
    Authority,
    Issued,
    TlsCollector,
    own,
    tls_collector,
    tls_filter,
)

SECRET = "bgj_secret"
FILTER = "Example Filter CA"


@pytest.fixture
def issued(tmp_path: Path) -> Issued:
    return own(tmp_path / "collector")


@pytest.fixture
def secure(issued: Issued) -> Iterator[TlsCollector]:
    with tls_collector(issued) as server:
        yield server


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def joined(state: Path, url: str, fingerprint: str | None, ca: str | None = None) -> Identity:
    return join(state, url, JoinToken(SECRET, fingerprint), Place(), ca=ca)


def test_a_token_with_a_fingerprint_joins_the_server_that_shows_it(
    secure: TlsCollector, state: Path
) -> None:
    identity = joined(state, secure.url, secure.issued.fingerprint)
    assert load_identity(state) == identity
    assert identity.fingerprint == secure.issued.fingerprint
    with client_of(identity) as client:
        assert send(client, "GET", "/api/v1/settings").status == 200
    assert secure.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def test_the_fingerprint_never_leaves_the_machine(secure: TlsCollector, state: Path) -> None:
    joined(state, secure.url, secure.issued.fingerprint)
    said = secure.requests[0]
    assert SECRET.encode() in said.body
    assert secure.issued.fingerprint not in f"{said.path} {said.headers} {said.body!r}"


def test_a_filter_that_opens_tls_is_told_nothing_and_named(
    secure: TlsCollector, state: Path, tmp_path: Path
) -> None:
    shown = Authority(FILTER).issue(tmp_path / "filter")
    with (
        tls_filter(shown, secure.server_port) as between,
        pytest.raises(CertificateError, match="Nothing was sent") as caught,
    ):
        joined(state, between.url, secure.issued.fingerprint)
    assert FILTER in str(caught.value)
    assert "filter" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.exit_code == 4
    assert (between.connections, between.overheard) == (1, b"")
    assert secure.requests == []
    assert not (state / "identity.json").exists()


def test_a_filter_that_the_system_trusts_is_told_nothing_either(
    secure: TlsCollector, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(FILTER)
    (tmp_path / "system.pem").write_text(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    with tls_filter(authority.issue(tmp_path / "filter"), secure.server_port) as between:
        with pytest.raises(CertificateError, match=FILTER):
            joined(state, between.url, secure.issued.fingerprint)
        assert between.overheard == b""
        # What the pin is for: without one, whoever the system trusts reads along.
        joined(state, between.url, None)
        assert SECRET.encode() in between.overheard


def test_a_certificate_that_changed_later_is_named_and_its_owner_told_nothing(
    secure: TlsCollector, state: Path, tmp_path: Path
) -> None:
    identity = joined(state, secure.url, secure.issued.fingerprint)
    before = len(secure.requests)
    first, secure.issued = secure.issued, Authority(FILTER).issue(tmp_path / "other")
    with client_of(identity) as client:
        with pytest.raises(CertificateError) as caught:
            send(client, "GET", "/api/v1/settings")
        assert len(secure.requests) == before
        words = str(caught.value)
        assert "another certificate than the one this agent joined with" in words
        assert f'issued by "{FILTER}"' in words
        assert "join again" in words
        secure.issued = first
        assert send(client, "GET", "/api/v1/settings").status == 200


@pytest.mark.parametrize("since", [LONG_AGO, FAR_AHEAD], ids=["expired", "not yet valid"])
def test_a_wrong_clock_keeps_no_agent_from_a_pinned_server(
    since: datetime, state: Path, tmp_path: Path
) -> None:
    certificate = Authority("Somebody").issue(tmp_path / "dated", since=since)
    with tls_collector(certificate) as server:
        assert joined(state, server.url, certificate.fingerprint).school == "Hill"


def test_the_districts_authority_can_be_given(state: Path, tmp_path: Path) -> None:
    district = Authority("Example District CA")
    with tls_collector(district.issue(tmp_path / "server")) as server:
        identity = joined(state, server.url, None, ca=district.pem)
        with client_of(identity) as client:
            assert send(client, "GET", "/api/v1/settings").status == 200
        with pytest.raises(CertificateError, match='issued by "Example District CA"') as caught:
            joined(tmp_path / "other", server.url, None)
    assert "--ca" in str(caught.value)
    assert "copy it whole" in str(caught.value)
    assert len(server.requests) == 2


@pytest.mark.parametrize("since", [LONG_AGO, FAR_AHEAD], ids=["expired", "not yet valid"])
def test_a_certificate_outside_its_dates_points_to_the_clock(
    since: datetime, state: Path, tmp_path: Path
) -> None:
    district = Authority("Example District CA")
    with (
        tls_collector(district.issue(tmp_path / "server", since=since)) as server,
        pytest.raises(CertificateError, match="clock"),
    ):
        joined(state, server.url, None, ca=district.pem)


@pytest.mark.parametrize("scheme", ["http", "HTTP", "\thttp"])
def test_plain_http_is_refused_where_the_token_asks_for_tls(
    scheme: str, collector: ScriptedCollector, state: Path
) -> None:
    with pytest.raises(ConfigError, match=collector.url.replace("http:", "https:")):
        joined(state, collector.url.replace("http", scheme), "ab" * 32)
    assert collector.requests == []
    assert not state.exists()


def test_plain_http_to_a_server_that_speaks_tls_is_told_apart(secure: TlsCollector) -> None:
    url = secure.url.replace("https:", "http:")
    with (
        collector_client(url) as client,
        pytest.raises(UnreachableError, match=f"begins with https: {secure.url}"),
    ):
        send(client, "GET", "/api/v1/settings")


def test_plain_http_that_breaks_off_is_not_called_tls() -> None:
    with (
        _hanging_up() as port,
        collector_client(f"http://127.0.0.1:{port}") as client,
        pytest.raises(UnreachableError) as caught,
    ):
        send(client, "GET", "/api/v1/settings")
    assert "TLS" not in str(caught.value)


@pytest.mark.parametrize("fingerprint", [None, "ab" * 32])
def test_tls_to_a_server_that_speaks_plain_http_is_told_apart(
    collector: ScriptedCollector, fingerprint: str | None
) -> None:
    url = collector.url.replace("http:", "https:")
    with (
        collector_client(url, fingerprint=fingerprint) as client,
        pytest.raises(UnreachableError, match="does not speak TLS") as caught,
    ):
        send(client, "GET", "/api/v1/settings")
    assert "http://" in str(caught.value)
    assert not isinstance(caught.value, CertificateError)


def test_tls_that_breaks_off_is_not_called_plain_http() -> None:
    with (
        _hanging_up(times=1) as port,
        collector_client(f"https://127.0.0.1:{port}", fingerprint="ab" * 32) as client,
        pytest.raises(UnreachableError, match="closed it without a word") as caught,
    ):
        send(client, "GET", "/api/v1/settings")
    assert "http://" not in str(caught.value)


def test_without_its_fingerprint_a_servers_own_certificate_asks_for_the_whole_token(
    secure: TlsCollector, state: Path
) -> None:
    with pytest.raises(CertificateError, match="token whole"):
        joined(state, secure.url, None)
    assert secure.requests == []


def test_a_shown_certificate_can_be_looked_at_without_a_word(secure: TlsCollector) -> None:
    seen = shown_certificate("127.0.0.1", secure.server_port)
    assert fingerprint_of(seen) == secure.issued.fingerprint
    assert described(seen) == '"broadgauge server", issued by itself'
    assert secure.requests == []


def test_looking_where_nothing_shows_a_certificate_says_so(collector: ScriptedCollector) -> None:
    with pytest.raises(UnreachableError, match="does not speak TLS"):
        shown_certificate("127.0.0.1", collector.server_port)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        shown_certificate("127.0.0.1", 1)


def test_a_certificates_words_are_one_printable_line(tmp_path: Path) -> None:
    hostile = Authority("\x1b[31m" + "x" * 50 + "\n").issue(tmp_path)
    with tls_collector(hostile) as server:
        words = described(shown_certificate("127.0.0.1", server.server_port))
    assert words.isprintable()
    assert described(b"nonsense") == "a certificate that can't be read"


@pytest.mark.parametrize(
    "text", ["", "bgj_x y", "bgj_x.abc", "bgj_x." + "a" * 65, "\n", "bgj_x\ny", "TOKEN", "bgl_x"]
)
def test_a_token_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="Copy it whole"):
        join_token(text)


def test_what_only_the_doubtful_need_is_not_loaded(secure: TlsCollector) -> None:
    program = (
        "import sys\n"
        "from broadgauge_agent.client import collector_client, send\n"
        f"with collector_client({secure.url!r}, fingerprint={secure.issued.fingerprint!r}) as c:\n"
        "    assert send(c, 'GET', '/api/v1/settings').status == 200\n"
        "print('cryptography' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@contextmanager
def _hanging_up(times: int = 2) -> Iterator[int]:
    """Takes connections, hears what they say first and ends them without a word.

    Closed with nothing unread: a connection closed over unread bytes is reset instead.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            for _ in range(times):
                with listener.accept()[0] as connection:
                    connection.recv(65_536)

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()
