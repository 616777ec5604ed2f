"""Batteries from the classes that Windows' battery driver fills, which count in mWh."""

from msgspec import Struct

from broadgauge_wire import Battery

MILLI = 1e-3
MAX_BATTERIES = 16
BIGGEST_MILLIWATT_HOURS = 1_000_000
"""A hundred times a laptop's. Drivers that don't know say numbers above 2^31."""


class BatteryAnswers(Struct, frozen=True, kw_only=True):
    """Numbers by the battery's instance name, and whether Windows has any battery at all."""

    there: bool
    designs: dict[str, int]
    charges: dict[str, int]
    cycles: dict[str, int]


def read_batteries(answers: BatteryAnswers | None) -> tuple[Battery, ...] | None:
    """The machine's batteries; empty if it has none, None if it has some and no more is told."""
    if answers is None:
        return None
    names = sorted({*answers.designs, *answers.charges})
    if not names:
        return None if answers.there else ()
    return tuple(_battery(name, answers) for name in names)[:MAX_BATTERIES]


def _battery(name: str, answers: BatteryAnswers) -> Battery:
    return Battery(
        design_capacity_watt_hours=_watt_hours(answers.designs.get(name)),
        full_capacity_watt_hours=_watt_hours(answers.charges.get(name)),
        cycles=answers.cycles.get(name),  # drivers that can't count say 0, which is left out
    )


def _watt_hours(milliwatt_hours: int | None) -> float | None:
    if not milliwatt_hours or milliwatt_hours > BIGGEST_MILLIWATT_HOURS:
        return None
    return round(milliwatt_hours * MILLI, 3)
