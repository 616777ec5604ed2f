"""Changes over the API."""

from typing import Any

from tests.api_client import Api

SCHOOL = {"name": "Lincoln", "timezone": "America/Chicago"}
LINE = {"name": "Internet", "segment": "internet", "schools": ["Lincoln"]}
NEW = {"day": "2026-03-03", "kind": "new_line", "text": "Fiber", "line": "internet"}


def send(api: Api, method: str, path: str, body: Any = None) -> Any:
    return api.http.request(method, "/api/v1" + path, json=body, headers=api.admin)


def test_a_change_is_marked_listed_compared_and_removed(api: Api) -> None:
    lincoln = send(api, "POST", "/schools", SCHOOL).json()
    line = send(api, "POST", "/links", LINE).json()
    added = send(api, "POST", "/changes", NEW)
    assert added.status_code == 201
    assert (added.json()["place"], added.json()["link_id"]) == ("Internet", line["id"])
    assert send(api, "POST", "/changes", NEW).status_code == 409
    both = NEW | {"school": "Lincoln"}
    assert send(api, "POST", "/changes", both).status_code == 422
    wifi = {"day": "2026-03-04", "kind": "new_wifi", "school": "lincoln"}
    assert send(api, "POST", "/changes", wifi).json()["text"] == "New Wi-Fi"
    listed = send(api, "GET", "/changes?school=Lincoln").json()
    assert [(c["day"], c["school_id"]) for c in listed] == [
        ("2026-03-03", None), ("2026-03-04", lincoln["id"]),
    ]  # fmt: skip
    path = f"/changes/{added.json()['id']}"
    effect = send(api, "GET", f"{path}/effect?days=14&direction=upload").json()
    assert [d["daypart"] for d in effect["lines"][0]["differences"]] == ["closed", "school"]
    assert effect["lines"][0]["differences"][0]["before"]["first"] == "2026-02-17"
    assert [send(api, "DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert send(api, "GET", f"{path}/effect").status_code == 404
