"""What lines carry and need over the API, and how assumptions are edited and refused."""

import csv
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from broadgauge_collector import recent
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.capacity.models import ASSUMPTIONS
from broadgauge_collector.errors import Invalid
from broadgauge_collector.schools.assumptions import (
    assumed_by_school,
    list_assumptions,
    set_assumption,
)
from broadgauge_collector.schools.repository import add_school
from broadgauge_collector.store import tables
from broadgauge_wire import new_id
from tests.api_client import Api
from tests.collecting import batch, throughput

PATH = "/api/v1/demand/assumptions"


def _put(api: Api, **wish: Any) -> Any:
    return api.http.put(PATH, json=wish, headers=api.admin)


def _get(api: Api, path: str, **asked: Any) -> Any:
    return api.http.get(f"/api/v1{path}", params=asked, headers=api.user(Permission.READ))


def _one(found: Any, key: str) -> Any:
    return next(e for e in found["assumptions"] if e["assumption"]["key"] == key)


def measured(api: Api) -> None:
    """A school of 420 on a line that carried 500 Mbps on twelve nights."""
    school = api.school(students=420)
    line = {"name": "Internet", "segment": "internet", "schools": [school.name]}
    assert api.http.post("/api/v1/links", json=line, headers=api.admin).status_code == 201
    agent, headers = api.agent(school)
    midnight = api.services.now().replace(hour=9, minute=0)
    tests = [
        throughput(
            started_at=midnight - timedelta(days=day),
            segment="internet",
            line_bits_per_second=500e6,
            throughput_bits_per_second=480e6,
        )
        for day in range(1, 13)
    ]
    assert api.send(batch(agent, *tests), headers).status_code == 200


def test_an_assumption_holds_for_the_district_and_a_schools_own_wins(c: Connection) -> None:
    lincoln = add_school(c, name="Lincoln", timezone="America/Chicago")
    set_assumption(c, key="own_devices", value=0.5, low=0.3, high=0.8)
    set_assumption(c, key="own_devices", value="0.9", school_id=lincoln.id)
    set_assumption(c, key="staff_at_once", value="90%")
    set_assumption(c, key="model", value="lab_rotation")
    set_assumption(c, key="model", value="a_la_carte", school_id=lincoln.id)

    common, own = assumed_by_school(c)
    one, there = common.assumed["own_devices"], own[lincoln.id].assumed["own_devices"]

    assert (one.value, one.low, one.high) == (0.5, 0.3, 0.8)
    assert one.source == "set by the district"
    assert common.assumed["staff_at_once"].value == 0.9
    assert (there.value, there.low, there.high) == (0.9, 0.9, 0.9)
    assert (common.model, own[lincoln.id].model) == ("lab_rotation", "a_la_carte")
    assert own[lincoln.id].assumed["rate.web"] == ASSUMPTIONS["rate.web"]


def test_what_is_taken_back_is_the_default_again(c: Connection) -> None:
    set_assumption(c, key="own_devices", value=0.5)
    set_assumption(c, key="model", value="lab_rotation")
    set_assumption(c, key="own_devices", value=None)
    found = set_assumption(c, key="model", value=None)

    assert found.model is None
    assert all(each.assumption == each.default and not each.edited for each in found.assumptions)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"key": "own_device", "value": 1}, "Did you mean own_devices?"),
        ({"key": "students_at_once", "value": 1.5}, "from 0 to 1"),
        ({"key": "students_at_once", "value": "most"}, "give a number"),
        ({"key": "students_at_once", "value": "nan"}, "from 0 to 1"),
        ({"key": "students_at_once", "value": 0.5, "low": 0.6}, "isn't between its low"),
        ({"key": "students_at_once", "value": 0.5, "high": 7}, "from 0 to 1"),
        ({"key": "rate.video", "value": "50%"}, "without %"),
        ({"key": "rate.video", "value": 0}, "from 0.001 to 1000"),
        ({"key": "seat.web.rtt", "value": "50%"}, "is in ms"),
        ({"key": "seat.web.loss", "value": 2}, "from 0 to 1"),
        ({"key": "seat.web.rate", "value": 5, "high": 9}, "neither low nor high"),
        ({"key": "model", "value": "flipped"}, "Choose one of: station_rotation"),
        ({"key": "model", "value": 3}, "Choose one of"),
        ({"key": "model", "value": "a_la_carte", "low": 1}, "neither low nor high"),
    ],
)
def test_what_can_t_be_is_refused_with_what_can(
    c: Connection, wish: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        set_assumption(c, **wish)
    assert not any(each.edited for each in list_assumptions(c).assumptions)


def test_a_mix_of_nothing_is_refused(c: Connection) -> None:
    activities = [key for key in ASSUMPTIONS if key.startswith("mix.lab_rotation.")]
    used = [key for key in activities if ASSUMPTIONS[key].value]
    for key in used[1:]:
        set_assumption(c, key=key, value=0)
    with pytest.raises(Invalid, match="Nothing would be done in lab rotation"):
        set_assumption(c, key=used[0], value=0)


def test_the_database_holds_one_value_for_the_district(c: Connection) -> None:
    row = {"school_id": None, "key": "own_devices", "value": "[1,1,1]"}
    c.execute(sa.insert(tables.demand_assumption).values(id=new_id(), **row))
    with pytest.raises(IntegrityError):
        c.execute(sa.insert(tables.demand_assumption).values(id=new_id(), **row))


def test_assumptions_are_edited_over_the_api(api: Api) -> None:
    api.school("Grant High")
    everywhere = _put(api, key="rate.video", value=6, low=4, high=8).json()
    there = _put(api, key="rate.video", value=8, school="grant high").json()
    back = _put(api, key="rate.video", value=None, school="grant high").json()

    assert _one(everywhere, "rate.video")["assumption"]["value"] == 6
    assert _one(everywhere, "rate.video")["default"]["source"].startswith("FCC")
    assert [own["school"] for own in _one(there, "rate.video")["schools"]] == ["Grant High"]
    assert _one(back, "rate.video")["schools"] == []


def test_refusals_over_the_api_say_what_to_write(api: Api) -> None:
    refused = _put(api, key="students_at_once", value=2)
    nobody = _put(api, key="students_at_once", value=0.5, school="Nowhere")

    assert refused.status_code == 422
    assert "from 0 to 1" in refused.json()["detail"]
    assert nobody.status_code == 404
    assert _put(api, key="model", value="a_la_carte", extra=1).status_code == 422


def test_who_may_only_read_may_not_edit(api: Api) -> None:
    wish = {"key": "own_devices", "value": 1}
    refused = api.http.put(PATH, json=wish, headers=api.user(Permission.READ))
    assert refused.status_code == 403
    assert _get(api, "/demand/assumptions").status_code == 200


def test_carrying_comes_as_json_and_as_csv(api: Api) -> None:
    measured(api)
    _put(api, key="model", value="station_rotation")

    (school,) = _get(api, "/carry", school="lincoln elementary").json()["schools"]
    rows = list(csv.DictReader(_get(api, "/carry", format="csv").text.splitlines()))

    wanted = next(model for model in school["models"] if model["wanted"])
    assert wanted["carries"]["fits"] == "yes"
    assert wanted["carries"]["students_low"] <= wanted["carries"]["students_at_once"]
    assert len(rows) == 5
    assert rows[0]["school"] == "Lincoln Elementary"
    assert int(rows[0]["students_at_once"]) == wanted["carries"]["students_at_once"]
    assert _get(api, "/carry", school="Nowhere").status_code == 404


def test_needs_come_as_json_and_as_csv(api: Api) -> None:
    measured(api)
    unknown = _get(api, "/demand/needs").json()["lines"][0]
    _put(api, key="model", value="station_rotation")
    (line,) = _get(api, "/demand/needs").json()["lines"]
    (row,) = csv.DictReader(_get(api, "/demand/needs", format="csv").text.splitlines())

    assert unknown["unknown"] == "No model is chosen yet."
    assert line["years"][0]["bits_per_second"] == float(row["need_in_0_years_bits_per_second"])
    assert line["years"][0]["interval"]["low"] < line["years"][0]["bits_per_second"]
    assert row["link"] == "Internet"
    assert row["models"] == "Station rotation"


def test_targets_are_asked_of_a_school_or_of_a_line(api: Api) -> None:
    measured(api)
    of_school = _get(api, "/demand/targets", school="Lincoln Elementary").json()
    of_line = _get(api, "/demand/targets", line="internet").json()

    assert of_school["held"] == of_line["held"]
    assert {held["level"] for held in of_line["held"]} == {"district", "school"}
    assert _get(api, "/demand/targets").status_code == 422
    assert _get(api, "/demand/targets", line="x", school="y").status_code == 422
    assert _get(api, "/demand/targets", line="x").status_code == 404


def test_the_checklist_and_the_models_are_listed(api: Api) -> None:
    measured(api)
    found = _get(api, "/demand/checklist").json()

    assert [step["number"] for step in found["steps"]] == [1, 2, 3, 4, 5]
    assert found["steps"][4]["state"] == "not_started"
    assert len(_get(api, "/demand/models").json()) == 5


def test_an_edit_shows_at_once_where_answers_are_kept_for_a_while(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a large district every answer is costly, and a recent one is given out."""
    monkeypatch.setattr(recent, "COSTLY_SECONDS", 0.0)
    measured(api)

    def need() -> Any:
        (line,) = _get(api, "/demand/needs").json()["lines"]
        return line["years"] and line["years"][0]["bits_per_second"]

    def step() -> Any:
        return _get(api, "/demand/checklist").json()["steps"][2]["state"]

    assert (need(), step()) == ([], "not_started")
    _put(api, key="model", value="station_rotation")
    before = need()
    assert step() == "done"
    _put(api, key="rate.web", value=2)
    assert need() > before > 0
