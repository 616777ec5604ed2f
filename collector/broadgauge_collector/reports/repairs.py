"""Every device and repair of the district, which all reports on repairs start from."""

from datetime import datetime

from ..fleet.repairs.model import FleetData
from ..fleet.repairs.reading import read_fleet
from ..fleet.repairs.today import day_here
from ..store import Stores


def fleet_data(stores: Stores, now: datetime) -> FleetData:
    """All that repairs are judged by, as of now."""
    with stores.control.connect() as c:
        return read_fleet(c, day_here(c, now))
