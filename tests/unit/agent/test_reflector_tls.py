"""A test server that speaks TLS is measured only if it shows what was registered for it."""

import re
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from broadgauge_agent.errors import ConfigError
from broadgauge_agent.manual import target_of
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.reflector.tls import given_tls, own_tls
from broadgauge_host.certificates import fingerprint_of
from broadgauge_wire import Direction, LatencyResult, Reflector, ThroughputResult
from tests.ndt7_servers import reflector
from tests.running import BIN, PATIENCE_SECONDS
from tests.tls import LONG_AGO, Authority, Issued, own, shown_by, tls_filter

AGENT = str(BIN / "broadgauge-agent")
OTHER = "ab" * 32


def request_to(
    port: int, direction: Direction = "download", *, ca: str | None = None, **about: object
) -> ProbeRequest:
    fields = {"host": "127.0.0.1", "segment": "lan", **about}
    server = Reflector(id=uuid4(), name="Test", port=port, **fields)  # type: ignore[arg-type]
    return ProbeRequest(reflector=server, directions=(direction,), max_seconds=1.0, ca=ca)


def measure(request: ProbeRequest) -> ThroughputResult:
    (result,) = load_probe("throughput").run(request)
    assert isinstance(result, ThroughputResult)
    return result


@pytest.fixture
def issued(tmp_path: Path) -> Issued:
    return own(tmp_path / "reflector")


@pytest.fixture
def port(issued: Issued) -> Iterator[int]:
    with reflector(tls=issued.context) as port:
        yield port


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_server_with_its_registered_certificate_is_measured(
    direction: Direction, port: int, issued: Issued
) -> None:
    result = measure(request_to(port, direction, fingerprint=issued.fingerprint))
    assert result.error is None
    assert result.throughput_bits_per_second and result.throughput_bits_per_second > 10e6


def test_a_server_with_another_certificate_is_not_measured_and_named(port: int) -> None:
    result = measure(request_to(port, fingerprint=OTHER))
    assert result.error
    assert 'another certificate ("broadgauge server", issued by itself)' in result.error
    assert result.throughput_bits_per_second is None


def test_a_filter_in_front_of_a_server_is_asked_for_nothing(
    port: int, issued: Issued, tmp_path: Path
) -> None:
    shown = Authority("Example Filter CA").issue(tmp_path / "filter")
    with tls_filter(shown, port) as between:
        result = measure(request_to(between.port, fingerprint=issued.fingerprint))
        assert (between.connections, between.overheard) == (1, b"")
    assert "Example Filter CA" in str(result.error)


def test_a_pinned_server_needs_no_dates(tmp_path: Path) -> None:
    old = Authority("Somebody").issue(tmp_path, since=LONG_AGO)
    with reflector(tls=old.context) as port:
        assert measure(request_to(port, fingerprint=old.fingerprint)).error is None


def test_a_given_authority_vouches_for_a_server(tmp_path: Path) -> None:
    district = Authority("Example District CA")
    with reflector(tls=district.issue(tmp_path).context) as port:
        assert measure(request_to(port, tls=True, ca=district.pem)).error is None
        without = measure(request_to(port, tls=True))
    assert "certificate is not trusted" in str(without.error)


def test_latency_to_a_server_with_tls_is_measured_as_to_any_other(port: int) -> None:
    (result,) = load_probe("latency").run(request_to(port, fingerprint=OTHER))
    assert isinstance(result, LatencyResult)
    assert (result.error, result.method) == (None, "udp_echo")


@contextmanager
def running(*arguments: str | Path) -> Iterator[tuple[int, str]]:
    """`broadgauge-agent reflector` with TLS: its port, and what it says of registering it."""
    command = [AGENT, "reflector", "--host", "127.0.0.1", "--port", "0", *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    with process.stderr as words:
        found = re.search(r"port (\d+)", words.readline())
        try:
            assert found
            yield int(found[1]), words.readline()
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AGENT, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_a_reflector_makes_its_certificate_once_and_says_how_to_register_it(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    with running("--tls", "--state", state) as (port, first):
        fingerprint = fingerprint_of(shown_by(port))
    with running("--tls", "--state", state) as (port, second):
        assert fingerprint_of(shown_by(port)) == fingerprint
    assert f"--host 127.0.0.1 --port {port} " in second
    for words in (first, second):
        assert "broadgauge reflectors add NAME" in words
        assert f"--fingerprint {fingerprint}" in words
    assert stat.S_IMODE((state / "tls" / "key.pem").stat().st_mode) == 0o600


def test_a_reflector_takes_a_certificate_that_an_authority_vouches_for(tmp_path: Path) -> None:
    issued = Authority("Example District CA").issue(tmp_path)
    given = ("--tls-certificate", issued.certificate, "--tls-key", issued.key)
    with running(*given) as (port, words):
        assert fingerprint_of(shown_by(port)) == issued.fingerprint
    assert words.rstrip().endswith("--tls")


def test_a_reflectors_certificate_without_its_key_says_what_to_do(tmp_path: Path) -> None:
    own_tls(tmp_path, "127.0.0.1")
    (tmp_path / "tls" / "key.pem").unlink()
    done = run("reflector", "--tls", "--state", tmp_path, "--port", "0")
    assert done.returncode == 3
    assert "key.pem is missing" in done.stderr
    assert "Restore" in done.stderr


def test_half_of_a_given_certificate_is_a_usage_error(tmp_path: Path) -> None:
    issued = own(tmp_path)
    done = run("reflector", "--tls-certificate", issued.certificate, "--port", "0")
    assert done.returncode == 2
    with pytest.raises(ConfigError, match="without a password"):
        given_tls(issued.key, issued.certificate)


def test_one_test_by_hand_takes_a_fingerprint_or_an_authority(
    port: int, issued: Issued, tmp_path: Path
) -> None:
    (tmp_path / "agent.toml").write_text("[probes.throughput]\nmax_seconds = 0.5\n")
    base = ("measure", "--state", tmp_path, "--direction", "download", "--server")
    shown = ":".join(re.findall("..", issued.fingerprint.upper()))
    pinned = run(*base, f"127.0.0.1:{port}", "--fingerprint", shown)
    assert pinned.returncode == 0, pinned.stdout + pinned.stderr
    trusted = run(*base, f"https://127.0.0.1:{port}", "--ca", issued.certificate)
    assert trusted.returncode == 0, trusted.stdout + trusted.stderr
    wrong = run(*base, f"https://127.0.0.1:{port}", "--fingerprint", OTHER)
    assert wrong.returncode == 1
    assert "another certificate" in wrong.stdout


@pytest.mark.parametrize(
    ("server", "ca", "fingerprint", "words"),
    [
        ("http://core", None, OTHER, "https://"),
        ("ws://core", "PEM", None, "https://"),
        (None, None, OTHER, "--server"),
        ("core", "PEM", OTHER, "one of them"),
        ("core", None, "abc", "64 hexadecimal digits"),
    ],
)
def test_what_cannot_vouch_for_a_server_is_refused(
    server: str | None, ca: str | None, fingerprint: str | None, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words):
        target_of(tmp_path, server, ca=ca, fingerprint=fingerprint)
