"""Settings that agents get: checked, set for every school or for one, and taken back."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from broadgauge_collector.errors import Invalid
from broadgauge_collector.schools.agent_settings import (
    configuration_for,
    list_agent_settings,
    set_agent_setting,
)
from broadgauge_collector.schools.model import AgentSetting, School
from broadgauge_collector.schools.repository import add_school, settings_for
from broadgauge_collector.store import tables
from broadgauge_wire import new_id
from broadgauge_wire.settings import PROBE_SETTINGS

HOURS = "probes.throughput.hours"
INTERVAL = "probes.latency.interval_seconds"
ENABLED = "probes.throughput.enabled"


@pytest.fixture
def lincoln(c: Connection) -> School:
    return add_school(c, name="Lincoln", timezone="America/Chicago")


def found(c: Connection, key: str) -> AgentSetting:
    return next(setting for setting in list_agent_settings(c) if setting.key == key)


def test_every_setting_is_listed_with_its_default_before_any_is_set(c: Connection) -> None:
    listed = list_agent_settings(c)
    assert [setting.key for setting in listed] == list(PROBE_SETTINGS)
    assert all(setting.value is None and setting.meaning for setting in listed)
    assert found(c, INTERVAL).default == 300.0
    assert found(c, INTERVAL).unit == "s"


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        (INTERVAL, 600, 600.0),
        (INTERVAL, "600", 600.0),
        (ENABLED, False, False),
        (ENABLED, "false", False),
        (HOURS, "16:30-06:00", "16:30-06:00"),
        (HOURS, " any\n", "any"),
    ],
)
def test_a_value_is_kept_in_the_settings_own_type(
    c: Connection, lincoln: School, key: str, given: Any, kept: object
) -> None:
    said = set_agent_setting(c, key=key, value=given)
    assert said == found(c, key)
    assert said.value == kept
    assert type(said.value) is type(kept)
    assert configuration_for(c, lincoln.id) == {key: kept}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("probes.throughput.hour", "any", "Did you mean probes.throughput.hours"),
        ("interval_seconds", 60, "Did you mean probes"),
        ("location", "Room 12", "no setting 'location'"),
        (INTERVAL, 0.5, "a number from 1 to 604800"),
        (INTERVAL, "nan", "a number from 1 to 604800"),
        (INTERVAL, "soon", "a number from 1 to 604800"),
        (INTERVAL, True, "a number from 1 to 604800"),
        (ENABLED, 1, "true or false"),
        (ENABLED, "yes", "true or false"),
        (HOURS, "5pm", "such as 16:30-06:00"),
        (HOURS, 3, "such as 16:30-06:00"),
    ],
)
def test_what_an_agent_would_leave_out_is_not_set(
    c: Connection, lincoln: School, key: str, value: Any, words: str
) -> None:
    set_agent_setting(c, key=HOURS, value="any")
    with pytest.raises(Invalid, match=words):
        set_agent_setting(c, key=key, value=value)
    assert configuration_for(c, lincoln.id) == {HOURS: "any"}


def test_a_schools_own_value_wins_there_and_nowhere_else(c: Connection, lincoln: School) -> None:
    grant = add_school(c, name="Grant", timezone="America/Chicago")
    set_agent_setting(c, key=INTERVAL, value=900, school_id=lincoln.id)
    set_agent_setting(c, key=INTERVAL, value=600)
    set_agent_setting(c, key=HOURS, value="any")
    assert configuration_for(c, lincoln.id) == {INTERVAL: 900.0, HOURS: "any"}
    assert configuration_for(c, grant.id) == {INTERVAL: 600.0, HOURS: "any"}
    assert settings_for(c, lincoln.id).configuration == {INTERVAL: 900.0, HOURS: "any"}
    (own,) = found(c, INTERVAL).schools
    assert (own.school_id, own.school, own.value) == (lincoln.id, "Lincoln", 900.0)


def test_a_value_set_again_replaces_the_one_before(c: Connection, lincoln: School) -> None:
    for value in (600, 700):
        set_agent_setting(c, key=INTERVAL, value=value)
        set_agent_setting(c, key=INTERVAL, value=value + 1, school_id=lincoln.id)
    assert found(c, INTERVAL).value == 700.0
    assert [own.value for own in found(c, INTERVAL).schools] == [701.0]


def test_taking_back_one_leaves_the_other(c: Connection, lincoln: School) -> None:
    set_agent_setting(c, key=INTERVAL, value=600)
    set_agent_setting(c, key=INTERVAL, value=900, school_id=lincoln.id)
    set_agent_setting(c, key=INTERVAL, value=None, school_id=lincoln.id)
    assert configuration_for(c, lincoln.id) == {INTERVAL: 600.0}
    for _ in range(2):
        set_agent_setting(c, key=INTERVAL, value=None)
    assert configuration_for(c, lincoln.id) == {}


@pytest.mark.parametrize("for_one_school", [True, False])
def test_the_database_keeps_one_value_a_key_and_school(
    c: Connection, lincoln: School, for_one_school: bool
) -> None:
    row = {"school_id": lincoln.id if for_one_school else None, "key": INTERVAL, "value": "600"}
    c.execute(sa.insert(tables.agent_setting).values(row | {"id": new_id()}))
    with pytest.raises(IntegrityError):
        c.execute(sa.insert(tables.agent_setting).values(row | {"id": new_id()}))
