"""The certificate a real server shows, and who is believed by it."""

import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from broadgauge_collector.certificates import Tls, own_tls
from broadgauge_collector.cli.client import ServerClient, Where, find_server
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.data_directory import note_address
from broadgauge_collector.errors import CannotStart, ServerAway
from broadgauge_host.certificates import pinned_context
from broadgauge_host.own_certificate import fingerprint_in
from broadgauge_wire.tokens import parse_join_token
from tests.tls import Authority, Issued, own, tls_filter
from tests.tls_server import TlsServer, serving_tls

TRUST = ("BROADGAUGE_FINGERPRINT", "BROADGAUGE_CA")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """With a certificate of its own."""
    with serving_tls(tmp_path_factory.mktemp("served")) as serving:
        yield serving


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in TRUST:
        monkeypatch.delenv(variable, raising=False)


def asks(where: Where) -> object:
    client = ServerClient(where)
    try:
        return client.get("/schools", tuple[object, ...])
    finally:
        client.close()


def test_beyond_this_machine_a_server_makes_its_certificate_and_says_its_fingerprint(
    server: TlsServer,
) -> None:
    own = fingerprint_in(server.data / "tls" / "certificate.pem")
    assert server.shows() == own
    assert own in server.said
    assert "Browsers will say" in server.said


def test_its_key_is_for_its_owner_alone(server: TlsServer) -> None:
    modes = {
        file.name: stat.S_IMODE(file.stat().st_mode)
        for file in ((server.data / "tls"), *(server.data / "tls").iterdir())
    }
    assert modes == {"tls": 0o700, "certificate.pem": 0o600, "key.pem": 0o600}


def test_its_join_tokens_carry_the_fingerprint(
    server: TlsServer,
) -> None:
    server.cli("schools", "add", "Hill", "--timezone", "UTC")
    made = server.cli("token", "create", "--school", "Hill")
    assert parse_join_token(made.stdout).fingerprint == server.shows()
    assert "fingerprint" in made.stderr
    assert f"join {server.url}" in made.stderr


def test_its_session_cookie_is_for_this_server_over_tls_alone(server: TlsServer) -> None:
    link = server.cli("login").stdout.strip()
    with httpx2.Client(verify=pinned_context(server.shows())) as browser:
        cookie = browser.get(link).headers["set-cookie"]
    assert cookie.startswith("__Host-broadgauge_session=")
    assert {"secure", "httponly", "path=/"} <= set(cookie.lower().split("; "))
    assert "domain" not in cookie.lower()


def test_commands_on_its_machine_believe_it_and_no_other(server: TlsServer, tmp_path: Path) -> None:
    where = find_server(None, None, server.data)
    assert asks(where) is not None
    shown = Authority("Example Filter CA").issue(tmp_path)
    with tls_filter(shown, server.port) as between:
        with pytest.raises(ServerAway, match="another certificate"):
            asks(find_server(between.url, None, server.data))
        assert between.overheard == b""


def test_commands_elsewhere_are_told_whom_to_believe(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (server.data / "admin.token").read_text().strip()
    with pytest.raises(ServerAway, match="BROADGAUGE_FINGERPRINT"):
        asks(find_server(server.url, token, server.data))
    monkeypatch.setenv("BROADGAUGE_CA", str(server.data / "tls" / "certificate.pem"))
    assert asks(find_server(server.url, token, server.data)) is not None
    monkeypatch.delenv("BROADGAUGE_CA")
    monkeypatch.setenv("BROADGAUGE_FINGERPRINT", server.shows().upper())
    assert asks(find_server(server.url, token, server.data)) is not None


@pytest.mark.parametrize(
    ("variable", "value"),
    [("BROADGAUGE_FINGERPRINT", "abc"), ("BROADGAUGE_CA", "/none.pem"), ("BROADGAUGE_CA", "/etc")],
)
def test_what_can_vouch_for_nobody_is_a_wrong_setting(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(CannotStart, match="BROADGAUGE_FINGERPRINT"):
        asks(find_server("https://127.0.0.1:1", "bgu_x", tmp_path))


def test_commands_believe_the_server_as_it_runs_now(tmp_path: Path) -> None:
    note_address(ServerConfig(data=tmp_path, public_url="https://x", fingerprint="ab" * 32))
    assert find_server(None, "bgu_x", tmp_path).fingerprint == "ab" * 32
    assert find_server("https://elsewhere", "bgu_x", tmp_path).fingerprint is None
    note_address(ServerConfig(data=tmp_path, public_url="https://x"))
    assert find_server(None, "bgu_x", tmp_path).fingerprint is None


@pytest.fixture
def district(tmp_path: Path) -> Issued:
    return Authority("Example District CA").issue(tmp_path / "district")


def renew(district: Issued, anew: Issued) -> None:
    district.certificate.write_bytes(anew.certificate.read_bytes())
    district.key.write_bytes(anew.key.read_bytes())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
def test_a_renewed_certificate_is_shown_after_sighup_and_a_wrong_one_never(
    tmp_path: Path, district: Issued
) -> None:
    anew = Authority("Example District CA").issue(tmp_path / "anew")
    with serving_tls(tmp_path / "data", district) as server:
        first = server.shows()
        renew(district, anew)
        assert server.shows() == first
        server.process.send_signal(signal.SIGHUP)
        line = server.wait_for("event=certificate_read")
        assert anew.fingerprint in line
        assert server.shows() == anew.fingerprint != first
        district.key.write_text("no key")
        server.process.send_signal(signal.SIGHUP)
        assert str(district.key) in server.wait_for("event=certificate_kept")
        assert server.shows() == anew.fingerprint
    assert server.process.returncode == 0


def test_a_server_that_an_authority_vouches_for_needs_no_fingerprint(tmp_path: Path) -> None:
    authority = Authority("Example District CA")
    (tmp_path / "ca.pem").write_text(authority.pem)
    with serving_tls(tmp_path / "data", authority.issue(tmp_path / "district")) as server:
        untrusted = server.cli("schools")
        assert untrusted.returncode == 4
        assert "doesn't trust" in untrusted.stderr
        trusting = {"BROADGAUGE_CA": str(tmp_path / "ca.pem")}
        server.cli("schools", "add", "Hill", "--timezone", "UTC", **trusting)
        made = server.cli("token", "create", "--school", "Hill", **trusting)
        assert parse_join_token(made.stdout).fingerprint is None
        assert server.process.poll() is None


def test_names_that_are_none_keep_no_server_from_its_certificate(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="tls"):
        own_tls(tmp_path, ["x" * 300 + ".example.org"])
    assert isinstance(own_tls(tmp_path, ["schule.example.org"]), Tls)


def test_a_certificate_made_before_is_taken_whatever_the_names_are_now(tmp_path: Path) -> None:
    first = own_tls(tmp_path, ["192.0.2.1"])
    assert own_tls(tmp_path, ["192.0.2.2"]) == first
    assert own(tmp_path / "other").fingerprint != first.fingerprint
