"""Which day it is here."""

from datetime import date, datetime

from sqlalchemy import Connection, select

from ...capacity.daypart import local_day
from ...store.tables import school


def day_here(c: Connection, now: datetime) -> date:
    """The latest day that it is at any school: what was repaired today isn't of the future where
    the day begins before UTC's, as on Guam."""
    zones = c.execute(select(school.c.timezone).distinct()).scalars()
    return max([now.date(), *(local_day(now, zone) for zone in zones)])
