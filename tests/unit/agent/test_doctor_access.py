"""Whether a test server takes the token that the collector gave, as the agent's doctor sees it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import jwt
import pytest

from broadgauge_agent.doctor.access import check_access
from broadgauge_agent.reflector.tls import own_tls
from broadgauge_host.addresses import Address, look_up
from broadgauge_host.diagnosis import Check
from broadgauge_wire import Reflector, new_id
from tests.ndt7_servers import banner_server, free_port, reflector

KEY = "bgr_" + "k" * 43
GUIDE = Path(__file__).parents[3].joinpath("docs/how-to/troubleshoot.md").read_text()


def token(key: str = KEY, hours: float = 24) -> str:
    claims = {"sub": "agent", "exp": datetime.now(UTC) + timedelta(hours=hours)}
    return jwt.encode(claims, key, "HS256")


def address(port: int) -> Address:
    return look_up("127.0.0.1", port).addresses[0]


def found(port: int, given: str | None, fingerprint: str | None = None) -> list[Check]:
    core = Reflector(
        id=new_id(),
        name="Core",
        host="127.0.0.1",
        port=port,
        segment="wan",
        fingerprint=fingerprint,
    )
    return list(check_access("test server Core", core, given, address(port)))


def saying(date: datetime | None, status: str = "426 Upgrade Required") -> bytes:
    line = f"Date: {format_datetime(date, usegmt=True)}\r\n" if date else ""
    return f"HTTP/1.1 {status}\r\n{line}Content-Length: 4\r\n\r\nwait".encode()


def test_a_token_that_the_test_server_takes_is_well() -> None:
    with reflector(access_key=KEY) as port:
        (check,) = found(port, token())
    assert (check.name, check.state) == ("test server Core, access", "ok")


def test_it_is_shown_over_tls_to_the_one_test_server_that_is_meant(tmp_path: Path) -> None:
    own = own_tls(tmp_path, "127.0.0.1")
    with reflector(access_key=KEY, tls=own.context) as port:
        (taken,) = found(port, token(), own.fingerprint)
        (unknown,) = found(port, token(), "0" * 64)
    assert (taken.state, unknown.state) == ("ok", "unknown")


@pytest.mark.parametrize(
    ("given", "what", "advice"),
    [
        (token("bgr_" + "o" * 43), "isn't signed with this test server's key", "reflectors key"),
        (token(hours=-1), "has ended", "clocks of both machines"),
        (None, "the collector gave none for it", "reflectors key"),
    ],
    ids=["another key", "ended", "none"],
)
def test_a_token_that_is_refused_or_missing_is_a_trouble_with_what_to_do(
    given: str | None, what: str, advice: str
) -> None:
    with reflector(access_key=KEY) as port:
        (check,) = found(port, given)
    assert (check.name, check.state) == ("test server Core, access", "trouble")
    assert what in check.detail
    assert advice in (check.advice or "")
    assert given is None or given not in repr(check)


def test_nothing_is_said_of_a_test_server_that_asks_for_no_token() -> None:
    with reflector() as port:
        assert found(port, None) == []
        assert [check.state for check in found(port, token())] == ["ok"]


def test_a_test_server_whose_clock_is_off_is_named() -> None:
    for hours, words in ((3, "ahead of"), (-3, "behind")):
        date = datetime.now(UTC) + timedelta(hours=hours)
        with banner_server(saying(date)) as port:
            clock, access = found(port, token())
        assert (clock.name, clock.state) == ("test server Core, clock", "trouble")
        assert words in clock.detail
        assert access.state == "ok"


@pytest.mark.parametrize(
    "banner",
    [b"SSH-2.0-x\r\n", saying(None, "200 OK"), saying(None, "302 Found"), b""],
    ids=["no HTTP", "a page", "a portal", "nothing"],
)
def test_whatever_else_answers_is_not_known_rather_than_well(banner: bytes) -> None:
    with banner_server(banner) as port:
        checks = found(port, token())
    assert [check.state for check in checks] == ["unknown"]


def test_an_end_that_nobody_listens_at_is_not_known() -> None:
    (check,) = found(free_port(), token())
    assert check.state == "unknown"


def test_each_check_is_in_the_guide() -> None:
    for name in ("access", "clock"):
        assert f"`test server NAME, {name}`" in GUIDE
