"""What the agent learned of its test servers' certificates is known to tests that a person asks
for: a filter that appeared since, and that this machine trusts, is named by them too."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace

from broadgauge_agent.config import Config
from broadgauge_agent.identity import save_settings
from broadgauge_agent.known_issuers import issuer_fact
from broadgauge_agent.manual import manual_request, measure_now, target_of
from broadgauge_agent.spool import Spool
from broadgauge_agent.state import SPOOL
from broadgauge_agent.survey import testing
from broadgauge_agent.survey.testing import test_room as survey_room
from broadgauge_wire import Reflector, Result, Settings, ThroughputResult
from broadgauge_wire.settings import ProbesConfig, ThroughputConfig
from tests.authorities import Authority
from tests.ndt7_servers import reflector
from tests.scripted_collector import make_reflector

DISTRICT, GATEWAY = "Oakdale Schools", "Example Gateway"
QUICK = Config(probes=ProbesConfig(throughput=ThroughputConfig(max_seconds=0.5)))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reflector]:
    """A test server whose certificate is by a filter's authority, as this machine sees it."""
    gateway = Authority(GATEWAY)
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(gateway.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with reflector(tls=gateway.context(tmp_path, "127.0.0.1")) as port:
        yield replace(make_reflector(port), tls=True)


def remember(state: Path, server: Reflector, issuer: str) -> None:
    """As the agent does after a test."""
    with closing(Spool(state, uuid4())) as spool:
        spool.note(issuer_fact(server.id), issuer)


def found_by(results: tuple[Result, ...]) -> list[tuple[str | None, tuple[str, ...]]]:
    """By each throughput test: whose certificate it was shown, and what stood in between."""
    return [
        (result.certificate_issuer, result.middleboxes)
        for result in results
        if isinstance(result, ThroughputResult)
    ]


def test_a_survey_names_a_filter_by_the_issuer_that_the_agent_knows(
    server: Reflector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "LATENCY_SECONDS", 0.2)
    remember(tmp_path, server, DISTRICT)
    surveyed = survey_room("Gym", [server], Settings(), tmp_path, QUICK, pytest.fail)
    assert found_by(surveyed.results) == [(GATEWAY, ("tls_inspection",))] * 2


@pytest.mark.parametrize(
    ("known", "middleboxes"), [(DISTRICT, ("tls_inspection",)), (GATEWAY, ()), (None, ())]
)
def test_a_manual_test_names_a_filter_by_the_issuer_that_the_agent_knows(
    server: Reflector, tmp_path: Path, known: str | None, middleboxes: tuple[str, ...]
) -> None:
    save_settings(tmp_path, Settings(reflectors=(server,)))
    if known:
        remember(tmp_path, server, known)
    request = manual_request("throughput", QUICK, "download", None)
    results = measure_now(target_of(tmp_path, None), request)
    assert found_by(results) == [(GATEWAY, middleboxes)]


def test_a_server_named_by_hand_has_no_issuer_that_is_known(
    server: Reflector, tmp_path: Path
) -> None:
    save_settings(tmp_path, Settings(reflectors=(server,)))
    remember(tmp_path, server, DISTRICT)
    assert target_of(tmp_path, None).known_issuer == DISTRICT
    assert target_of(tmp_path, f"https://{server.host}:{server.port}").known_issuer is None


def test_a_manual_test_needs_no_spool_that_can_be_read(server: Reflector, tmp_path: Path) -> None:
    save_settings(tmp_path, Settings(reflectors=(server,)))
    (tmp_path / SPOOL).write_bytes(b"no database" * 1000)
    assert target_of(tmp_path, None).known_issuer is None
