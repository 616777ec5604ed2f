from collections.abc import Iterator

import pytest

from tests.api_client import OWN_PAGE, Api, serving

QUESTIONS = "/_dash-update-component"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("data"), dashboard=True) as served:
        yield served


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "{}", "5", "null", '{"output":"x.y"}', '{"output":["x"]}',
        '{"output":"agents-body.children"}', '{"output":"page-title.className"}',
        '{"output":"agents-body.children","inputs":[]}',
        '{"output":"agents-body.children","inputs":5}',
    ],
)  # fmt: skip
def test_a_question_that_no_page_asks_is_refused_as_the_askers_fault(api: Api, body: str) -> None:
    kind = {"Content-Type": "application/json"}
    answer = api.http.post(QUESTIONS, content=body, headers={**api.admin, **OWN_PAGE, **kind})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "No page asks this. Reload the page."


@pytest.mark.parametrize(
    "file", ["os/os.py", "dash/dash.py", "dash/..%2Fdash.py", "dash/deps/no.js"]
)
def test_a_file_that_is_no_script_of_the_pages_is_not_there(api: Api, file: str) -> None:
    answer = api.http.get(f"/_dash-component-suites/{file}", headers=api.admin)
    assert answer.status_code == 404


def test_a_script_of_the_pages_is_there(api: Api) -> None:
    script = "/_dash-component-suites/dash/dcc/dash_core_components.js"
    assert api.http.get(script, headers=api.admin).status_code == 200


def test_there_is_no_websocket_for_callbacks(api: Api) -> None:
    assert "_dash-ws-callback" not in str([getattr(r, "path", "") for r in api.app.routes])
