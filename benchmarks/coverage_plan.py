"""Do lines reach their goal in three school weeks, with 30% of the agents away at any time?

    python -m benchmarks.coverage_plan --schools 1000

On a virtual clock: see coverage_simulation.py.
"""

import argparse
import json
from pathlib import Path
from statistics import fmean, median

from .coverage_simulation import (
    FAILED_SHARE,
    OFF_HOURS,
    OFFLINE_SHARE,
    SCHOOL_DAYS,
    Outcome,
    simulate,
)

RESULTS = Path(__file__).with_name("results") / "coverage_plan.json"


def main() -> None:
    """Simulate, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schools", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + asked.schools)
    found = {
        "schools": asked.schools,
        "offline_share": OFFLINE_SHARE,
        "offline_mean_hours": OFF_HOURS,
        "failed_share": FAILED_SHARE,
        "school_days_allowed": SCHOOL_DAYS,
        "two_to_five_agents": summary([simulate(seed) for seed in seeds]),
        "one_agent": summary([simulate(seed, agents=1) for seed in seeds]),
    }
    asked.out.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def summary(outcomes: list[Outcome]) -> dict[str, float | int | None]:
    """How many lines got there, and when."""
    days = sorted(one.school_days for one in outcomes if one.school_days is not None)
    return {
        "lines": len(outcomes),
        "reached": len(days),
        "median_school_days": median(days) if days else None,
        "p95_school_days": days[int(0.95 * (len(days) - 1))] if days else None,
        "most_school_days": days[-1] if days else None,
        "mean_tests_a_day": round(fmean(one.tests / one.days for one in outcomes), 2),
    }


if __name__ == "__main__":
    main()
