"""Each test shows the token for its own test server, and says it nowhere else."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from broadgauge_agent.access_tokens import token_for, with_access
from broadgauge_agent.identity import save_settings
from broadgauge_agent.manual import target_of
from broadgauge_agent.ndt7.spec import test_url as url_of
from broadgauge_agent.probes import ProbeRequest
from broadgauge_wire import AccessToken, Settings
from tests.scripted_collector import make_reflector

CORE, OPEN = make_reflector(8485, "Core"), make_reflector(8486, "Open")
TOKEN = AccessToken(
    reflector_id=CORE.id, token="head.claims.sign", expires_at=datetime(2031, 5, 6, tzinfo=UTC)
)
SETTINGS = Settings(reflectors=(CORE, OPEN), access_tokens=(TOKEN,))


def test_a_token_goes_to_its_own_test_server_and_to_no_other() -> None:
    assert token_for(CORE, SETTINGS) == TOKEN.token
    assert token_for(OPEN, SETTINGS) is None
    assert with_access(ProbeRequest(reflector=CORE), SETTINGS).access_token == TOKEN.token
    assert with_access(ProbeRequest(reflector=OPEN), SETTINGS).access_token is None
    assert with_access(ProbeRequest(), SETTINGS) == ProbeRequest()


def test_a_manual_test_has_it_unless_the_server_is_named_by_hand(tmp_path: Path) -> None:
    save_settings(tmp_path, SETTINGS)
    assert target_of(tmp_path, None).access_token == TOKEN.token
    assert target_of(tmp_path, f"{CORE.host}:{CORE.port}").access_token is None


def test_a_tests_address_has_it_where_ndt7_servers_look_for_it() -> None:
    given = url_of("::1", 8485, "upload", tls=True, access_token=TOKEN.token, client_name="x")
    without = url_of("::1", 8485, "upload", tls=True, client_name="x")
    assert parse_qs(urlsplit(given).query)["access_token"] == [TOKEN.token]
    assert "access_token" not in without
