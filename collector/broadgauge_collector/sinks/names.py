"""What schools, lines and agents are called, looked up once a minute."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from broadgauge_wire import Segment

from ..reports.district import Ways, read_district
from ..store import Stores
from ..store.tables import district as districts
from .points import Names

KEPT = timedelta(minutes=1)


class NameBook:
    """Names as of a minute ago at most, and never without the agents whose results are at hand."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._names: Names | None = None
        self._read_at: datetime | None = None
        self._nameless: set[UUID] = set()
        """Browsers, which stand for no agent: one id a school."""

    def names_for(self, tables: dict[str, pa.Table], now: datetime) -> Names:
        """Names for the agents, schools and lines of these results."""
        names, wanted = self._names, _ids(tables) - self._nameless
        is_fresh = self._read_at is not None and now - self._read_at < KEPT
        if names is None or not is_fresh or wanted - known(names):
            self._names, self._read_at = names, _ = read_names(self._stores), now
            self._nameless |= wanted - known(names)
        return names


def known(names: Names) -> set[UUID]:
    """Ids of what has a name."""
    return names.schools.keys() | names.agents.keys()


def _ids(tables: dict[str, pa.Table]) -> set[UUID]:
    """Agents and schools of these results."""
    whose = ("agent_id", "school_id")
    columns = (table.column(name) for table in tables.values() for name in whose)
    return {UUID(str(value)) for column in columns for value in pc.unique(column).to_pylist()}


def read_names(stores: Stores) -> Names:
    """Everything's name at one moment."""
    district = read_district(stores)
    with stores.control.connect() as connection:
        called = connection.execute(select(districts.c.name)).scalar()
    return Names(
        called or "",
        {school.id: school.name for school in district.schools.values()},
        {agent.id: agent.name for agent in district.agents},
        _links(Ways(district)),
    )


def _links(ways: Ways) -> Callable[[UUID, Segment | None, UUID | None], str | None]:
    def name(school_id: UUID, segment: Segment | None, reflector_id: UUID | None) -> str | None:
        link = ways.link(school_id, segment, reflector_id)
        return link.name if link else None

    return name
