"""How far each device's repairs depart from the mean: the robust variance of mean repairs.

Lawless and Nadeau (Technometrics 37, 1995): a device's departures are summed over its life before
they are squared, so repairs that come in runs on the same devices count as what they are.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .survival import Ages, Counts, Flags, at_risk_at

Rows = NDArray[np.int64]


class History(NamedTuple):
    """Devices that were watched, and their repairs in order of device and age."""

    entries: Ages
    exits: Ages
    rows: Rows
    """Of each repair, whose it was."""
    at_steps: Rows
    """Of each repair, at which step."""
    steps: Ages
    """Ages at repairs, each once, in order."""
    counts: Counts
    at_risk: Counts

    @staticmethod
    def of(entries: Ages, exits: Ages, usable: Flags, devices: Rows, ages: Ages) -> "History":
        """Of the usable devices; every repair has to be one of theirs, while it was watched."""
        steps, at_steps, counts = np.unique(ages, return_inverse=True, return_counts=True)
        entries, exits = entries[usable], exits[usable]
        places = np.cumsum(usable) - 1
        # One number sorts faster than two keys.
        order = np.sort(places[devices] * max(len(steps), 1) + at_steps)
        rows, at_steps = np.divmod(order, max(len(steps), 1))
        at_risk = at_risk_at(entries, exits, steps)
        return History(entries, exits, rows, at_steps, steps, counts, at_risk)


def robust_variance(history: History) -> Ages:
    """Of mean repairs at each step: the sum over devices of their squared departures by then.

    With B the sum so far of repairs by squared devices at risk, a watched device has departed by
    c - B, where c is B at its entry and grows by 1 / at risk with each of its repairs. After its
    exit its departure stays. Sums of c and of its square over the devices watched, kept from step
    to step, are all it takes: no table of devices by ages.
    """
    steps, at_risk = history.steps, history.at_risk
    drift = np.concatenate([[0.0], np.cumsum(history.counts / at_risk**2)])
    enters = np.searchsorted(steps, history.entries, "right")
    leaves = np.searchsorted(steps, history.exits, "right")
    grown = 1 / at_risk[history.at_steps]
    first = drift[enters]
    last = first + np.bincount(history.rows, grown, minlength=len(first))
    before = first[history.rows] + _earlier(history.rows, grown)
    where = np.concatenate([enters, history.at_steps, leaves])
    sums = _running(where, np.concatenate([first, grown, -last]), len(steps))
    growth = (2 * before + grown) * grown
    squares = _running(where, np.concatenate([first**2, growth, -(last**2)]), len(steps))
    gone = _running(leaves, (last - drift[leaves]) ** 2, len(steps))
    now = drift[1:]
    return np.maximum(squares - 2 * now * sums + now**2 * at_risk + gone, 0)


def _running(steps: Rows, terms: Ages, size: int) -> Ages:
    """Sums of terms up to each step."""
    found: Ages = np.cumsum(np.bincount(steps, terms, minlength=size)[:size])
    return found


def _earlier(rows: Rows, terms: Ages) -> Ages:
    """Of each repair, the sum of terms of the same device's earlier ones."""
    sums = np.cumsum(terms) - terms
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    return sums - np.repeat(sums[starts], np.diff(np.append(starts, len(rows))))
