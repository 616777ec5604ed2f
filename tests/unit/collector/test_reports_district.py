"""What is known of a district is read once, until somebody changes it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from broadgauge_collector.reports import district as district_report
from broadgauge_collector.reports.district import read_district
from broadgauge_collector.store import ControlStore
from broadgauge_collector.store.tables import agent as agent_table
from broadgauge_collector.store.tables import school as school_table
from tests.reporting import NOW, TestDistrict, district


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def test_an_edit_shows_at_once(town: TestDistrict) -> None:
    town.link(town.school())
    assert [one.name for one in read_district(town.stores).schools.values()] == ["Lincoln"]
    town.school("Grant")
    found = read_district(town.stores)
    assert {one.name for one in found.schools.values()} == {"Lincoln", "Grant"}
    assert found.calendars.keys() == found.schools.keys()


def test_between_edits_agents_alone_are_read_again(town: TestDistrict) -> None:
    agent = town.agent(town.school())
    before = read_district(town.stores)
    heard = NOW + timedelta(hours=1)
    with town.stores.control.begin(changes_access=False) as c:
        c.execute(update(agent_table).values(last_seen_at=heard))
    after = read_district(town.stores)
    assert after.schools is before.schools
    assert [(one.id, one.last_seen_at) for one in after.agents] == [(agent.id, heard)]


@pytest.mark.parametrize(("seconds", "shown"), [(3600.0, "Lincoln"), (0.0, "Lincoln High")])
def test_what_another_collector_edits_shows_soon(
    town: TestDistrict,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    shown: str,
) -> None:
    monkeypatch.setattr(district_report, "KEPT_SECONDS", seconds)
    school = town.school()
    read_district(town.stores)
    other = ControlStore.open(next(tmp_path.rglob("control.sqlite")))
    with other.begin() as c:
        c.execute(update(school_table).values(name="Lincoln High"))
    other.close()
    assert read_district(town.stores).schools[school.id].name == shown
