"""Coverage, goals and plans over the API, and who may ask for them."""

from typing import Any

from broadgauge_collector.access.permissions import Permission
from broadgauge_wire import Plan, decode
from tests.api_client import Api
from tests.collecting import batch, throughput

GOAL = "/api/v1/coverage/goal"


def line(api: Api, *schools: str) -> Any:
    wish = {"name": "Internet", "segment": "internet", "schools": list(schools)}
    made = api.http.post("/api/v1/links", json=wish, headers=api.admin)
    assert made.status_code == 201
    return made.json()


def get(api: Api, path: str, **asked: Any) -> Any:
    return api.http.get(f"/api/v1{path}", params=asked, headers=api.user(Permission.READ))


def test_an_agent_gets_its_plan_and_nobody_else_does(api: Api) -> None:
    school = api.school(students=400)
    line(api, school.name)
    _, headers = api.agent(school)
    answer = api.http.get("/api/v1/plan", headers=headers)
    assert answer.status_code == 200
    plan = decode(answer.content, Plan)
    assert plan.made_at <= plan.spans[0].begins < plan.spans[-1].ends == plan.valid_until
    assert api.http.get("/api/v1/plan", headers=api.admin).status_code == 403
    assert api.http.get("/api/v1/plan").status_code == 401


def test_coverage_says_what_each_line_lacks_and_one_line_where_it_was_tested(api: Api) -> None:
    school = api.school(students=400)
    line(api, school.name)
    agent, headers = api.agent(school)
    test = throughput(
        started_at=api.services.now(),
        segment="internet",
        line_bits_per_second=5e8,
        throughput_bits_per_second=4.8e8,
    )
    assert api.send(batch(agent, test), headers).status_code == 200
    (found,) = get(api, "/coverage").json()["lines"]
    assert (found["complete"], found["counting_tests"]) == (False, 1)
    assert {one["part"] for one in found["missing"]} >= {"closed_days", "school_days"}
    grid = get(api, "/coverage/lines/internet", days=14).json()
    assert [cell["counting"] for cell in grid["cells"]] == [1]
    assert len(grid["calendar"]) == 14
    assert get(api, "/coverage/lines/internet", location="Moon").status_code == 404
    assert get(api, "/coverage/lines/elsewhere").status_code == 404
    assert get(api, "/coverage", target="nonsense").status_code == 404


def test_parts_of_a_goal_are_set_and_taken_back_and_what_cannot_be_is_refused(api: Api) -> None:
    line(api, api.school().name)
    said = api.http.put(GOAL, json={"closed_tests": 12}, headers=api.admin).json()
    assert (said["goal"]["closed_tests"], said["goal"]["closed_days"]) == (12, 8)
    own = api.http.put(GOAL, json={"line": "internet", "school_days": 4}, headers=api.admin).json()
    assert (own["lines"][0]["link"], own["lines"][0]["goal"]["school_days"]) == ("Internet", 4)
    refused = api.http.put(GOAL, json={"hour_bands": 12}, headers=api.admin)
    assert refused.status_code == 422
    assert "hour_bands asks for 12" in refused.json()["detail"]
    back = api.http.put(GOAL, json={"take_back": True}, headers=api.admin).json()
    assert back["goal"] == back["default"]
    assert get(api, "/coverage/goal").json() == back
    unknown = {"closed_tests": 1, "line": "elsewhere"}
    assert api.http.put(GOAL, json=unknown, headers=api.admin).status_code == 404
    reader = api.user(Permission.READ)
    assert api.http.put(GOAL, json={"closed_tests": 1}, headers=reader).status_code == 403
