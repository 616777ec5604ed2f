"""What `broadgauge doctor` says of control data in PostgreSQL."""

from pathlib import Path
from urllib.parse import quote

import pytest

from broadgauge_collector.app import open_services
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.data_directory import admin_token, note_address
from broadgauge_collector.doctor import Plan, examine
from broadgauge_collector.doctor.shared_control import check_shared_control
from broadgauge_collector.schools.repository import add_school
from broadgauge_collector.store import ControlStore
from broadgauge_host.diagnosis import Check
from broadgauge_wire import new_id
from tests.postgresql import PASSWORD, PostgresServer
from tests.running import eventually


@pytest.fixture
def url(postgresql: PostgresServer) -> str:
    return postgresql.database(str(new_id()))


def says_no_secret(check: Check) -> bool:
    said = f"{check.detail} {check.advice}"
    return PASSWORD not in said and quote(PASSWORD, safe="") not in said


def test_a_new_server_lacks_only_schools_and_agents(tmp_path: Path, url: str) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    services = open_services(ServerConfig(data=data, control_url=url))
    admin_token(services)
    note_address(services.config)
    services.close()

    found = list(examine(Plan(data=data, control_url=url)))

    troubles = {check.name for check in found if check.state == "trouble"}
    assert troubles == {"server", "schools", "agents"}
    (control,) = (check for check in found if check.name == "control database")
    assert "answers, and of this version" in control.detail
    assert all(says_no_secret(check) for check in found)


def test_what_is_in_it_is_looked_at(url: str) -> None:
    store = ControlStore.connect_to(url)
    with store.begin() as c:
        add_school(c, name="Lincoln", timezone="America/Chicago")
    store.close()
    check, facts = check_shared_control(url)
    assert check.state == "ok"
    assert facts is not None
    assert [school.name for school in facts.schools] == ["Lincoln"]


def test_a_database_that_no_server_ever_used_is_left_as_it_is(url: str) -> None:
    for _ in range(2):
        check, facts = check_shared_control(url)
        assert (check.state, facts) == ("unknown", None)


def test_a_server_that_is_away_is_told_without_the_password() -> None:
    secret = quote(PASSWORD, safe="")
    check, facts = check_shared_control(f"postgresql://u:{secret}@/broadgauge?host=/nowhere")
    assert (check.state, facts) == ("trouble", None)
    assert "'broadgauge' at /nowhere" in check.detail
    assert "the server runs" in (check.advice or "")
    assert says_no_secret(check)


def test_a_newer_version_is_told(postgresql: PostgresServer) -> None:
    name = str(new_id())
    url = postgresql.database(name)
    ControlStore.connect_to(url).close()
    postgresql.execute("UPDATE alembic_version SET version_num = '9999'", name)
    check, facts = check_shared_control(url)
    assert (check.state, facts) == ("trouble", None)
    assert "newer broadgauge (9999)" in check.detail


def test_a_server_that_does_not_wait_for_its_disk_is_told(
    postgresql: PostgresServer, url: str
) -> None:
    ControlStore.connect_to(url).close()
    set_fsync(postgresql, "off")
    try:
        check = eventually(lambda: in_trouble(url), "PostgreSQL to read its settings again")
    finally:
        set_fsync(postgresql, "on")
    assert "may lose in a power cut what it said is kept: fsync is off" in check.detail
    assert "fsync = on" in (check.advice or "")


def set_fsync(server: PostgresServer, value: str) -> None:
    server.execute(f"ALTER SYSTEM SET fsync = {value}")
    server.execute("SELECT pg_reload_conf()")


def in_trouble(url: str) -> Check | None:
    check, facts = check_shared_control(url)
    assert facts is not None
    return check if check.state == "trouble" else None
