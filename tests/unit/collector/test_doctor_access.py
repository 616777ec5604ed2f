"""Whether a test server was started with its access key, as the collector's doctor sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadgauge_collector.access.access_keys import make_access_key
from broadgauge_collector.doctor.access import check_access
from broadgauge_collector.doctor.stores import check_control
from broadgauge_collector.schools.model import Reflector
from broadgauge_collector.schools.repository import add_reflector
from broadgauge_collector.seed import THIS_COMPUTER
from broadgauge_collector.store import ControlStore
from broadgauge_host.addresses import look_up
from broadgauge_host.diagnosis import Check
from lab.hosts import hosts
from tests.ndt7_servers import free_port, reflector

OTHER_KEY = "bgr_" + "o" * 43
IN_THE_SCHOOL = "10.20.0.6"


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlStore]:
    store = ControlStore.open(tmp_path / "control.sqlite")
    yield store
    store.close()


def known(
    control: ControlStore, port: int, name: str = "Core", host: str = "127.0.0.1"
) -> Reflector:
    with control.begin() as c:
        return add_reflector(c, name=name, host=host, port=port, segment="wan")


def made_key(control: ControlStore, core: Reflector) -> str:
    with control.begin() as c:
        return make_access_key(c, core.id, datetime.now(UTC))


def looked(data: Path, core: Reflector) -> list[Check]:
    """As `doctor` does it: with a token from the database it reads."""
    _, facts = check_control(data)
    assert facts
    tokens = {access.reflector_id: access.token for access in facts.access_tokens}
    (address,) = look_up(core.host, core.port).addresses
    name = f"test server {core.name}"
    return list(check_access(name, core, tokens.get(core.id), address))


def test_a_test_server_with_its_key_is_well(control: ControlStore, tmp_path: Path) -> None:
    core = known(control, free_port())
    with reflector(port=core.port, access_key=made_key(control, core)):
        (check,) = looked(tmp_path, core)
    assert (check.name, check.state) == ("test server Core, access", "ok")


def test_a_test_server_with_another_key_is_named(control: ControlStore, tmp_path: Path) -> None:
    core = known(control, free_port())
    made_key(control, core)
    with reflector(port=core.port, access_key=OTHER_KEY):
        (check,) = looked(tmp_path, core)
    assert check.state == "trouble"
    assert 'broadgauge reflectors key "Core"' in (check.advice or "")


def test_a_test_server_that_was_started_without_its_key_is_named(
    control: ControlStore, tmp_path: Path
) -> None:
    core = known(control, free_port())
    made_key(control, core)
    with reflector(port=core.port):
        (check,) = looked(tmp_path, core)
    assert check.state == "trouble"
    assert "without its access key" in check.detail


def test_a_test_server_with_a_key_that_is_not_known_here_is_named(
    control: ControlStore, tmp_path: Path
) -> None:
    core = known(control, free_port())
    with reflector(port=core.port, access_key=OTHER_KEY):
        (check,) = looked(tmp_path, core)
    assert check.state == "trouble"
    assert "has no access key here" in check.detail


@pytest.mark.parametrize(
    ("name", "start"),
    [("Core", "start it with --access-key-file FILE"), (THIS_COMPUTER, "`broadgauge up` again")],
)
def test_an_open_test_server_that_others_reach_comes_with_advice(
    name: str, start: str, control: ControlStore, tmp_path: Path
) -> None:
    with hosts("server") as (server,), server.inside():
        server.add_address(f"{IN_THE_SCHOOL}/32")
        with reflector(host=IN_THE_SCHOOL) as port:
            (check,) = looked(tmp_path, known(control, port, name, IN_THE_SCHOOL))
    assert (check.name, check.state) == (f"test server {name}, access", "ok")
    assert "anybody who reaches it" in check.detail
    assert f'broadgauge reflectors key "{name}"' in (check.advice or "")
    assert start in (check.advice or "")


def test_an_open_test_server_of_this_machine_alone_is_nothing_to_speak_of(
    control: ControlStore, tmp_path: Path
) -> None:
    core = known(control, free_port())
    with reflector(port=core.port):
        assert looked(tmp_path, core) == []
    (away,) = looked(tmp_path, core)
    assert away.state == "unknown"
