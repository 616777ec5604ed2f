"""Devices for tests of when they are replaced, from a few words each."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_collector.fleet.statistics.replace_by import AgingDevices

TODAY = date(2026, 7, 1)


class Aging(Struct, frozen=True, kw_only=True):
    """One, or several alike."""

    times: int = 1
    school: str | None = "A"
    model: str | None = "Model"
    kind: str | None = "laptop"
    born: date | tuple[date, date] = date(2024, 7, 1)
    support: date | None = None
    extended: date | None = None
    system: date | None = None
    said: date | None = None
    battery: float | None = None
    gone: bool = False


def aging(*each: Aging) -> AgingDevices:
    """Together."""
    all_ = [one for one in each for _ in range(one.times)]
    born = [one.born if isinstance(one.born, tuple) else (one.born, one.born) for one in all_]
    school, schools = _codes([one.school for one in all_])
    model, models = _codes([one.model for one in all_])
    kind, kinds = _codes([one.kind for one in all_])
    batteries = [np.nan if one.battery is None else one.battery for one in all_]
    return AgingDevices(
        school=school,
        schools=schools,
        model=model,
        models=models,
        kind=kind,
        kinds=kinds,
        born_earliest=days([first for first, _ in born]),
        born_latest=days([last for _, last in born]),
        support_ends=days([one.support for one in all_]),
        extended_ends=days([one.extended for one in all_]),
        system_ends=days([one.system for one in all_]),
        said_ends=days([one.said for one in all_]),
        battery=np.array(batteries, np.float64),
        battery_on=days([None] * len(all_)),
        gone=np.array([one.gone for one in all_], bool),
    )


def days(given: Sequence[date | None]) -> NDArray[np.datetime64]:
    """NaT for None."""
    return np.array(
        [np.datetime64("NaT") if day is None else day for day in given], "datetime64[D]"
    )


def _codes(names: Sequence[str | None]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    found = tuple(sorted({name for name in names if name is not None}))
    places = [-1 if name is None else found.index(name) for name in names]
    return np.array(places, np.int32), found
