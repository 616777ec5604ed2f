"""How long all statistics of a large district's repairs take.

    python -m benchmarks.repairs [--devices N] [--repairs N]

Devices and tickets are put into a real control database as an import would, and read from there.
Beside the survival curve of the whole fleet, SciPy's own of the same devices is timed, which knows
no late entry.
"""

import argparse
import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy import stats

from broadgauge_collector.fleet.device_rows import Devices
from broadgauge_collector.fleet.matching import in_parts
from broadgauge_collector.fleet.merging import Precedence
from broadgauge_collector.fleet.other_rows import KEPT, OtherRows
from broadgauge_collector.fleet.refresh.aging import read_aging
from broadgauge_collector.fleet.refresh.outlook import outlook_of
from broadgauge_collector.fleet.refresh.settings import UnitCosts
from broadgauge_collector.fleet.repairs.compared import compared
from broadgauge_collector.fleet.repairs.histories import histories
from broadgauge_collector.fleet.repairs.insurance import AskedInsurance, insurance
from broadgauge_collector.fleet.repairs.lifetimes import lifetimes
from broadgauge_collector.fleet.repairs.rated import repair_rates
from broadgauge_collector.fleet.repairs.reading import read_fleet
from broadgauge_collector.fleet.statistics.refresh import forecast
from broadgauge_collector.fleet.statistics.replace_rules import ReplaceRules
from broadgauge_collector.fleet.statistics.survival import survival_of
from broadgauge_collector.imports.model import DeviceRecord, TicketRecord
from broadgauge_collector.schools.repository import add_school
from broadgauge_collector.store import ControlStore

from .recording import keep

GOALS = {"statistics_seconds": 2.0}
MODELS = ("HP Chromebook 11 G8", "Lenovo 300e", "Dell Latitude 3120", "Acer Spin 511", "iPad 9")
SCHOOLS, YEARS, SEED, AT_ONCE = 120, 6, 1, 2000
TODAY = date(2026, 11, 1)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
RUNS = 5


def main() -> None:
    """Fill, read, work out, print, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--devices", type=int, default=100_000)
    options.add_argument("--repairs", type=int, default=500_000)
    asked = options.parse_args()
    with TemporaryDirectory() as folder:
        figures = measured(Path(folder), asked.devices, asked.repairs)
    for name, figure in figures.items():
        print(f"{name:32} {figure}")
    keep("repairs", {"goal": GOALS, **figures})


def measured(folder: Path, devices: int, repairs: int) -> dict[str, Any]:
    """All figures of one district."""
    control = filled(folder, devices, repairs)
    with control.connect() as c:
        data, read_seconds = timed(lambda: read_fleet(c, TODAY))
        aging, aging_seconds = timed(lambda: read_aging(c, ReplaceRules(), TODAY))
    outlook = outlook_of(data, aging.said, UnitCosts())
    parts: dict[str, Callable[[], Any]] = {
        "rates by model": lambda: repair_rates(data, "model"),
        "rates by school": lambda: repair_rates(data, "school"),
        "rates by age": lambda: repair_rates(data, "age"),
        "rates by category": lambda: repair_rates(data, "category"),
        "two models compared": lambda: compared(data, MODELS[0], MODELS[1], "model"),
        "lifetimes by model": lambda: lifetimes(data, "model", len(MODELS)),
        "insurance": lambda: insurance(data, AskedInsurance(premium_cents=4500)),
        "refresh": lambda: forecast(aging.devices, ReplaceRules(), outlook, TODAY),
    }
    took = {name: best(part) for name, part in parts.items()}
    own, rival = curves(data)
    control.close()
    return {
        "devices": devices,
        "tickets": repairs,
        "repairs_in_rates": int(data.repairs.in_rates.sum()),
        "read_seconds": round(read_seconds + aging_seconds, 2),
        **{f"{name}, s": round(seconds, 3) for name, seconds in took.items()},
        "statistics_seconds": round(sum(took.values()), 2),
        "survival_curve_seconds": round(own, 3),
        "scipy_ecdf_seconds": round(rival, 3),
        "ratio_to_scipy": round(own / rival, 2),
    }


def filled(folder: Path, devices: int, repairs: int) -> ControlStore:
    """A district whose devices and tickets came from two systems."""
    chance = random.Random(SEED)
    control = ControlStore.open(folder / "control.sqlite")
    with control.begin() as c:
        for number in range(SCHOOLS):
            add_school(c, name=f"School {number:03}", timezone="America/Chicago")
    bought = [day(chance, 365 * YEARS) for _ in range(devices)]
    records = (device(number, bought[number], chance) for number in range(devices))
    for some in in_parts(records, AT_ONCE):
        with control.begin() as c:
            Devices(c, "snipe-it", Precedence()).put(some, NOW)
    tickets = (ticket(number, bought, chance) for number in range(repairs))
    for batch in in_parts(tickets, AT_ONCE):
        with control.begin() as c:
            OtherRows(c, "snipe-it", KEPT[TicketRecord]).put(batch, NOW)
    return control


def day(chance: random.Random, days: int) -> date:
    return TODAY - timedelta(days=chance.randrange(30, days))


def device(number: int, bought: date, chance: random.Random) -> DeviceRecord:
    return DeviceRecord(
        key=str(number),
        serial=f"S{number:06}",
        kind="chromebook",
        model=chance.choice(MODELS),
        place=f"School {number % SCHOOLS:03}",
        state="in_service",
        purchased_on=bought,
        purchase_cost_cents=30_000,
        support_ends_on=bought + timedelta(days=8 * 365),
    )


def ticket(number: int, bought: list[date], chance: random.Random) -> TicketRecord:
    which = chance.randrange(len(bought))
    opened = bought[which] + timedelta(days=chance.randrange((TODAY - bought[which]).days))
    return TicketRecord(
        key=str(number),
        device_key=str(which),
        opened_on=opened,
        closed_on=min(opened + timedelta(days=chance.randrange(1, 20)), TODAY),
        kind="Repair",
        category="accident" if chance.random() < 0.4 else "failure",
        cost_cents=chance.randrange(2000, 20_000),
    )


def curves(data: Any) -> tuple[float, float]:
    """The same devices' curve by our own function and by SciPy's."""
    of = histories(data)
    censored = stats.CensoredData.right_censored(of.first_exits, ~of.repaired)
    never = np.zeros_like(of.entries)
    own = best(lambda: survival_of(never, of.first_exits, of.repaired))
    return own, best(lambda: stats.ecdf(censored).sf.confidence_interval())


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def best(work: Callable[[], Any]) -> float:
    """Seconds of the fastest of several runs: what others took of the machine isn't its."""
    return min(timed(work)[1] for _ in range(RUNS))


if __name__ == "__main__":
    main()
