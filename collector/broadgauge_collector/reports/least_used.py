"""When a school's line is used least, as far as its tests say."""

from datetime import datetime

from ..schools.model import School
from ..store import Stores
from ..store.questions import Charted
from .charts import local_window

DAYS = 28
FEWEST = 3
"""Tests in an hour, for its median to be more than one evening's chance."""


def use_by_hour(stores: Stores, school: School, now: datetime) -> dict[int, float]:
    """By local hour, how far downloads stayed below the best hour's median, in bit/s: what others
    took. Hours with fewer than FEWEST tests are left out."""
    window = local_window(school, DAYS, now)
    with stores.results.questions() as questions:
        ways = [way for way in questions.ways(window, school.id) if way[1] == "network"]
        if not ways:
            return {}
        charted = Charted(school.id, ways[0][0], ways[0][1], school.timezone, window)
        spreads = [s for s in questions.rates(charted, "hour") if s.series == "download"]
    medians = {int(s.group): s.median for s in spreads if s.size >= FEWEST}
    return {hour: max(medians.values()) - median for hour, median in medians.items()}
