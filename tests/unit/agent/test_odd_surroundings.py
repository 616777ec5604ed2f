"""Addresses that are none and proxies that can't be used: a sentence and an exit code, no crash."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broadgauge_agent.identity import save_identity
from tests.scripted_collector import ScriptedCollector, make_identity
from tests.tls import serving
from tests.tls_server import run

SOCKS = "socks5://127.0.0.1:1"
BEYOND = "https://collector.invalid:8484"


@pytest.fixture
def collector() -> Iterator[ScriptedCollector]:
    server = ScriptedCollector()
    with serving(server):
        yield server


def join(state: Path, url: str, **environment: str) -> tuple[int, str]:
    done = run(
        "broadgauge-agent",
        *("join", url, "--token", "bgj_secret", "--state", state),
        **environment,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "https://[::bad",
        "https://host:port",
        "https://host:99999",
        "https://host:0",
        f"https://{'a' * 70}",
        "https://é..org",
    ],
)
def test_what_is_no_address_is_said_to_be_none(tmp_path: Path, url: str) -> None:
    code, words = join(tmp_path / "state", url)
    assert (code, "is not a collector's address" in words) == (3, True)


@pytest.mark.parametrize("proxy", [SOCKS, "ftp://127.0.0.1:1", "http://[::bad"])
def test_a_proxy_that_can_not_be_used_is_named_as_the_reason(tmp_path: Path, proxy: str) -> None:
    code, words = join(tmp_path / "state", BEYOND, ALL_PROXY=proxy)
    assert (code, "only http:// and https:// proxies can" in words) == (3, True)


def test_where_no_proxy_is_taken_one_that_can_not_be_used_does_no_harm(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    assert join(tmp_path / "one", collector.url, ALL_PROXY=SOCKS)[0] == 0
    spared = {"ALL_PROXY": SOCKS, "NO_PROXY": "collector.invalid"}
    assert join(tmp_path / "other", BEYOND, **spared)[0] == 4


def test_an_agent_that_can_not_reach_its_collector_so_ends_with_the_reason(tmp_path: Path) -> None:
    save_identity(tmp_path, make_identity(BEYOND))
    done = run("broadgauge-agent", "run", "--state", tmp_path, ALL_PROXY=SOCKS)
    assert done.returncode == 3
    assert "only http:// and https:// proxies can" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_servers_commands_say_so_too() -> None:
    for url, proxy in ((BEYOND, SOCKS), ("http://[::bad", "")):
        asked = {"BROADGAUGE_URL": url, "BROADGAUGE_TOKEN": "x", "ALL_PROXY": proxy}
        done = run("broadgauge", "schools", **asked)
        assert (done.returncode, "Traceback" in done.stderr) == (3, False)
        assert url in done.stderr
