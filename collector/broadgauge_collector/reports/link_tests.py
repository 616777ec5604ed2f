"""Which tests are of which link, as columns ready to be judged."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from broadgauge_wire import Direction

from ..capacity.columns import Columns, columns
from ..capacity.daypart import Clock, placed
from ..store import Stores
from ..store.questions import Window
from .asked import Asked
from .district import District, Ways

ELSEWHERE = -1


def tests_by_link(
    stores: Stores, district: District, asked: Asked, clocks: Mapping[UUID, tuple[Clock, ...]]
) -> dict[UUID, Columns]:
    """The tests of each link that has clocks here, placed on them; empty columns where it has
    none."""
    return tests_in(stores, district, asked.evaluated(), asked.target.direction, clocks)


def tests_in(
    stores: Stores,
    district: District,
    window: Window,
    direction: Direction,
    clocks: Mapping[UUID, tuple[Clock, ...]],
    school_id: UUID | None = None,
) -> dict[UUID, Columns]:
    """The same in any window; of one school behind the links alone, if one is named."""
    if not clocks:
        return {}
    link_ids = list(clocks)
    behind = {school for link_id in link_ids for school in district.links[link_id].school_ids}
    schools = list(behind) if school_id is None else [school_id]
    reflectors = list(district.reflectors)
    with stores.results.questions() as questions:
        table = questions.tests(window, direction, schools, reflectors)
    of_link = links_of(table, Ways(district), schools, reflectors, link_ids)
    day, closed = _placed(table, of_link, list(clocks.values()))
    order = np.argsort(of_link, kind="stable")
    ordered = columns(table, day, closed).where(order)
    starts = np.searchsorted(of_link[order], np.arange(len(link_ids) + 1))
    slices = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    return {
        link_id: ordered.where(slice(*ends)) for link_id, ends in zip(link_ids, slices, strict=True)
    }


def links_of(
    table: pa.Table,
    ways: Ways,
    schools: list[UUID],
    reflectors: list[UUID],
    link_ids: list[UUID],
) -> NDArray[np.int64]:
    """Each test's place among the links, or ELSEWHERE."""
    segments = table["segment"].combine_chunks().dictionary_encode()
    words, servers = [*segments.dictionary.to_pylist(), None], [*reflectors, None]
    columns_of_way = (
        table["school"].to_numpy(),
        segments.indices.fill_null(len(words) - 1).to_numpy(),
        table["reflector"].fill_null(len(reflectors)).to_numpy(),
    )
    shape = len(schools), len(words), len(servers)
    distinct, way = np.unique(np.ravel_multi_index(columns_of_way, shape), return_inverse=True)
    place = {link_id: place for place, link_id in enumerate(link_ids)}
    places = []
    for school, word, server in zip(*np.unravel_index(distinct, shape), strict=True):
        link = ways.link(schools[school], words[word], servers[server])
        places.append(ELSEWHERE if link is None else place.get(link.id, ELSEWHERE))
    return np.array(places, np.int64)[way]


def _placed(
    table: pa.Table, of_link: NDArray[np.int64], clocks: list[tuple[Clock, ...]]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Each test's day and whether it was in closed hours, by the clocks of its link."""
    moments = table["moment"].cast(pa.int64()).to_numpy()
    day, closed = np.zeros(len(moments), np.int64), np.zeros(len(moments), np.bool_)
    same = defaultdict[tuple[Clock, ...], list[int]](list)
    for place, of_one in enumerate(clocks):
        same[of_one].append(place)
    for shared, places in same.items():
        rows = np.isin(of_link, places)
        day[rows], closed[rows] = placed(moments[rows], shared)
    return day, closed
