"""Schools, lines and test servers over the API."""

from typing import Any

from tests.api_client import Api

LINCOLN = {
    "name": "Lincoln Elementary",
    "timezone": "America/Chicago",
    "students": 420,
    "staff": 35,
}


def _post(api: Api, path: str, body: dict[str, Any]) -> Any:
    return api.http.post("/api/v1" + path, json=body, headers=api.admin)


def _get(api: Api, path: str) -> Any:
    return api.http.get("/api/v1" + path, headers=api.admin).json()


def test_a_school_is_added_and_listed(api: Api) -> None:
    answer = _post(api, "/schools", LINCOLN)

    assert answer.status_code == 201
    assert _get(api, "/schools") == [answer.json()]
    assert _get(api, "/schools/lincoln elementary") == answer.json()


def test_people_said_with_the_school_count_for_every_result(api: Api) -> None:
    (people,) = _post(api, "/schools", LINCOLN).json()["people"]

    assert people == {"since": "2020-01-01", "students": 420, "staff": 35, "concurrent_users": None}


def test_later_counts_leave_earlier_ones(api: Api) -> None:
    _post(api, "/schools", LINCOLN)

    body = {"students": 431, "since": "2026-08-20"}
    answer = _post(api, "/schools/Lincoln Elementary/people", body)

    assert answer.status_code == 200
    assert [p["students"] for p in answer.json()["people"]] == [420, 431]


def test_hours_are_set(api: Api) -> None:
    _post(api, "/schools", LINCOLN)
    hours = {"opens": "07:45:00", "closes": "15:30:00", "weekdays": [0, 1, 2, 3]}

    answer = api.http.put("/api/v1/schools/Lincoln Elementary/hours", json=hours, headers=api.admin)

    assert answer.status_code == 200
    assert _get(api, "/schools/Lincoln Elementary")["hours"] == hours | {"by_weekday": []}


def test_hours_that_end_before_they_begin_are_refused(api: Api) -> None:
    _post(api, "/schools", LINCOLN)
    hours = {"opens": "15:00:00", "closes": "07:00:00"}

    answer = api.http.put("/api/v1/schools/Lincoln Elementary/hours", json=hours, headers=api.admin)

    assert answer.status_code == 422


def test_the_same_name_twice_is_409(api: Api) -> None:
    _post(api, "/schools", LINCOLN)

    assert _post(api, "/schools", LINCOLN).status_code == 409


def test_an_unknown_school_is_404_and_names_the_nearest(api: Api) -> None:
    _post(api, "/schools", LINCOLN)

    answer = api.http.get("/api/v1/schools/Lincon Elementary", headers=api.admin)

    assert answer.status_code == 404
    assert "Lincoln Elementary" in answer.json()["detail"]


def test_a_line_knows_the_schools_behind_it_by_name_or_id(api: Api) -> None:
    lincoln = _post(api, "/schools", LINCOLN).json()
    grant = _post(api, "/schools", {**LINCOLN, "name": "Grant High"}).json()
    new = {"name": "Core", "segment": "internet", "schools": ["Grant High", lincoln["id"]]}

    answer = _post(api, "/links", {**new, "contracted_bits_per_second": 1e9})

    assert answer.status_code == 201
    assert set(answer.json()["school_ids"]) == {lincoln["id"], grant["id"]}
    assert _get(api, "/links") == [answer.json()]


def test_a_line_without_a_school_is_refused(api: Api) -> None:
    answer = _post(api, "/links", {"name": "Core", "segment": "wan", "schools": []})

    assert answer.status_code == 422
    assert "$.schools" in answer.json()["detail"]


def _core(api: Api, **more: Any) -> Any:
    new = {"name": "Core", "host": "10.0.0.5", "port": 8485, "segment": "wan"}
    return _post(api, "/reflectors", new | more)


def _change(api: Api, name: str, change: dict[str, Any]) -> Any:
    return api.http.patch(f"/api/v1/reflectors/{name}", json=change, headers=api.admin)


def test_a_test_servers_fingerprint_means_tls(api: Api) -> None:
    added = _core(api, fingerprint=":".join(["AB"] * 32)).json()

    assert (added["fingerprint"], added["tls"]) == ("ab" * 32, True)
    assert _core(api, name="Spare", fingerprint="ab").status_code == 422


def test_of_a_test_server_only_what_is_said_is_changed(api: Api) -> None:
    added = _core(api, fingerprint="ab" * 32).json()

    moved = _change(api, "core", {"host": "10.0.0.6"}).json()
    anew = _change(api, added["id"], {"fingerprint": "CD" * 32}).json()
    plain = _change(api, "Core", {"fingerprint": None, "tls": False}).json()

    assert moved == added | {"host": "10.0.0.6"}
    assert anew == moved | {"fingerprint": "cd" * 32}
    assert plain == anew | {"fingerprint": None, "tls": False}
    assert _get(api, "/reflectors") == [plain]


def test_a_change_that_makes_no_sense_is_refused(api: Api) -> None:
    _core(api)

    codes = [
        _change(api, "Core", change).status_code
        for change in ({"segment": "lan"}, {"port": 0}, {"host": None}, {"fingerprint": "x"})
    ]

    assert codes == [422] * 4
    assert _change(api, "Cores", {"port": 1}).status_code == 404


def test_a_test_server_is_removed_by_its_name(api: Api) -> None:
    _core(api)
    address = "/api/v1/reflectors/Core"

    codes = [api.http.delete(address, headers=api.admin).status_code for _ in range(2)]

    assert codes == [204, 404]
    assert _get(api, "/reflectors") == []


def test_a_test_server_may_end_one_line(api: Api) -> None:
    _post(api, "/schools", LINCOLN)
    link = _post(
        api, "/links", {"name": "Circuit 7", "segment": "wan", "schools": [LINCOLN["name"]]}
    ).json()
    new = {"name": "Core", "host": "10.0.0.5", "port": 8485, "segment": "wan"}

    answer = _post(api, "/reflectors", {**new, "link": "Circuit 7"})
    unknown = _post(api, "/reflectors", {**new, "name": "Other", "link": "Circuit 8"})
    in_other_case = _post(api, "/reflectors", {**new, "name": "Spare", "link": "circuit 7 "})

    assert answer.json()["link_id"] == link["id"]
    assert _get(api, "/reflectors") == [answer.json(), in_other_case.json()]
    assert in_other_case.json()["link_id"] == link["id"]
    assert unknown.status_code == 404
