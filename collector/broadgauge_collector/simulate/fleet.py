"""What made-up schools own: orders of some years, and what became of each device since."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
from dateutil.relativedelta import relativedelta
from msgspec import Struct

from .chance import Random, What, chance
from .models import CHROMEBOOKS, LAPTOPS, TABLETS, Model
from .school_year import school_year_of
from .world import SimulatedSchool, World

CHROMEBOOKS_A_STUDENT = (0.22, 0.97)
"""Least and most of a school. Few have one for nearly everybody."""

LAPTOPS_A_STAFF_MEMBER = 0.35
TABLETS_OF_AN_ELEMENTARY = (15, 45)
LEVEL_WITH_TABLETS = "Elementary"
WORN_OUT_YEARS = 6.0
LOST_A_YEAR = 0.006
STOLEN_SHARE = 0.25
FRAILTY_SHAPE = 1.6
"""Of a gamma with mean 1: some devices, or who has them, are less lucky than others."""

IDLE = 0.05
FUNDS = ("Technology levy", "Title I", "General fund")


class Owned(Struct, frozen=True, kw_only=True):
    """One device. `ended_on`: the day it was lost, stolen or retired."""

    tag: str
    serial: str
    school: SimulatedSchool
    model: Model
    bought_on: date
    in_service_on: date
    cost: int
    fund: str
    state: str
    ended_on: date | None
    last_seen_on: date
    battery_health: float
    hours_a_week: float | None
    frailty: float

    @property
    def warranty_ends_on(self) -> date:
        end: date = self.bought_on + relativedelta(months=self.model.warranty_months)
        return end

    def updates_end_on(self, today: date) -> date | None:
        """Last day with updates: a June, so many years after the model came out."""
        years = self.model.update_years
        released = school_year_of(today) - self.model.released
        return None if years is None else date(released + years, 6, 30)


def made_on(world: World) -> date:
    """The day that a simulation's inventory is of."""
    return world.since + timedelta(days=world.days)


def owned_by(world: World, school: SimulatedSchool) -> Iterator[Owned]:
    """Every device of a school, in the order they were bought."""
    random = chance(world.seed, What.FLEET, school.key)
    today = made_on(world)
    orders = sorted(_orders(random, school), key=lambda order: -order[1])
    number = 0
    for model, years_ago, many in orders:
        bought = date(school_year_of(today) - years_ago, 7, int(random.integers(1, 29)))
        fund = FUNDS[random.integers(len(FUNDS))]
        for _ in range(many):
            number += 1
            yield _device(random, school, model, bought, fund, number, today)


def _orders(random: Random, school: SimulatedSchool) -> Iterator[tuple[Model, int, int]]:
    """Models, how many years ago, and how many."""
    least, most = CHROMEBOOKS_A_STUDENT
    chromebooks = round(school.students * (least + (most - least) * random.random() ** 3))
    yield from _split(random, CHROMEBOOKS, chromebooks, 4)
    yield from _split(random, LAPTOPS, round(school.staff_in(2025) * LAPTOPS_A_STAFF_MEMBER), 2)
    if LEVEL_WITH_TABLETS in school.name:
        yield from _split(random, TABLETS, int(random.integers(*TABLETS_OF_AN_ELEMENTARY)), 1)


def _split(
    random: Random, models: tuple[Model, ...], many: int, orders: int
) -> Iterator[tuple[Model, int, int]]:
    """So many devices in some orders of different years."""
    sold = [(model, year) for model in models for year in model.bought]
    chosen = random.choice(len(sold), size=orders, replace=False)
    counts = random.multinomial(many, random.dirichlet(np.full(orders, 6.0)))
    for which, count in zip(chosen.tolist(), counts.tolist(), strict=True):
        yield (*sold[which], count)


def _device(
    random: Random,
    school: SimulatedSchool,
    model: Model,
    bought: date,
    fund: str,
    number: int,
    today: date,
) -> Owned:
    began = min(bought + timedelta(days=int(random.integers(14, 46))), today)
    luck: list[float] = random.random(5).tolist()
    state, ended = _fate(luck, began, today)
    age = (today - bought).days / 365.25
    return Owned(
        tag=f"S{school.key + 1:03d}{number:04d}",
        serial=f"SIM{school.key + 1:03d}{number:04d}",
        school=school,
        model=model,
        bought_on=bought,
        in_service_on=began,
        cost=model.price + 10 * int(random.integers(0, 3)),
        fund=fund,
        state=state,
        ended_on=ended,
        last_seen_on=_last_seen(luck[3], state, ended, began, today),
        battery_health=_battery(random, age),
        hours_a_week=_hours(random, luck[4], state),
        frailty=float(random.gamma(FRAILTY_SHAPE, 1 / FRAILTY_SHAPE)),
    )


def _fate(luck: list[float], began: date, today: date) -> tuple[str, date | None]:
    """The state it is in, and since when if it is gone."""
    years = (today - began).days / 365.25
    gone_after = -np.log1p(-luck[0]) / LOST_A_YEAR
    if gone_after < years:
        return "Stolen" if luck[1] < STOLEN_SHARE else "Lost", _later(began, gone_after)
    worn_out = WORN_OUT_YEARS + 2.5 * luck[2] - 0.5
    if worn_out < years:
        return "Retired", _later(began, worn_out)
    for state, share in (("Storage", 0.03), ("Loaner", 0.05), ("Retired", 0.065)):
        if luck[1] < share:
            return state, _later(began, years * luck[2]) if state == "Retired" else None
    return "In service", None


def _later(day: date, years: float) -> date:
    return day + timedelta(days=int(years * 365.25))


def _last_seen(luck: float, state: str, ended: date | None, began: date, today: date) -> date:
    """A day: yesterday or last week, in storage some months ago."""
    last = ended or today
    days = 40 + 300 * luck if state == "Storage" else 1 + 6 * luck
    return max(began, last - timedelta(days=int(days)))


def _battery(random: Random, age: float) -> float:
    """What it holds of what it was made for."""
    worn = age * (0.05 + 0.03 * random.random()) + 0.03 * random.standard_normal()
    return float(np.clip(1 - worn, 0.25, 1.0))


def _hours(random: Random, luck: float, state: str) -> float | None:
    if state not in ("In service", "Loaner"):
        return None
    most: Any = random.normal(15.0, 4.5)
    return round(float(np.clip(most * (0.05 if luck < IDLE else 1), 0.2, 45)), 1)
