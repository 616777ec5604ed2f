"""Calendars over the API, and what they do to verdicts."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.api_client import Api
from tests.unit.collector.test_schools_calendar_file import event, file

SCHOOL = {"name": "Lincoln", "timezone": "America/Chicago"}


@pytest.fixture(autouse=True)
def lincoln(api: Api) -> Any:
    return send(api, "POST", "/schools", SCHOOL).json()


def send(api: Api, method: str, path: str, body: Any = None) -> Any:
    return api.http.request(method, "/api/v1" + path, json=body, headers=api.admin)


def test_a_day_is_added_listed_and_removed(api: Api, lincoln: Any) -> None:
    body = {"first": "2026-09-07", "name": "Labor Day", "school": "lincoln"}
    added = send(api, "POST", "/calendar", body)
    assert added.status_code == 201
    assert (added.json()["last"], added.json()["school_id"]) == ("2026-09-07", lincoln["id"])
    assert send(api, "GET", "/calendar?school=Lincoln").json() == [added.json()]
    assert send(api, "GET", "/calendar?first=2026-09-08").json() == []
    assert send(api, "POST", "/calendar", body).status_code == 409
    path = f"/calendar/{added.json()['id']}"
    assert [send(api, "DELETE", path).status_code for _ in range(2)] == [204, 404]


def test_the_same_file_twice_changes_nothing(api: Api) -> None:
    day = (date.today() + timedelta(days=30)).strftime("%Y%m%d")  # noqa: DTZ011
    given = {"file": file(event(f"DTSTART;VALUE=DATE:{day}"))}
    seen = send(api, "POST", "/calendar-imports", given | {"dry_run": True}).json()
    assert [len(seen[key]) for key in ("added", "there")] == [1, 0]
    assert send(api, "GET", "/calendar").json() == []
    first, second = (send(api, "POST", "/calendar-imports", given).json() for _ in range(2))
    assert [len(first["added"]), len(second["added"]), len(second["there"])] == [1, 0, 1]
    assert send(api, "GET", "/calendar").json() == first["added"]


def test_nonsense_is_refused_and_nothing_of_it_kept(api: Api) -> None:
    given = {"file": file(event("DTSTART;VALUE=DATE:20260907"), event(name="What"))}
    refused = send(api, "POST", "/calendar-imports", given)
    assert refused.status_code == 422
    assert "line 9, 'What': it has no DTSTART" in refused.json()["detail"]
    assert send(api, "GET", "/calendar").json() == []


def test_a_school_that_hardly_closes_says_so_and_which_hours_count(api: Api) -> None:
    usual = send(api, "GET", "/schools/Lincoln/hours").json()
    assert (usual["hardly_closed"], usual["note"]) == (False, None)
    always = {"opens": "00:00:00", "closes": "23:59:00", "weekdays": [0, 1, 2, 3, 4, 5, 6]}
    send(api, "PUT", "/schools/Lincoln/hours", always)
    at_night = send(api, "PUT", "/schools/Lincoln/least-used-hours", {}).json()
    assert at_night["least_used_hours"] == [1, 2, 3, 4]
    assert "closed hours hardly exist" in at_night["note"]
    chosen = send(api, "PUT", "/schools/Lincoln/least-used-hours", {"hours": [2, 3]}).json()
    assert "From 02:00 to 04:00" in chosen["note"]


def test_only_what_is_said_of_a_line_is_changed(api: Api, lincoln: Any) -> None:
    new = {"name": "Internet", "segment": "internet", "schools": ["Lincoln"]}
    internet = send(api, "POST", "/links", new).json()
    wan = {"name": "WAN", "segment": "wan", "schools": ["Lincoln"], "upstream": "internet",
           "price_per_month": 450, "contract_ends": "2027-06-30"}  # fmt: skip
    added = send(api, "POST", "/links", wan).json()
    assert added["upstream_id"] == internet["id"]
    changed = send(api, "PATCH", "/links/wan", {"upstream": None}).json()
    assert changed == added | {"upstream_id": None}
    assert send(api, "PATCH", "/links/WAN", {"upstream": "Nothing"}).status_code == 404
    cycle = send(api, "PATCH", "/links/WAN", {"upstream": "WAN"})
    assert (cycle.status_code, "on themselves" in cycle.json()["detail"]) == (422, True)
