from collections.abc import Iterator
from pathlib import Path

import pytest

from broadgauge_collector.store.results import ResultStore

from .result_stores import FACTORIES, STATES_OF, OpenedAgain


@pytest.fixture(params=sorted(FACTORIES))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenedAgain]:
    """Opens one empty store, and again what it holds."""
    stores = OpenedAgain(FACTORIES[request.param], tmp_path / "store")
    yield stores
    stores.close()


@pytest.fixture
def store(opened: OpenedAgain) -> ResultStore:
    """An empty store of results of each kind there is."""
    return opened()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What upkeep leaves is put to the test where it leaves something."""
    items[:] = [item for item in items if _is_something_new(item)]


def _is_something_new(item: pytest.Item) -> bool:
    asked = item.callspec.params if hasattr(item, "callspec") else {}
    if "state" not in asked or asked.get("opened") not in sorted(STATES_OF):
        return True
    return asked["state"] in STATES_OF[asked["opened"]]
