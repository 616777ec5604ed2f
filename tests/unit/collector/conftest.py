from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_client import Api, serving


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """An application without the dashboard."""
    with serving(tmp_path) as served:
        yield served
