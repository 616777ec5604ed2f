"""How long a large district's inventory takes to come in, and to be asked.

    python -m benchmarks.inventory [--devices N] [--tickets N]

A real `broadgauge serve` is sent a Google export and a spreadsheet of tickets by `broadgauge
import`'s own client; then its Devices page's questions are asked over HTTP, each with another
filter.
"""

import argparse
import csv
import io
import random
import statistics
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from broadgauge_collector.cli.client import ServerClient, find_server
from broadgauge_collector.cli.imports import bring

from .ingest import KEPT_AT, made_ready, serving
from .recording import keep

GOALS = {"seconds": 60, "resident_bytes": 2**30, "filter_p95_seconds": 0.3}
MODELS = ("HP Chromebook 11 G8", "Lenovo 300e", "Dell Latitude 3120", "Acer Spin 511", "iPad 9")
SCHOOLS = 120
QUESTIONS = 200
SEED = 1


def main() -> None:
    """Import, ask, print, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--devices", type=int, default=100_000)
    options.add_argument("--tickets", type=int, default=500_000)
    asked = options.parse_args()
    KEPT_AT.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=KEPT_AT) as name:
        figures = measured(Path(name), asked.devices, asked.tickets)
    print(table(figures))
    keep("inventory", {"goal": GOALS, **figures})


def measured(folder: Path, devices: int, tickets: int) -> dict[str, Any]:
    """All figures of one server."""
    made_ready(folder / "data", 1)
    device_file, ticket_file = folder / "devices.csv", folder / "tickets.csv"
    device_file.write_text(device_rows(devices))
    ticket_file.write_text(ticket_rows(tickets, devices))
    with serving(folder / "data") as (_, server):
        client = ServerClient(find_server(None, None, folder / "data"))
        peak = 0
        took = {}
        for format_, file in (("google-admin", device_file), ("tickets", ticket_file)):
            began = time.perf_counter()
            done = bring(client, format_, file, apply=True, confirm=False)
            took[format_] = round(time.perf_counter() - began, 1)
            assert (done.state, done.refused) == ("applied", 0), done
            peak = max(peak, high_water(server))
        latencies = sorted(asking(client))
        client.close()
    return {
        "devices": devices,
        "tickets": tickets,
        "seconds": took,
        "seconds_together": round(sum(took.values()), 1),
        "resident_bytes": peak,
        "filter_p50_seconds": round(statistics.median(latencies), 4),
        "filter_p95_seconds": round(latencies[int(len(latencies) * 0.95)], 4),
    }


def device_rows(count: int) -> str:
    """A Google export."""
    chance, out = random.Random(SEED), io.StringIO()
    write = csv.writer(out).writerow
    write(
        ("deviceId", "serialNumber", "model", "provisionStatus", "annotatedAssetId", "orgUnitPath",
         "macAddress", "autoUpdateExpiration", "lastPolicySync", "annotatedUser")
    )  # fmt: skip
    for n in range(count):
        school = f"School {chance.randrange(SCHOOLS):03}"
        write(
            (f"id-{n}", f"5CD{n:07}", chance.choice(MODELS), "ACTIVE", f"T{n:06}",
             f"/Students/{school}", f"a4bb6d{n:06x}", f"20{chance.randrange(26, 34)}-06",
             f"2026-10-{chance.randrange(1, 29):02}", f"pupil{n}@school.example")
        )  # fmt: skip
    return out.getvalue()


def ticket_rows(count: int, devices: int) -> str:
    """Tickets of these devices, over five years."""
    chance, out = random.Random(SEED), io.StringIO()
    write = csv.writer(out).writerow
    write(("Incident #", "Incident Date", "Completed Date", "Serial", "Status", "Category", "Cost"))
    for n in range(count):
        opened = date(2021, 8, 1) + timedelta(days=chance.randrange(1800))
        closed = opened + timedelta(days=chance.randrange(1, 20))
        write(
            (n, opened, closed, f"5CD{chance.randrange(devices):07}", "Closed", "Cracked screen",
             f"{chance.randrange(20, 200)}.00")
        )  # fmt: skip
    return out.getvalue()


def asking(client: ServerClient) -> list[float]:
    """Seconds for each of many filters of the Devices page."""
    chance = random.Random(SEED)
    filters = (
        lambda: {"search": f"5cd{chance.randrange(1000):04}"},
        lambda: {"model": chance.choice(MODELS), "sort": "purchased_on"},
        lambda: {"search": f"school {chance.randrange(SCHOOLS):03}", "sort": "model"},
        lambda: {"state": "in_service", "sort": "serial", "start": chance.randrange(90_000)},
    )
    took = []
    for _ in range(QUESTIONS):
        asked = chance.choice(filters)()
        began = time.perf_counter()
        client.raw("GET", "/devices", parameters=asked)
        took.append(time.perf_counter() - began)
    return took


def high_water(server: psutil.Process) -> int:
    """The most memory that the server ever held, as Linux says."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def table(figures: dict[str, Any]) -> str:
    """For people."""
    return "\n".join(f"{name:<22}{value}" for name, value in figures.items())


if __name__ == "__main__":
    main()
