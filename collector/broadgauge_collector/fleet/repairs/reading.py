"""Reads the whole inventory and every ticket, and tells which are repairs, and of which devices
they would be known."""

from datetime import date

import numpy as np
from sqlalchemy import Connection

from .columns import (
    TicketColumns,
    last_imports,
    read_devices,
    read_parts,
    read_schools,
    read_tickets,
)  # fmt: skip
from .devices import REASONS, feed_days, fleet_of, schools_of, told
from .feeds import declarations, feeds
from .judging import LOSS, REPAIR, Judged, incomplete, judge_all, left_out
from .model import OUTSIDE, Codes, Days, Feed, Fleet, FleetData, Repairs
from .periods import periods
from .rule import repair_rule


def read_fleet(c: Connection, today: date) -> FleetData:
    """Every device and every repair, as of a day."""
    rule, devices = repair_rule(c), read_devices(c)
    tickets = read_tickets(c, devices.places)
    spans = periods(devices, today)
    all_ = judge_all(rule, tickets, read_parts(c), spans, today)
    schools = read_schools(c)
    school = schools_of(devices, schools)
    attesting = told(tickets, all_, school)
    known = feeds(schools, school, attesting, declarations(c), last_imports(c))
    fleet, why_not = fleet_of(devices, spans, school, known, today)
    repairs = _repairs(tickets, all_, REPAIR, fleet, known, today)
    return FleetData(
        today=today,
        currency=rule.currency.code,
        schools=known,
        fleet=fleet,
        repairs=repairs,
        losses=_repairs(tickets, all_, LOSS, fleet, known, today),
        tickets=len(tickets.said),
        left_out=left_out(all_),
        outside_rates=_counted(OUTSIDE, repairs.outside),
        incomplete=incomplete(all_),
        devices_left_out=_counted(REASONS, why_not),
    )


def _repairs(
    tickets: TicketColumns, all_: Judged, verdict: int, fleet: Fleet, known: tuple[Feed, ...],
    today: date,
) -> Repairs:  # fmt: skip
    """Those of one verdict, in the order of their days."""
    which = np.flatnonzero(all_.counts & (all_.verdict == verdict))
    which = which[np.argsort(all_.day[which], kind="stable")]
    outside = _outside(all_.device[which], all_.day[which], fleet, known, today)
    names = np.array(tickets.sources, object)
    found = all_.amounts
    return Repairs(
        source=tuple(names[tickets.source[which]].tolist()),
        key=tuple(tickets.key[which].tolist()),
        device=all_.device[which],
        day=all_.day[which],
        closed=found.closed[which],
        in_rates=outside < 0,
        outside=outside,
        category=all_.category[which],
        issue=tickets.issue[which],
        issues=tickets.issues,
        cost_cents=found.cost[which],
        parts_cents=found.parts[which],
        labour_cents=found.labour[which],
        other_cents=found.other[which],
        currency=found.currency[which],
        currencies=found.currencies,
        downtime_days=found.downtime[which],
        under_warranty=found.under_warranty[which],
    )


def _outside(device: Codes, day: Days, fleet: Fleet, known: tuple[Feed, ...], today: date) -> Codes:
    """Why each isn't in the rates, in `OUTSIDE`; -1: it is."""
    none = device < 0
    if none.all():
        return np.zeros(len(device), np.int32)
    _, since, through = feed_days(fleet.school, known, today)
    reasons = {
        "no_device": none,
        "device_left_out": ~fleet.in_rates[device],
        "before_feed": day < since[device],
        "after_feed": day >= through[device],
        "before_service": day < fleet.began[device],
        "out_of_service": day >= fleet.ended[device],
    }
    codes = [OUTSIDE.index(name) for name in reasons]
    return np.select(list(reasons.values()), codes, -1).astype(np.int32)


def _counted(names: tuple[str, ...], codes: Codes) -> dict[str, int]:
    """How many there are of each, of those that there are."""
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    return {name: int(many) for name, many in zip(names, counts, strict=True) if many}
