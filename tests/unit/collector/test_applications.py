"""Installed applications as counts by version, school and model; no machine is ever named."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.reports.applications import Place, counted
from broadgauge_wire import InventoryResult, new_id
from broadgauge_wire.results import Application
from tests.api_client import Api, Headers
from tests.collecting import batch


def send(api: Api, joined: tuple[Any, Headers], sequence: int = 1, **facts: Any) -> None:
    agent, headers = joined
    said = InventoryResult(
        id=new_id(), started_at=api.services.now(), duration_seconds=0.1, agent_version="1",
        trigger="planned", **facts,
    )  # fmt: skip
    assert api.send(batch(agent, said, sequence=sequence), headers).status_code == 200


def get(api: Api, **asked: Any) -> Any:
    answer = api.http.get("/api/v1/applications", params=asked, headers=api.admin)
    assert answer.status_code == 200, answer.text
    return answer


def test_machines_are_counted_by_version_school_and_model_and_never_named(api: Api) -> None:
    lincoln, grant = api.school(), api.school("Grant High")
    chrome = Application(name="Google Chrome", version="130.0")
    send(api, api.agent(lincoln), serial="SECRET1", model="ProBook", applications=(chrome,))
    send(
        api, api.agent(lincoln), serial="SECRET2", model="Latitude",
        applications=(Application(name="Google Chrome", version="129.0"),
                      Application(name="GeoGebra")),
    )  # fmt: skip
    send(api, api.agent(grant), serial="SECRET3", model="ProBook", applications=(chrome,))
    send(api, api.agent(grant), serial="SECRET4", model="ProBook")
    answer = get(api)
    assert "SECRET" not in answer.text
    found = answer.json()
    assert (found["machines"], found["telling"]) == (4, 3)
    first, second = found["applications"]
    assert (first["name"], first["machines"]) == ("Google Chrome", 3)
    assert first["versions"] == [
        {"name": "130.0", "machines": 2}, {"name": "129.0", "machines": 1},
    ]  # fmt: skip
    assert first["schools"] == [
        {"name": "Lincoln Elementary", "machines": 2}, {"name": "Grant High", "machines": 1},
    ]  # fmt: skip
    assert first["models"] == [
        {"name": "ProBook", "machines": 2}, {"name": "Latitude", "machines": 1},
    ]  # fmt: skip
    assert (second["name"], second["versions"]) == ("GeoGebra", [{"name": None, "machines": 1}])


def test_a_later_inventory_takes_the_place_of_the_one_before(api: Api) -> None:
    joined = api.agent(api.school())
    send(api, joined, applications=(Application(name="Old"),))
    send(api, joined, 2, applications=(Application(name="New"),))
    assert [each["name"] for each in get(api).json()["applications"]] == ["New"]


def test_a_search_keeps_names_with_all_of_its_words_also_in_files(api: Api) -> None:
    send(
        api, api.agent(api.school()),
        applications=(Application(name="Google Chrome"), Application(name="=cmd|calc")),
    )  # fmt: skip
    found = get(api, search="chrome GOOGLE").json()["applications"]
    assert [each["name"] for each in found] == ["Google Chrome"]
    rows = get(api, format="csv").text
    assert "'=cmd|calc" in rows
    assert get(api, format="xlsx").content[:2] == b"PK"
    assert get(api, format="parquet").content[:4] == b"PAR1"


def test_where_nobody_tells_it_says_so(api: Api) -> None:
    send(api, api.agent(api.school()), model="ProBook")
    found = get(api).json()
    assert (found["machines"], found["telling"], found["applications"]) == (1, 0, [])


places = st.builds(
    Place,
    st.sampled_from(["A", "B"]),
    st.sampled_from(["1", "2", None]),
    st.sampled_from(["Lincoln", "Grant"]),
    st.sampled_from(["X", None]),
)


@given(st.lists(places, max_size=30))
def test_every_count_adds_up_to_all_machines_of_its_application(machines: list[Place]) -> None:
    found = counted(Counter(machines))
    assert sum(each.machines for each in found) == len(machines)
    for each in found:
        for by in (each.versions, each.schools, each.models):
            assert sum(count.machines for count in by) == each.machines
