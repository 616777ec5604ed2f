"""What was erased is in no file: not as bytes, not as a value, and not after an older backup."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from broadgauge_collector.config import ServerConfig
from broadgauge_collector.errors import AgentRefused
from broadgauge_collector.rooms.repository import add_rooms
from broadgauge_collector.rooms.results import browsers_of
from broadgauge_collector.schools import repository
from broadgauge_collector.schools.agent_settings import set_agent_setting
from broadgauge_collector.schools.networks import add_network
from broadgauge_collector.store import tables
from broadgauge_collector.upkeep.erasing import begin_erasure, finish_erasures, who_goes
from broadgauge_collector.upkeep.going import _pointing_at
from broadgauge_collector.upkeep.restoring import restore
from broadgauge_wire import InventoryResult, encode
from tests.api_client import Api, serving
from tests.collecting import batch, latency, throughput
from tests.postgresql import SHARED, PostgresServer
from tests.upkeeping import (
    a_night,
    backed_up,
    decoded_values,
    erased,
    files_with,
    sent,
    set_to,
    traces_of,
)

SCHOOL = "Canary Elementary"
ROOM = "Canary-Aviary-12"
SERIAL = "CANARY-SERIAL-0001"
CANARIES = ("Canary", "canary", "CANARY")


class Planted:
    """A school whose every trace is known, beside one that stays."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.school = api.school(SCHOOL, students=300)
        self.agent, self.headers = api.agent(self.school)
        self.staying, self.staying_headers = api.agent(api.school("Lincoln Elementary"))
        with api.services.stores.control.begin() as c:
            line = repository.add_link(
                c, name="Canary line", segment="wan", school_ids=(self.school.id,)
            )
            repository.add_reflector(
                c, name="Canary closet", host="10.9.8.7", port=8485, segment="wan", link_id=line.id
            )
            add_rooms(c, self.school.id, [ROOM], api.services.now())
            set_agent_setting(
                c, key="probes.latency.enabled", value=False, school_id=self.school.id
            )
        self.ids: list[UUID] = [self.school.id, self.agent.id, browsers_of(self.school.id)]
        with api.services.stores.control.begin() as c:
            copied = tables.agent.c.id == self.staying.id
            c.execute(tables.agent.update().where(copied).values(forked_from=self.agent.id))
        self.stayed = sent(api, self.staying, self.staying_headers)
        self.send(1)
        a_night(api)  # those are in a closed month, these aren't
        self.send(2)

    def send(self, sequence: int) -> None:
        """A batch with a reading, a window, an inventory and two records that are refused."""
        results = (
            throughput(location=ROOM),
            latency(location=ROOM),
            InventoryResult(
                id=throughput().id,
                started_at=throughput().started_at,
                duration_seconds=0.1,
                agent_version="0.1.0",
                serial=SERIAL,
            ),
        )
        self.ids += [result.id for result in results]
        bad = (b'{"kind":"throughput","location":"%s"}' % ROOM.encode(), b'{"serial":"CANARY"}')
        sent_now = batch(self.agent, *results, *bad, sequence=sequence)
        assert self.api.send(sent_now, self.headers).status_code == 200

    def traces(self) -> list[bytes | str]:
        return [*CANARIES, *(trace for id_ in self.ids for trace in traces_of(id_))]


def found_in(folder: Path, planted: Planted) -> list[Any]:
    values = list(decoded_values(folder))
    ids = {str(id_) for id_ in planted.ids}
    decoded = [v for v in values if v in ids or any(c in v for c in CANARIES)]
    return [*files_with(folder, *planted.traces()), *decoded]


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Planted]:
    with serving(tmp_path / "data") as api:
        yield Planted(api)


def test_the_search_finds_what_is_there(planted: Planted) -> None:
    """Else the tests below would prove nothing."""
    data = planted.api.services.config.data

    assert {needle for _, needle in files_with(data, *CANARIES)} >= {"'Canary'", "'CANARY'"}
    values = set(decoded_values(data))
    assert {SERIAL, ROOM, str(planted.agent.id)} <= values


@pytest.mark.parametrize("whom", ["school", "agent"])
def test_what_was_erased_is_in_no_file_of_the_data_directory(
    planted: Planted, tmp_path: Path, whom: str
) -> None:
    api = planted.api
    data = api.services.config.data

    erased(api, **{whom: SCHOOL if whom == "school" else str(planted.agent.id)})

    if whom == "agent":  # the school's own rows stay
        planted.ids = [i for i in planted.ids if i != planted.school.id]
        left = [*traces_of(planted.agent.id), SERIAL]
        assert list(files_with(data, *left)) == []
        assert SERIAL not in set(decoded_values(data))
    else:
        assert found_in(data, planted) == []
    table = api.services.stores.results.select("throughput", limit=10)
    assert table["id"].to_pylist() == [str(planted.stayed)]


def test_an_erased_agent_is_not_let_in_again(planted: Planted) -> None:
    erased(planted.api, school=SCHOOL)

    answer = planted.api.send(batch(planted.agent, throughput(), sequence=9), planted.headers)

    assert answer.status_code == 401


def test_what_others_have_stays(planted: Planted) -> None:
    api = planted.api
    with api.services.stores.control.begin() as c:
        lincoln = repository.find_school(c, "Lincoln Elementary")
        repository.add_link(
            c, name="Shared", segment="internet", school_ids=(lincoln.id, planted.school.id)
        )

    erased(api, school=SCHOOL)

    with api.services.stores.control.connect() as c:
        assert [s.name for s in repository.list_schools(c)] == ["Lincoln Elementary"]
        assert [link.school_ids for link in repository.list_links(c)] == [(lincoln.id,)]
        settings = c.execute(select(tables.agent_setting)).all()
    assert settings == []
    assert sent(api, planted.staying, planted.staying_headers, 2)


def test_a_dry_run_says_what_would_go_and_erases_nothing(planted: Planted) -> None:
    api = planted.api
    with api.services.stores.control.begin() as c:
        add_network(c, subnet="10.20.0.0/16", note=f"Of {SCHOOL}")
    wish = {"school": SCHOOL, "dry_run": True}

    plan = api.http.post("/api/v1/erasures", json=wish, headers=api.admin).json()

    assert plan["run"] is None
    assert plan["agents"] == [planted.agent.name]
    assert (plan["links"], plan["reflectors"], plan["rooms"]) == (
        ["Canary line"],
        ["Canary closet"],
        1,
    )
    assert plan["still_named"] == ["the note of the subnet 10.20.0.0/16"]
    assert sent(api, planted.agent, planted.headers, 5)


def test_an_older_backup_does_not_bring_it_back(planted: Planted, tmp_path: Path) -> None:
    backup = backed_up(planted.api, to=str(tmp_path / "backup"))
    plan = erased(planted.api, school=SCHOOL)

    restored = restore(backup, ServerConfig(data=tmp_path / "second"), force=False, erasures=None)

    assert plan["backups"] == [str(backup)]
    assert restored.erased_again == 1
    assert found_in(tmp_path / "second", planted) == []
    with serving(tmp_path / "second") as second:
        table = second.services.stores.results.select("throughput", limit=10)
        assert table["id"].to_pylist() == [str(planted.stayed)]


def test_a_copy_of_a_backup_from_before_goes_by_the_list_that_is_given(
    planted: Planted, tmp_path: Path
) -> None:
    backup = backed_up(planted.api, to=str(tmp_path / "backup"))
    shutil.copytree(backup, tmp_path / "copy")
    erased(planted.api, school=SCHOOL)
    listed = planted.api.services.config.data / "erasures.json"

    config = ServerConfig(data=tmp_path / "second")
    restored = restore(tmp_path / "copy", config, force=False, erasures=listed)

    assert restored.erased_again == 1
    assert found_in(tmp_path / "second", planted) == []


def test_an_older_backup_loses_what_postgresql_knows_to_have_been_erased(
    tmp_path: Path, postgresql: PostgresServer
) -> None:
    postgresql.emptied()
    url = postgresql.url(SHARED)
    with serving(tmp_path / "data", control_url=url) as api:
        planted = Planted(api)
        backup = backed_up(api, to=str(tmp_path / "backup"))
        erased(api, school=SCHOOL)

    config = ServerConfig(data=tmp_path / "second", control_url=url)
    restored = restore(backup, config, force=False, erasures=None)

    assert restored.erased_again == 1
    assert found_in(tmp_path / "second", planted) == []
    with serving(tmp_path / "second", control_url=url) as second:
        table = second.services.stores.results.select("throughput", limit=10)
        assert table["id"].to_pylist() == [str(planted.stayed)]


def test_backups_that_have_it_are_deleted_in_time_and_a_newer_one_is_made_before(
    planted: Planted, tmp_path: Path
) -> None:
    api = planted.api
    old = backed_up(api, to=str(tmp_path / "old"))
    set_to(api, "backup.after_erasure_days", 1)
    erased(api, school=SCHOOL)
    a_night(api)
    assert old.exists()

    with api.services.stores.control.begin() as c:
        earlier = api.services.now() - timedelta(days=2)
        c.execute(tables.erasure.update().values(asked_at=earlier))
        c.execute(tables.backup.update().values(made_at=earlier - timedelta(days=1)))
    run = a_night(api)

    assert run["state"] == "done"
    assert not old.exists()
    (backup,) = api.http.get("/api/v1/backups", headers=api.admin).json()
    assert found_in(Path(backup["directory"]), planted) == []


def test_an_erasure_that_was_killed_goes_on_at_the_next_start(
    planted: Planted, tmp_path: Path
) -> None:
    services = planted.api.services
    with services.stores.control.begin() as c:
        begin_erasure(c, who_goes(c, school=SCHOOL, agent=None), services.now())
    services.close()

    with serving(tmp_path / "data") as again:
        again.app.state.upkeep._resume()
        assert found_in(tmp_path / "data", planted) == []


def test_what_waits_to_be_stored_while_it_is_erased_is_erased_too(planted: Planted) -> None:
    api = planted.api
    services = api.services
    with services.stores.control.begin() as c:
        begin_erasure(c, who_goes(c, school=SCHOOL, agent=None), services.now())

    async def late() -> None:
        """Its key was checked a moment before."""
        body = encode(batch(planted.agent, throughput(location=ROOM), sequence=7))
        under_way = services.ingest.submit(planted.agent, body, None, services.now())
        await under_way
        await services.ingest.refuse((planted.agent.id, planted.school.id))
        with pytest.raises(AgentRefused):
            await services.ingest.submit(planted.agent, body, None, services.now())

    api.http.portal.call(late)  # type: ignore[union-attr]
    finish_erasures(services.stores, services.config, services.now())

    assert found_in(services.config.data, planted) == []


def test_every_table_that_points_at_a_school_or_an_agent_is_emptied_with_it() -> None:
    """A table added later is found by its foreign key, and loses its rows, but for its copies."""
    assert {f"{c.table.name}.{c.name}" for c in _pointing_at(tables.school)} >= {
        "people.school_id",
        "link_school.school_id",
        "room.school_id",
        "agent.school_id",
        "join_token.school_id",
        "agent_setting.school_id",
    }


def test_an_erasure_names_nobody(planted: Planted) -> None:
    erased(planted.api, school=SCHOOL)

    storage = planted.api.http.get("/api/v1/storage", headers=planted.api.admin).text

    assert SCHOOL not in storage
    assert str(planted.school.id) not in storage
    assert '"kind":"school"' in storage


@pytest.mark.parametrize("wish", [{}, {"school": "a", "agent": "b"}])
def test_what_is_to_be_erased_is_named_once(api: Api, wish: dict[str, str]) -> None:
    assert api.http.post("/api/v1/erasures", json=wish, headers=api.admin).status_code == 422


def test_several_agents_of_one_name_are_told_apart_by_id(api: Api) -> None:
    school = api.school()
    for _ in range(2):
        api.agent(school)
    with api.services.stores.control.begin() as c:
        c.execute(tables.agent.update().values(name="Library desk"))

    answer = api.http.post("/api/v1/erasures", json={"agent": "Library desk"}, headers=api.admin)

    assert answer.status_code == 409
