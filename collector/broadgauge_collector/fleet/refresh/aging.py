"""Devices as the forecast of replacements sees them."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, select

from ...store.tables import device
from ..merging import GONE
from ..repairs.columns import coded, days, read_schools
from ..statistics.replace_by import AgingDevices, born_between
from ..statistics.replace_rules import ReplaceRules
from ..statistics.system_ends import system_end
from ..support_ends import SUPPORT_ESTIMATE, SUPPORT_TABLE


class AgingSaid(Struct, frozen=True, gc=False):
    """What of a device's facts is asked for."""

    model: str | None = None
    kind: str | None = None
    state: str | None = None
    byod: bool | None = None
    manufactured_on: date | None = None
    purchased_on: date | None = None
    enrolled_on: date | None = None
    last_seen_at: datetime | None = None
    support_ends_on: date | None = None
    extended_support_ends_on: date | None = None
    end_of_life_on: date | None = None
    os_name: str | None = None
    os_version: str | None = None
    battery_health_ratio: float | None = None
    purchase_cost_cents: int | None = None
    currency: str | None = None
    funding_source: str | None = None
    warranty_ends_on: date | None = None


class _Facts(Struct, frozen=True, gc=False):
    record: AgingSaid
    origins: dict[str, str] = {}


class Aging(Struct, frozen=True, kw_only=True, eq=False):
    """The district's own devices, in the same order in both."""

    said: list[AgingSaid]
    devices: AgingDevices


def read_aging(c: Connection, rules: ReplaceRules, today: date) -> Aging:
    """Every device but students' own; those that no source has any more are gone."""
    table = device.c
    rows = c.execute(select(table.school_id, table.vanished, table.facts).order_by(table.id)).all()
    decode = msgspec.json.Decoder(_Facts).decode
    found = [(row.school_id, row.vanished, _said(decode(row.facts))) for row in rows]
    own = [each for each in found if not each[2].byod]
    said = [each[2] for each in own]
    schools = {id_: (place, name) for place, (_, id_, name) in enumerate(read_schools(c))}
    return Aging(said=said, devices=_arrays(own, said, schools, rules, today))


def _said(facts: _Facts) -> AgingSaid:
    """Without the end of a version of its system, which the next version follows on the device."""
    if facts.origins.get("support_ends_on") in (SUPPORT_TABLE, SUPPORT_ESTIMATE):
        return replace(facts.record, support_ends_on=None)
    return facts.record


def _arrays(
    own: Sequence[tuple[UUID | None, bool, AgingSaid]],
    said: Sequence[AgingSaid],
    schools: dict[UUID, tuple[int, str]],
    rules: ReplaceRules,
    today: date,
) -> AgingDevices:
    model, models = coded(one.model for one in said)
    kind, kinds = coded(one.kind for one in said)
    born = days([one.purchased_on or one.manufactured_on for one in said])
    heard = days([one.enrolled_on or _day(one.last_seen_at) for one in said])
    earliest, latest = born_between(born, heard, model, kind, today, rules.unknown_age_years)
    end_of = cache(system_end)
    return AgingDevices(
        school=np.array([schools[id_][0] if id_ in schools else -1 for id_, _, _ in own], np.int32),
        schools=tuple(name for _, name in schools.values()),
        model=model,
        models=models,
        kind=kind,
        kinds=kinds,
        born_earliest=earliest,
        born_latest=latest,
        support_ends=days([one.support_ends_on for one in said]),
        extended_ends=days([one.extended_support_ends_on for one in said]),
        system_ends=days([end_of(one.os_name, one.os_version) for one in said]),
        said_ends=days([one.end_of_life_on for one in said]),
        battery=np.array([_number(one.battery_health_ratio) for one in said], np.float64),
        battery_on=days([_day(one.last_seen_at) for one in said]),
        gone=np.array([vanished or one.state in GONE for _, vanished, one in own], np.bool_),
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
