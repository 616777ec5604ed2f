"""Made-up data is told from measured data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broadgauge_collector.schools.model import SchoolCount
from broadgauge_dashboard.shell import SIMULATED, shell
from broadgauge_dashboard.views.simulated import banner, marks
from broadgauge_dashboard.views.tests import outcome
from tests.api_client import OWN_PAGE, Api, serving
from tests.unit.dashboard.seeing import test_row, texts


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with serving(tmp_path, dashboard=True) as served:
        yield served


def shown(api: Api) -> str:
    """What the server fills the place above every page with."""
    question = {
        "output": f"{SIMULATED}.children",
        "outputs": {"id": SIMULATED, "property": "children"},
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": "/"},
            {"id": "refresh", "property": "n_intervals", "value": None},
        ],
        "changedPropIds": [],
    }
    answer = api.http.post(
        "/_dash-update-component", json=question, headers={**api.admin, **OWN_PAGE}
    )
    assert answer.is_success
    return str(answer.text)


def test_the_place_for_it_stands_above_every_page() -> None:
    assert f"id='{SIMULATED}'" in str(shell())


def test_a_server_with_made_up_schools_says_so_above_every_page(api: Api) -> None:
    api.school("Lincoln Elementary")
    assert "made up" not in shown(api)
    api.school("Teapot Terrace High", simulated=True)
    assert "1 of 2 schools here are made up" in shown(api)


def test_where_all_is_made_up_the_banner_says_that_nothing_was_measured() -> None:
    assert "Nothing was measured" in texts(banner(SchoolCount(40, 40)))
    assert banner(SchoolCount(40, 0)) is None


def test_a_made_up_test_is_marked_in_the_list_of_tests() -> None:
    assert outcome(test_row(simulated=True)).startswith("Simulated: ")
    assert not outcome(test_row()).startswith("Simulated")


def test_only_what_is_made_up_is_marked() -> None:
    assert [texts(mark) for mark in marks(True)] == ["Simulated data"]
    assert marks(False) == []
