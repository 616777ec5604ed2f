"""How often verdicts and intervals are right, by simulation.

    python -m benchmarks.operating_characteristics [--links N] [--seed N]

Lines of known size are tested for a year: measurement noise of 2%, night traffic (lognormal, median
3% of the line, sigma 1) and bad days (one in five, when something takes 30% of the line all night),
which hang together from day to day, machines of mixed speed, more tests until the goal is met. Each
Sunday is evaluated. Votes are counted in columns here, with the collector's own limits; a test
holds them against the collector's judging. The intervals are the collector's own.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from broadgauge_collector.capacity import intervals
from broadgauge_collector.capacity.columns import AT_LEAST, EXACT, Columns
from broadgauge_collector.capacity.evidence import weigh
from broadgauge_collector.capacity.method import METHOD
from broadgauge_collector.capacity.model import Need
from broadgauge_collector.capacity.shares import weighted, weights
from broadgauge_collector.capacity.verdict import capacity

from .operating_plot import draw
from .recording import RESULTS, keep

NEED = 100e6
A_NEED = Need(bits_per_second=NEED, people=100, working="100 students x 1 Mbps = 100 Mbps")
RATIOS = (0.8, 0.9, 1.0, 1.1, 1.2)
WEEKS, WINDOW = 52, 30
START = date(2025, 9, 1).toordinal()
"""A Monday."""
DAYS = 7 * WEEKS
NOISE, TRAFFIC, SIGMA = 0.02, 0.03, 1.0
CORRELATION = 0.5
"""Of night traffic from one day to the next, and the share of its variance that a day's tests
have in common."""
BAD, BAD_TAKES, BAD_STAYS = 0.2, 0.3, 0.36
"""Share of bad days, what they take, and the chance that one follows another (0.2 by itself)."""
CEILINGS, MACHINES = (0.94, 1.05, 2.35, 9.4), (0.15, 0.15, 0.3, 0.4)
"""What machines can see, as multiples of the need, and how many there are of each."""
BEFORE_GOAL, AFTER_GOAL, GOAL_DAYS = 0.9, 0.5, 10
"""The chance that each test of a night is made, while the plan still lacks some and after."""
LOOKED_AT = 10
REPORTED = (2, 3, 4, 8, 26, 52)
MEETS, BELOW, UNDECIDED = 1, -1, 0
GOALS = {"wrong_ratio": 0.01, "undecided_ratio_after_10_days": 0.15, "coverage": 0.95}
NOT_REACHED = {
    "undecided_after_10_days": (
        "Ten days decide if 7 of them reached. With one day in five bad, a big enough line has 7 "
        "good ones of 10 in 88% of cases if every night is tested and bad days come by themselves; "
        "here some nights have no test that counts, and bad days come together. Without bad days "
        "(own_line_without_bad_days) it is reached. Wrong verdicts stay under their goal."
    ),
}

Votes = NDArray[np.int64]


class Nights(NamedTuple):
    """Tests by line, day and place in the night; rates in bit/s."""

    line: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    exact: NDArray[np.bool_]
    made: NDArray[np.bool_]
    undisturbed: NDArray[np.float64]
    """What a machine without a limit would have read."""


class Counted(NamedTuple):
    """By line and day: 1 where the day reached, missed or can't say, and tests that count."""

    reached: Votes
    missed: Votes
    cannot_say: Votes
    tests: Votes


def simulate(
    ratio: float, links: int, tests: int, random: np.random.Generator, *, bad: bool = True
) -> Nights:
    """A year of nights on lines that carry this multiple of the need."""
    shape = links, DAYS, tests
    common = _correlated(links, random)[:, :, None]
    own = random.standard_normal(shape)
    z = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * own
    traffic = np.minimum(TRAFFIC * np.exp(SIGMA * z), 0.95)
    left = (1 - traffic) * (1 - bad * BAD_TAKES * _bad_days(links, random)[:, :, None])
    undisturbed = ratio * NEED * left * (1 + NOISE * random.standard_normal(shape))
    ceiling = NEED * random.choice(CEILINGS, size=shape, p=MACHINES)
    line = np.minimum(undisturbed, ceiling)
    chance = np.where(np.arange(DAYS) < GOAL_DAYS, BEFORE_GOAL, AFTER_GOAL)[None, :, None]
    made = random.random(shape) < chance
    return Nights(line, ceiling, undisturbed < 0.98 * ceiling, made, undisturbed)


def count(nights: Nights) -> Counted:
    """The vote of each day: its median, can't say where two middle ones differ."""
    say = nights.made & (nights.ceiling >= METHOD.ceiling_margin * NEED)
    reach = nights.line >= METHOD.tolerance * NEED
    reached = (say & reach).sum(2)
    missed = (say & ~reach & nights.exact).sum(2)
    tests = say.sum(2)
    # The median is a vote if it has both middle places.
    is_missed = (tests > 0) & (missed > tests // 2)
    is_reached = (tests > 0) & (reached > tests // 2)
    return Counted(
        is_reached.astype(np.int64),
        is_missed.astype(np.int64),
        ((tests > 0) & ~is_missed & ~is_reached).astype(np.int64),
        tests.astype(np.int64),
    )


def concluded(counted: Counted, end: int) -> Votes:
    """What each line's window that ends with a day (from 0) concludes."""
    inside = slice(max(0, end + 1 - WINDOW), end + 1)
    reached, missed, cannot_say, tests = (part[:, inside].sum(1) for part in counted)
    days = reached + missed + cannot_say
    enough = (days >= METHOD.minimum_days) & (tests >= METHOD.minimum_tests)
    meets = enough & MEETS_TABLE[days, reached]
    below = enough & BELOW_TABLE[days, reached + cannot_say]
    return np.select([meets, below], [MEETS, BELOW], UNDECIDED)


def standing(said: Votes) -> Votes:
    """What stands after each week: the newest conclusion that two in a row agree on."""
    weeks = said.shape[1]
    padded = np.hstack([np.full((len(said), METHOD.weeks), UNDECIDED), said])
    stands = np.full(said.shape, UNDECIDED)
    found = np.zeros(said.shape, bool)
    for back in range(METHOD.weeks - 1):
        new = padded[:, METHOD.weeks - back : METHOD.weeks - back + weeks]
        old = padded[:, METHOD.weeks - back - 1 : METHOD.weeks - back - 1 + weeks]
        here = ~found & (new == old)
        stands[here] = new[here]
        found |= here
    return stands


def columns_of(nights: Nights, link: int, days: int) -> Columns:
    """One line's tests as the collector has them."""
    day, place = np.nonzero(nights.made[link, :days])
    count_ = len(day)
    return Columns(
        day=day.astype(np.int64) + START,
        closed=np.ones(count_, np.bool_),
        line=nights.line[link, day, place],
        ceiling=nights.ceiling[link, day, place],
        bound=np.where(nights.exact[link, day, place], EXACT, AT_LEAST).astype(np.int8),
        unfit=np.zeros(count_, np.int8),
        simulated=np.zeros(count_, np.bool_),
    )


def verdicts_of(
    ratio: float, links: int, tests: int, random: np.random.Generator, *, bad: bool = True
) -> dict[str, Any]:
    """Verdicts of a year on lines of one size, and whether intervals of their capacity cover."""
    nights = simulate(ratio, links, tests, random, bad=bad)
    counted = count(nights)
    said = np.stack([concluded(counted, 7 * week - 1) for week in range(1, WEEKS + 1)], 1)
    daily = np.stack([concluded(counted, day) for day in range(DAYS)], 1)
    stands, right = standing(said), MEETS if ratio >= 1 else BELOW
    decided = stands != UNDECIDED
    first = np.where(decided.any(1), decided.argmax(1) + 1, WEEKS + 1)
    return {
        "line_of_need": ratio,
        "tests_a_night_at_most": tests,
        "after_10_days_at_one_look": _shares(daily[:, LOOKED_AT - 1], right),
        "standing_after_weeks": {str(w): _shares(stands[:, w - 1], right) for w in REPORTED},
        "wrong_of_all_weeks_ratio": float((stands == -right).mean()),
        "ever_wrong_in_a_year_ratio": float((stands == -right).any(1).mean()),
        "ever_wrong_if_looked_at_daily_and_once_ratio": float((daily == -right).any(1).mean()),
        "weeks_to_first_verdict_median": float(np.median(first)),
        "weeks_to_first_verdict_p90": float(np.quantile(first, 0.9)),
        "capacity_interval": _capacity_coverage(nights),
    }


def shares_of(school: Mapping[str, Any], runs: int, random: np.random.Generator) -> dict[str, Any]:
    """Estimates of the share of school time that suffices, under steering."""
    found = [_share_once(school, random) for _ in range(runs)]
    truth = float((school["good"] * TIME).sum() / TIME.sum())
    shares = np.array([one.share for one, _ in found])
    covers = [(one.interval.low or 0) <= truth <= (one.interval.high or 1) for one, _ in found]
    return {
        "truth": truth,
        "days": school["days"],
        "bias": float(shares.mean() - truth),
        "bias_of_plain_mean": float(np.mean([plain for _, plain in found]) - truth),
        "coverage": float(np.mean(covers)),
        "excess_coverage": float(np.mean(covers) - METHOD.confidence),
        "interval_width_median": float(
            np.median([(o.interval.high or 1) - (o.interval.low or 0) for o, _ in found])
        ),
    }


TIME = np.array([[0.5] * 5, [2.0] * 5, [2.0] * 5, [2.0] * 5, [1.5] * 5])
"""Hours of five bands of a school day on five weekdays."""

BY_BAND = np.array([0.0, -0.03, -0.12, -0.06, 0.02])[:, None]
MONDAYS = np.array([-0.05, 0.0, 0.0, 0.0, 0.03])[None, :]


def school_of(level: float, days: int) -> dict[str, Any]:
    """A school where a seat gets enough in about this share of time, worse at noon."""
    return {"good": np.clip(level + BY_BAND + MONDAYS, 0.02, 0.995), "days": days}


def _share_once(school: Mapping[str, Any], random: np.random.Generator) -> tuple[Any, float]:
    """Steered: three tests a day, most where there are the fewest yet, and mornings preferred."""
    good, days = school["good"], school["days"]
    tests = np.zeros_like(good)
    rows: list[tuple[int, int, int, bool]] = []
    for day in range(days):
        weekday = day % 5
        # A day is better or worse as a whole; the mean over days is the cell's own share.
        spread = np.minimum(good[:, weekday], 1 - good[:, weekday]) * 0.8
        chance = good[:, weekday] + spread * random.choice((-1, 1))
        wanted = np.array([3.0, 3.0, 1.0, 1.0, 1.0]) / (1 + tests[:, weekday])
        for band in random.choice(5, size=3, p=wanted / wanted.sum()):
            tests[band, weekday] += 1
            rows.append((int(band), weekday, day, bool(random.random() < chance[band])))
    bands, weekdays, of_day, fine = (np.array(column) for column in zip(*rows, strict=True))
    weight = weights(bands, weekdays, TIME)
    return weighted(fine, weight, of_day, METHOD.confidence), float(fine.mean())


def run(links: int, seed: int) -> dict[str, Any]:
    """Everything, as kept."""
    random = np.random.default_rng(seed)
    lines = [verdicts_of(ratio, links, 3, random) for ratio in RATIOS]
    calm = [verdicts_of(ratio, links, 3, random, bad=False) for ratio in RATIOS]
    shared = [verdicts_of(ratio, links // 2, 8, random) for ratio in RATIOS if ratio != 1]
    schools = [
        shares_of(school_of(level, days), links, random)
        for level in (0.6, 0.8, 0.95)
        for days in (10, 20, 40)
    ]
    return {
        "lines": links,
        "seed": seed,
        "method": str(METHOD),
        "goals": GOALS,
        "own_line": lines,
        "own_line_without_bad_days": calm,
        "line_of_forty_schools": shared,
        "school_hours_share": schools,
        "reached": reached([*lines, *shared], schools),
        "not_reached_because": NOT_REACHED,
    }


def reached(lines: list[dict[str, Any]], schools: list[dict[str, Any]]) -> dict[str, bool]:
    """Which goals hold in every cell with the line a tenth or more off the need."""
    off = [line for line in lines if abs(line["line_of_need"] - 1) > 0.09]
    looks = [line["after_10_days_at_one_look"] for line in off]
    return {
        "wrong_after_10_days": all(one["wrong"] <= GOALS["wrong_ratio"] for one in looks),
        "wrong_in_any_week": all(
            one["wrong"] <= GOALS["wrong_ratio"]
            for line in off
            for one in line["standing_after_weeks"].values()
        ),
        "undecided_after_10_days": all(
            one["undecided"] <= GOALS["undecided_ratio_after_10_days"] for one in looks
        ),
        "capacity_intervals_cover": all(
            line["capacity_interval"]["coverage"] >= GOALS["coverage"] for line in lines
        ),
        "shares_unbiased_within_a_point": all(abs(s["bias"]) <= 0.01 for s in schools),
        "share_intervals_cover": all(s["coverage"] >= GOALS["coverage"] for s in schools),
    }


def _shares(said: Votes, right: int) -> dict[str, float]:
    return {
        "right": float((said == right).mean()),
        "undecided": float((said == UNDECIDED).mean()),
        "wrong": float((said == -right).mean()),
    }


def _capacity_coverage(nights: Nights) -> dict[str, float]:
    """Of the median of day medians, by each line's first window."""
    medians = np.median(nights.undisturbed, axis=2)
    truth = float(np.median(medians))
    window = date.fromordinal(START), date.fromordinal(START + WINDOW - 1)
    lines = (columns_of(nights, n, WINDOW) for n in range(len(nights.line)))
    weighed = (weigh(line, A_NEED, window, METHOD) for line in lines)
    found = [capacity(one.of_capacity(METHOD.minimum_days), METHOD) for one in weighed]
    known = [f for f in found if f is not None and f.confidence is not None]
    covers = [
        (f.interval.low or 0) <= truth and (f.interval.high is None or truth <= f.interval.high)
        for f in known
    ]
    stated = float(np.mean([f.confidence for f in known]))
    return {
        "coverage": float(np.mean(covers)),
        "stated_confidence": stated,
        "excess_coverage": float(np.mean(covers)) - METHOD.confidence,
        "lines": len(known),
    }


def _correlated(links: int, random: np.random.Generator) -> NDArray[np.float64]:
    """A standard normal number a day, correlated from one to the next."""
    steps = random.standard_normal((links, DAYS))
    for day in range(1, DAYS):
        steps[:, day] = (
            CORRELATION * steps[:, day - 1] + np.sqrt(1 - CORRELATION**2) * steps[:, day]
        )
    return steps


def _bad_days(links: int, random: np.random.Generator) -> NDArray[np.float64]:
    starts = BAD * (1 - BAD_STAYS) / (1 - BAD)
    bad = np.zeros((links, DAYS))
    bad[:, 0] = random.random(links) < BAD
    for day in range(1, DAYS):
        chance = np.where(bad[:, day - 1] > 0, BAD_STAYS, starts)
        bad[:, day] = random.random(links) < chance
    return bad


def _table(decides: Callable[[int, int], bool]) -> NDArray[np.bool_]:
    size = WINDOW + 1
    return np.array(
        [[n >= k and n > 0 and decides(k, n) for k in range(size)] for n in range(size)]
    )


MEETS_TABLE = _table(lambda k, n: intervals.lower(k, n, METHOD.confidence) > METHOD.share_of_days)
BELOW_TABLE = _table(lambda k, n: intervals.upper(k, n, METHOD.confidence) < METHOD.share_of_days)


@click.command()
@click.option("--links", type=click.IntRange(20), default=2000, show_default=True)
@click.option("--seed", type=int, default=6, show_default=True)
def main(links: int, seed: int) -> None:
    """Simulate, keep the figures and draw them."""
    figures = run(links, seed)
    keep("operating_characteristics", figures)
    (RESULTS / "operating_characteristics.svg").write_text(draw(figures))


if __name__ == "__main__":
    main()
