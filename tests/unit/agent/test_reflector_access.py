"""Who may test on a reflector with an access key: whoever has a token, and others a little."""

import base64
import http.client
import json
import re
import subprocess
import warnings
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jwt
import pytest

from broadgauge_agent.errors import ConfigError
from broadgauge_agent.reflector.access import (
    LEEWAY_SECONDS,
    Access,
    given_access_key,
    token_fault,
)
from broadgauge_agent.reflector.answers_to_tests import Grant, Occupied, Refusal
from broadgauge_agent.reflector.limits import Limits
from broadgauge_agent.reflector.open_budget import HOUR_SECONDS
from tests.ndt7_servers import reflector
from tests.running import BIN, PATIENCE_SECONDS

KEY = "bgr_" + "k" * 43
OTHER_KEY = "bgr_" + "o" * 43
DOWNLOAD = "/ndt/v7/download"
NOISE = "/backend/garbage.php?ckSize=1"
"""A mebibyte, as LibreSpeed asks for it."""

SMALL = Limits(open_bytes_per_address=100, open_bytes_per_hour=250, open_testers=2)


class Clock:
    """Monotonic seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(clock: Clock) -> Access:
    return Access(KEY, SMALL, clock)


def token(key: str = KEY, *, seconds: float = 60.0, algorithm: str = "HS256", **claims: Any) -> str:
    whole = {"sub": "agent", "aud": "server", "exp": datetime.now(UTC) + timedelta(seconds=seconds)}
    chosen = {name: value for name, value in (whole | claims).items() if value is not None}
    return jwt.encode(chosen, key, algorithm)


def target(given: str) -> str:
    return f"{DOWNLOAD}?client_name=x&access_token={given}"


def refused(decision: Grant | Refusal | Occupied) -> Refusal:
    assert isinstance(decision, Refusal)
    return decision


def granted(decision: Grant | Refusal | Occupied) -> Grant:
    assert isinstance(decision, Grant)
    return decision


def moved(access: Access, address: str, num_bytes: int) -> bool:
    """A whole test without a token; whether it could have gone on."""
    grant = granted(access.admit(DOWNLOAD, address))
    goes_on = grant.take(num_bytes)
    grant.end()
    return goes_on


def test_whoever_has_a_token_tests_by_the_ordinary_limits_alone(access: Access) -> None:
    grants = [granted(access.admit(target(token()), "10.0.0.1")) for _ in range(10)]
    assert all(grant.take(10**12) for grant in grants)


def test_a_token_that_ended_moments_ago_by_this_clock_is_taken(access: Access) -> None:
    assert granted(access.admit(target(token(seconds=5 - LEEWAY_SECONDS)), "10.0.0.1"))


def test_a_token_that_has_ended_is_refused_and_says_what_to_check(access: Access) -> None:
    refusal = refused(access.admit(target(token(seconds=-LEEWAY_SECONDS - 5)), "10.0.0.1"))
    assert refusal.status == HTTPStatus.FORBIDDEN
    assert "has ended" in refusal.words
    assert "clocks" in refusal.words


def test_a_token_of_another_key_is_refused_and_says_what_to_do(access: Access) -> None:
    refusal = refused(access.admit(target(token(OTHER_KEY)), "10.0.0.1"))
    assert refusal.status == HTTPStatus.FORBIDDEN
    assert "broadgauge reflectors key" in refusal.words
    assert len(refusal.words) < 200  # what an agent's result has room for


def unsigned(**claims: Any) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": "a", "exp": 2**40} | claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode() for p in parts) + "."


with warnings.catch_warnings(action="ignore"):  # of keys that HS512 would like to be longer
    SIGNED_OTHERWISE = token(algorithm="HS512")

NESTED = base64.urlsafe_b64encode(b"[" * 2900).decode()


@pytest.mark.parametrize(
    "odd",
    [unsigned(), unsigned(aud="server"), SIGNED_OTHERWISE, "x", "a.b.c", "..", "\udcff.\udcff.x",
     token(exp=None), token(sub=None), token()[:-2], f"{NESTED}.e30.x", "eyJhbGciOiJIUzI1NiJ9.e30"],
    ids=lambda odd: repr(odd[:20]),
)  # fmt: skip
def test_whatever_else_is_shown_as_a_token_is_refused(odd: str) -> None:
    fault = token_fault(odd, KEY)
    assert fault
    assert "isn't signed" in fault


def test_a_server_without_a_key_is_open_to_all() -> None:
    access = Access(None, SMALL)
    for path in (DOWNLOAD, target("nonsense"), target(token(OTHER_KEY))):
        assert granted(access.admit(path, "10.0.0.1")).take(10**12)


def test_without_a_token_an_address_has_its_bytes_of_the_hour(access: Access, clock: Clock) -> None:
    assert moved(access, "10.0.0.1", 99)
    assert not moved(access, "10.0.0.1", 1)
    clock.seconds += HOUR_SECONDS - 90
    refusal = refused(access.admit(DOWNLOAD, "10.0.0.1"))
    assert (refusal.status, refusal.retry_after_seconds) == (HTTPStatus.TOO_MANY_REQUESTS, 90)
    assert "Try again in 2 minutes" in refusal.words
    assert moved(access, "10.0.0.2", 1)  # of another address
    clock.seconds += 90
    assert moved(access, "10.0.0.1", 99)


def test_an_empty_token_is_none(access: Access) -> None:
    assert moved(access, "10.0.0.1", 99)
    assert not granted(access.admit(target(""), "10.0.0.1")).take(1)


def test_all_addresses_share_a_budget_that_tokens_do_not_touch(access: Access) -> None:
    assert moved(access, "10.0.0.1", 90)
    assert moved(access, "10.0.0.2", 90)
    assert granted(access.admit(target(token()), "10.0.0.4")).take(10**9)
    assert not moved(access, "10.0.0.3", 90)
    refusal = refused(access.admit(DOWNLOAD, "10.0.0.4"))
    assert refusal.status == HTTPStatus.TOO_MANY_REQUESTS


def test_few_addresses_test_at_once_each_over_several_connections(access: Access) -> None:
    first = [granted(access.admit(DOWNLOAD, "10.0.0.1")) for _ in range(3)]
    granted(access.admit(DOWNLOAD, "10.0.0.2"))
    refusal = refused(access.admit(DOWNLOAD, "10.0.0.3"))
    assert refusal.status == HTTPStatus.TOO_MANY_REQUESTS
    assert refusal.retry_after_seconds
    for grant in first:
        assert isinstance(access.admit(DOWNLOAD, "10.0.0.3"), Refusal)
        grant.end()
        grant.end()  # of a connection that breaks while it closes
    assert isinstance(access.admit(DOWNLOAD, "10.0.0.3"), Grant)


def test_addresses_without_end_take_no_memory_without_end(clock: Clock) -> None:
    few = Limits(open_bytes_per_address=100, open_bytes_per_hour=100, open_addresses=3)
    access = Access(KEY, few, clock)
    for number in range(99):
        assert moved(access, f"2001:db8::{number}", 1)
    assert len(access._budget._addresses) == 3
    assert not moved(access, "2001:db8::ffff", 1)  # what they all moved counts nevertheless


def test_a_key_is_read_from_its_file_or_the_environment_and_never_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "access-key"
    file.write_text(f" {KEY}\r\n")
    assert given_access_key(None) is None
    monkeypatch.setenv("BROADGAUGE_REFLECTOR_KEY", OTHER_KEY)
    assert given_access_key(file) == KEY
    assert given_access_key(None) == OTHER_KEY
    file.write_text("tooshort")
    with pytest.raises(ConfigError, match="reflectors key NAME") as short:
        given_access_key(file)
    assert "tooshort" not in str(short.value)
    monkeypatch.setenv("BROADGAUGE_REFLECTOR_KEY", f"{KEY} {KEY}")
    with pytest.raises(ConfigError, match="BROADGAUGE_REFLECTOR_KEY holds no access key"):
        given_access_key(None)
    with pytest.raises(ConfigError, match="can't be read"):
        given_access_key(tmp_path)


def asked(port: int, path: str) -> tuple[int, str | None, str]:
    """Status, Retry-After and words of the answer to a plain request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After"), answer.read().decode("latin-1")


def test_over_http_a_refusal_has_its_status_its_words_and_when_to_ask_again() -> None:
    limits = Limits(open_bytes_per_address=2**20, open_bytes_per_hour=2**30)
    with reflector(access_key=KEY, limits=limits) as port:
        good = asked(port, target(token()))
        bad = asked(port, target("x.y.z"))
        within = asked(port, NOISE)
        beyond = asked(port, NOISE)
        test = asked(port, DOWNLOAD)
        page = asked(port, "/")

    assert good[0] == HTTPStatus.UPGRADE_REQUIRED  # a test would have begun
    assert bad[:2] == (HTTPStatus.FORBIDDEN, None)
    assert "isn't signed" in bad[2]
    assert (within[0], len(within[2])) == (HTTPStatus.OK, 2**20)
    for refused_now in (beyond, test):
        assert refused_now[0] == HTTPStatus.TOO_MANY_REQUESTS
        assert 3500 < int(refused_now[1] or 0) <= 3600
        assert "Try again in 60 minutes" in refused_now[2]
    assert page[0] == HTTPStatus.OK


def test_the_command_takes_the_key_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "access-key"
    file.write_text(KEY + "\n")
    command = [str(BIN / "broadgauge-agent"), "reflector", "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--access-key-file", str(file)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    with process.stderr as words:
        found = re.search(r"port (\d+)", words.readline())
        assert found
        statuses = [asked(int(found[1]), target(given))[0] for given in (token(), "x.y.z")]
        process.terminate()
        rest = words.read()
        process.wait(PATIENCE_SECONDS)
    assert statuses == [HTTPStatus.UPGRADE_REQUIRED, HTTPStatus.FORBIDDEN]
    assert KEY not in rest
    file.write_text("none")
    done = subprocess.run(
        [*command, "--access-key-file", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "broadgauge reflectors key NAME" in done.stderr
