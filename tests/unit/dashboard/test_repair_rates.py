"""What the Repairs page says of groups."""

from datetime import timedelta
from pathlib import Path

import pytest

from broadgauge_collector.fleet.repairs.rated import RatesBy, RepairRates, repair_rates
from broadgauge_collector.fleet.repairs.reading import read_fleet
from broadgauge_collector.store import ControlStore
from broadgauge_dashboard.views.repair_rates import BY, rate_panels
from tests.unit.collector.fleet_days import (
    LOG_BEGAN,
    TODAY,
    begin_log,
    put_device,
    put_school,
    put_ticket,
)
from tests.unit.dashboard.seeing import texts


def rates(path: Path, by: RatesBy) -> RepairRates:
    """Thirty devices with ten repairs, each of 80 dollars."""
    control = ControlStore.open(path / "control.db")
    with control.begin() as c:
        put_school(c)
        for number in range(30):
            put_device(c, f"S{number:02}", model="HP 11", kind="access_point")
        begin_log(c, "S00")
        for number in range(10):
            day = LOG_BEGAN + timedelta(days=10 + number)
            put_ticket(c, f"{number}", f"S{number:02}", day, cost_cents=8000)
        found = repair_rates(read_fleet(c, TODAY), by)
    control.close()
    return found


@pytest.mark.parametrize("by", BY)
def test_rates_are_shown_by_whatever_groups_have_in_common(tmp_path: Path, by: RatesBy) -> None:
    assert f"By {BY[by].lower()}" in texts(rate_panels(rates(tmp_path, by)))


@pytest.mark.parametrize(("by", "shown"), [("kind", "Access point"), ("model", "HP 11")])
def test_a_group_stands_among_rates_and_among_costs(
    tmp_path: Path, by: RatesBy, shown: str
) -> None:
    words = texts(rate_panels(rates(tmp_path, by)))
    assert words.count(shown) >= 2
    assert words.count("$80") >= 2
