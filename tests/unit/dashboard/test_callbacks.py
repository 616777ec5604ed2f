import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dash
import pytest
from dash import Input, Output
from dash._callback import GLOBAL_CALLBACK_LIST

from broadgauge_collector.access.permissions import Permission, Principal, current_principal
from broadgauge_collector.errors import Busy
from broadgauge_dashboard import callbacks
from broadgauge_dashboard.callbacks import REGISTRY, Registered, callback, guarded
from tests.api_client import OWN_PAGE, Api, serving
from tests.unit.dashboard.seeing import texts

SERVICES: Any = None
PAGES = "_pages_content"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("data"), dashboard=True) as served:
        yield served


@contextmanager
def asked_by(*permissions: Permission) -> Iterator[None]:
    token = current_principal.set(
        Principal(kind="user", permissions=frozenset({Permission.PUBLIC, *permissions}))
    )
    try:
        yield
    finally:
        current_principal.reset(token)


def entry(function: callbacks.Function, permission: Permission) -> Registered:
    return Registered(function, (), permission, False)


def run(entry: Registered) -> Any:
    """Drives a callback that waits for nothing."""
    coroutine = guarded(entry, SERVICES)()
    try:
        coroutine.send(None)  # type: ignore[attr-defined]
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


async def secret(services: Any) -> str:
    return "the numbers"


async def busy(services: Any) -> str:
    raise Busy("Too many questions at once. Try again in a moment.")


async def broken(services: Any) -> str:
    raise ZeroDivisionError("secret detail")


def on_server(api: Api) -> dict[str, Any]:
    board = dash.get_app()
    assert board.server is api.app
    return {key: spec for key, spec in board.callback_map.items() if "callback" in spec}


def test_a_callback_that_would_block_the_event_loop_is_refused() -> None:
    with pytest.raises(TypeError, match="async"):
        callback(Output("x", "children"), permission=Permission.READ)(lambda services: None)  # type: ignore[arg-type,return-value]


def test_a_callback_without_a_permission_is_refused() -> None:
    with pytest.raises(TypeError, match="permission"):
        callback(Output("x", "children"))  # type: ignore[call-arg]


def test_every_callback_that_runs_on_the_server_is_async_and_was_registered_with_a_permission(
    api: Api,
) -> None:
    registered = {f"{d}" for e in REGISTRY for d in e.dependencies if isinstance(d, Output)}
    running = on_server(api)
    pages = {key for key in running if PAGES in key}
    assert len(pages) == 1  # Dash's router: it gives out layouts, which read nothing
    assert running.keys() - pages == registered
    for key in registered:
        assert inspect.iscoroutinefunction(inspect.unwrap(running[key]["callback"])), key
    assert GLOBAL_CALLBACK_LIST == []


def test_every_callback_names_a_permission_that_is_not_public() -> None:
    assert REGISTRY
    assert {e.permission for e in REGISTRY} <= {Permission.READ, Permission.MANAGE}


def test_every_callback_fills_one_place_with_components_or_keeps_a_choice() -> None:
    for e in REGISTRY:
        (output,) = (d for d in e.dependencies if isinstance(d, Output))
        assert output.component_property in {
            "children",
            "data",
            "getRowsResponse",  # of a grid, which an error leaves as it is
        }, e.function


def test_what_runs_in_the_browser_alone_has_no_server_side(api: Api) -> None:
    for spec in api.http.get("/_dash-dependencies", headers=api.admin).json():
        if spec["clientside_function"] is not None:
            assert "callback" not in on_server(api).get(spec["output"], {})


def test_layouts_read_nothing() -> None:
    assert dash.page_registry
    for page in dash.page_registry.values():
        assert inspect.isfunction(page["layout"])
        names = {*inspect.getclosurevars(page["layout"]).globals}
        assert not names & {"reports", "services", "list_schools", "get_school"}


@pytest.mark.parametrize("needed", [Permission.READ, Permission.MANAGE, Permission.AGENT])
def test_who_lacks_the_permission_gets_no_number(needed: Permission) -> None:
    with asked_by():
        assert "the numbers" not in str(run(entry(secret, needed)))


def test_who_has_the_permission_gets_the_answer() -> None:
    with asked_by(Permission.READ):
        assert run(entry(secret, Permission.READ)) == "the numbers"


def test_a_refusal_of_the_collector_is_shown_with_what_to_do() -> None:
    with asked_by(Permission.READ):
        assert "Try again in a moment" in texts(run(entry(busy, Permission.READ)))


def test_a_fault_is_shown_without_its_inside_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with asked_by(Permission.READ):
        shown = texts(run(entry(broken, Permission.READ)))
    assert "could not be shown" in shown
    assert "secret detail" not in shown
    assert "ZeroDivisionError" in caplog.text


def test_without_a_session_no_callback_answers(api: Api) -> None:
    question = {
        "output": "agents-body.children",
        "outputs": {"id": "agents-body", "property": "children"},
        "inputs": [
            {"id": "text", "property": "value", "value": ""},
            {"id": "refresh", "property": "n_intervals", "value": 0},
        ],
        "changedPropIds": [],
    }
    anonymous = api.http.post("/_dash-update-component", json=question, headers=OWN_PAGE)
    assert anonymous.status_code == 401
    reader = {**api.user(Permission.READ), **OWN_PAGE}
    assert api.http.post("/_dash-update-component", json=question, headers=reader).is_success


def test_who_may_only_read_gets_no_token(api: Api) -> None:
    school = api.school()
    question = {
        "output": "add-result.children",
        "outputs": {"id": "add-result", "property": "children"},
        "inputs": [{"id": "add-token", "property": "n_clicks", "value": 1}],
        "state": [
            {"id": "add-school", "property": "value", "value": str(school.id)},
            {"id": "add-uses", "property": "value", "value": 1},
        ],
        "changedPropIds": ["add-token.n_clicks"],
    }
    path = "/_dash-update-component"
    reader = api.http.post(path, json=question, headers={**api.user(Permission.READ), **OWN_PAGE})
    assert "not permitted" in reader.text
    assert "bgj_" not in reader.text
    admin = api.http.post(path, json=question, headers={**api.admin, **OWN_PAGE})
    assert "bgj_" in admin.text


def test_inputs_are_dash_dependencies_only() -> None:
    for e in REGISTRY:
        assert any(isinstance(d, Input) for d in e.dependencies), e.function
