"""Repairs and watched days of a made-up fleet, against going through it one by one."""

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.unit.collector.fleet_days import TODAY, put_device, put_school, put_ticket, read

SCHOOLS = ("Adams", "Boone", "Clark")
FIRST = date(2023, 1, 1)
STATES = ("in_service", "retired", "storage", "lost", None)
CATEGORIES = ("failure", "accident", "theft", "request")

Said = dict[str, Any]


def some_day(random: Random) -> date:
    return FIRST + timedelta(days=random.randrange((TODAY - FIRST).days + 20))


def some_device(random: Random, number: int) -> Said:
    state = random.choice(STATES)
    bought = some_day(random) if random.random() < 0.9 else None
    return {
        "serial": f"S{number}",
        "place": random.choice((*SCHOOLS[:2], None)),
        "purchased_on": bought,
        "state": state,
        "state_since": some_day(random) if state and random.random() < 0.9 else None,
        "byod": random.random() < 0.1,
    }


def some_ticket(random: Random, number: int) -> Said:
    return {
        "key": str(number),
        "serial": f"S{random.randrange(45)}",
        "opened_on": some_day(random) if random.random() < 0.95 else None,
        "category": random.choice(CATEGORIES),
    }


def span(device: Said) -> tuple[date, date] | str:
    """First day in service and the first day no more, or why the device is in no rate."""
    began, left, state = device["purchased_on"], device["state_since"], device["state"]
    is_out = state in {"retired", "storage", "lost"}
    if began is None and state == "in_service":
        began = left
    if device["byod"]:
        return "byod"
    if is_out and left and left <= TODAY and began and left < began:
        return "ended_before_bought"
    if began is None:
        return "no_beginning"
    if began > TODAY:
        return "begins_in_future"
    if is_out and left is None:
        return "no_end"
    ended = left + timedelta(days=1) if is_out and left <= TODAY else TODAY + timedelta(days=1)
    return began, ended


def can_be(ticket: Said, device: Said | None) -> bool:
    day = ticket["opened_on"]
    bought = device["purchased_on"] if device else None
    return day is not None and day <= TODAY and not (bought and day < bought)


def logs(devices: dict[str, Said], tickets: list[Said]) -> dict[str, date]:
    """By school, the day after its first ticket."""
    first: dict[str, date] = {}
    for ticket in tickets:
        of = devices.get(ticket["serial"])
        if of and of["place"] and can_be(ticket, of):
            day = ticket["opened_on"] + timedelta(days=1)
            first[of["place"]] = min(first.get(of["place"], day), day)
    return first


def watch(
    devices: dict[str, Said], since: dict[str, date]
) -> tuple[dict[str, tuple[date, date]], Counter[str]]:
    """By device, when it was watched, and why the others weren't."""
    spans: dict[str, tuple[date, date]] = {}
    why = Counter[str]()
    for serial, device in devices.items():
        found = span(device)
        if isinstance(found, str):
            why[found] += 1
        elif device["place"] is None:
            why["no_school"] += 1
        else:
            spans[serial] = (max(found[0], since[device["place"]]), found[1])
    return spans, why


def counted(devices: dict[str, Said], tickets: list[Said]) -> list[Said]:
    """Repairs and losses, each once."""
    found: dict[tuple[Any, ...], Said] = {}
    for ticket in tickets:
        device = devices.get(ticket["serial"])
        if ticket["category"] != "request" and can_be(ticket, device):
            same = (ticket["serial"], ticket["opened_on"], ticket["category"])
            found.setdefault(same if device else (ticket["key"],), ticket)
    return list(found.values())


@pytest.mark.parametrize("seed", range(6))
def test_going_through_it_one_by_one_finds_the_same(c: Connection, seed: int) -> None:
    random = Random(seed)
    devices = {d["serial"]: d for d in (some_device(random, n) for n in range(40))}
    tickets = [some_ticket(random, n) for n in range(150)]
    for name in SCHOOLS:
        put_school(c, name)
    for device in devices.values():
        put_device(c, **device)
    for ticket in tickets:
        put_ticket(c, **ticket)

    spans, why = watch(devices, logs(devices, tickets))
    found = counted(devices, tickets)
    repairs = [t for t in found if t["category"] != "theft"]
    nowhere = (TODAY, TODAY)
    in_rates = [
        begin <= t["opened_on"] < end
        for t in repairs
        for begin, end in [spans.get(t["serial"], nowhere)]
    ]
    data = read(c)
    assert dict(why) == data.devices_left_out
    assert int(data.fleet.watched_days.sum()) == sum(
        max((e - b).days, 0) for b, e in spans.values()
    )
    assert (len(data.repairs.key), len(data.losses.key)) == (
        len(repairs),
        len(found) - len(repairs),
    )
    assert int(data.repairs.in_rates.sum()) == sum(in_rates)
