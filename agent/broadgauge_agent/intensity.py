"""How often something is due, where that changes by the hour.

Unit exponential gaps, mapped through the cumulative intensity, are gaps without a memory at every
rate (time rescaling: Brown et al. 2002, doi:10.1162/08997660252741149). A gap counts what it would
have met, so that a change of rates neither loses nor doubles a run.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

from msgspec import Struct


class Intensity(Struct, frozen=True):
    """Runs per second between edges, in Unix seconds, and `otherwise` before and after them."""

    edges: tuple[float, ...]
    rates: tuple[float, ...]
    otherwise: float

    @classmethod
    def of(cls, pieces: Iterable[tuple[float, float, float]], *, otherwise: float) -> "Intensity":
        """From begin, end and rate of each piece, in order; what lies between pieces is as
        otherwise."""
        edges: list[float] = []
        rates: list[float] = []
        for begins, ends, rate in pieces:
            if not edges:
                edges.append(begins)
            elif begins > edges[-1]:
                edges.append(begins)
                rates.append(otherwise)
            if ends > edges[-1]:
                edges.append(ends)
                rates.append(rate)
        return cls(tuple(edges), tuple(rates), otherwise)

    def at(self, unix_seconds: float) -> float:
        """Runs per second at a moment."""
        piece = bisect_right(self.edges, unix_seconds) - 1
        return self.rates[piece] if 0 <= piece < len(self.rates) else self.otherwise

    def expected(self, since: float, until: float) -> float:
        """How many runs are due between two moments, on average."""
        return sum(rate * (ends - begins) for begins, ends, rate in self._pieces(since, until))

    def reached(self, since: float, runs: float) -> float:
        """When so many runs will have been due since a moment."""
        last = since
        if runs <= 0:
            return since
        for begins, ends, rate in self._pieces(since, max((since, *self.edges))):
            if rate * (ends - begins) >= runs:
                return begins + runs / rate
            runs -= rate * (ends - begins)
            last = ends
        return last + runs / self.otherwise

    def _pieces(self, since: float, until: float) -> list[tuple[float, float, float]]:
        inner = [edge for edge in self.edges if since < edge < until]
        points = [since, *inner, until]
        return [(begins, ends, self.at(begins)) for begins, ends in pairwise(points)]
