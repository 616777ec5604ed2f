"""What schools measure at each hour of the day, as exact percentiles."""

from collections.abc import Sequence

import pyarrow as pa

from ..schools.model import School
from ..schools.repository import find_school, list_schools
from ..store import Stores
from ..store.questions import Metric, SchoolClock, Window


def percentiles(stores: Stores, metric: Metric, window: Window, school: str | None) -> pa.Table:
    """By school, segment and hour of the day on the school's clock; of one school, by name or id,
    or of all. NotFound for a school that isn't known.

    Columns: `school_id` (text) and `school` (its name), then as in a store's answer.
    """
    schools = _schools(stores, school)
    clocks = [SchoolClock(one.id, one.timezone) for one in schools]
    with stores.results.questions() as questions:
        found = questions.percentiles(metric, window, clocks)
    ids = pa.array([str(one.id) for one in schools], pa.string())
    names = pa.array([one.name for one in schools], pa.string())
    places = found["school"]
    of_school = {"school_id": ids.take(places), "school": names.take(places)}
    rest = found.drop_columns("school")
    return pa.table({**of_school, **dict(zip(rest.column_names, rest.columns, strict=True))})


def _schools(stores: Stores, school: str | None) -> Sequence[School]:
    with stores.control.connect() as connection:
        return [find_school(connection, school)] if school else list_schools(connection)
