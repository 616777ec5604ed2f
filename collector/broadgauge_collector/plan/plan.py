"""An agent's plan from what its lines want: the few numbers that go over the wire."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from broadgauge_wire import Plan, PlanSpan, PlanTarget

from ..capacity.daypart import START
from .steering import Rates

LIGHT_SECONDS = 5.0
"""Under 5 s a burst can't be told from the line's rate."""

LIGHT_BYTES = 300e6
"""Half of what 5 s of 1 Gbps carry, and a second of a student's video for each of 100 students."""

SIGNIFICANT = 4
"""Digits of a rate: more would only part what belongs together."""


def plan_of(rates: Rates, needs: Mapping[UUID, float], now: datetime) -> Plan:
    """The plan from now on. `needs` are line rates in bit/s by test server."""
    micros = (now - START) // timedelta(microseconds=1)
    spans = [span for span in _spans(rates) if span[1] > micros]
    return Plan(
        made_at=now,
        valid_until=_instant(int(rates.edges[-1])),
        spans=tuple(
            PlanSpan(
                begins=max(now, _instant(begins)),
                ends=_instant(ends),
                tests_per_hour=float(f"{rate:.{SIGNIFICANT}g}"),
                light=light,
                routine=routine,
                blackout=black,
            )
            for begins, ends, rate, light, routine, black in spans
        ),
        light_max_seconds=LIGHT_SECONDS,
        light_max_bytes=LIGHT_BYTES,
        targets=tuple(
            PlanTarget(reflector_id=server, line_bits_per_second=need)
            for server, need in needs.items()
        ),
    )


def _spans(rates: Rates) -> list[tuple[int, int, float, bool, bool, bool]]:
    """Neighbors that are alike as one."""
    columns = np.stack(
        [rates.per_hour.round(6), rates.light, rates.routine, rates.blackout], dtype=np.float64
    )
    begins = np.concatenate([[True], (np.diff(columns, axis=1) != 0).any(axis=0)])
    first = np.flatnonzero(begins)
    ends = np.append(rates.edges[first[1:]], rates.edges[-1])
    return [
        (begin, end, rate, bool(light), bool(routine), bool(black))
        for begin, end, (rate, light, routine, black) in zip(
            rates.edges[first].tolist(), ends.tolist(), columns[:, first].T.tolist(), strict=True
        )
    ]


def _instant(micros: int) -> datetime:
    return START + timedelta(microseconds=micros)
