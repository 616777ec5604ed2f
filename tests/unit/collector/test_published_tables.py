"""Tables of textbooks and manuals, through import and API, to the digit that is printed."""

from math import exp, log, sqrt
from typing import Any

import pytest

from tests.api_client import Api
from tests.unit.collector.published import (
    BEARINGS,
    CONTROLS,
    FLUID,
    HANDBOOK,
    LUNG,
    MAINTAINED,
    NOT_MAINTAINED,
    PLACEBO,
    TREATED,
    Life,
    bring_lives,
    engines,
    lives,
    put,
    whole,
)
from tests.unit.collector.test_api_imports import Importing


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school()
    return Importing(api)


def days(years: float) -> int:
    """Of an age in years of 365 days."""
    assert years * 365 == pytest.approx(round(years * 365), abs=1e-6)
    return round(years * 365)


def steps(curve: list[Any], days_a_unit: int, digits: int = 4) -> dict[int, tuple[Any, ...]]:
    """Value, standard error and limits, by age in units of so many days."""
    names = ("value", "error", "low", "high")
    return {
        days(point["age"]) // days_a_unit: tuple(
            None if point[name] is None else round(point[name], digits) for name in names
        )
        for point in curve[1:]
    }


def test_kaplan_and_meiers_own_example(importing: Importing) -> None:
    """JASA 53, 1958: eight items, in months."""
    bring_lives(importing, lives("0.8 3.1 5.4 9.2 1.0+ 2.7+ 7.0+ 12.1+", 10))
    shares = {tenths: row[0] for tenths, row in steps(whole(importing)["unrepaired"], 1).items()}
    assert shares == {8: 0.875, 31: 0.7, 54: 0.525, 92: 0.2625}


def test_placebo_has_the_shares_and_standard_errors_of_the_textbooks(importing: Importing) -> None:
    bring_lives(importing, lives(PLACEBO, 7))
    found = whole(importing)
    shares = {week: row[:2] for week, row in steps(found["unrepaired"], 7).items()}
    assert shares == {
        1: (0.9048, 0.0641), 2: (0.8095, 0.0857), 3: (0.7619, 0.0929), 4: (0.6667, 0.1029),
        5: (0.5714, 0.1080), 8: (0.3810, 0.1060), 11: (0.2857, 0.0986), 12: (0.1905, 0.0857),
        15: (0.1429, 0.0764), 17: (0.0952, 0.0641), 22: (0.0476, 0.0465), 23: (0.0, None),
    }  # fmt: skip
    assert days(found["median_age"]) == 8 * 7


def test_limits_are_those_that_stata_prints_and_r_with_log_log(importing: Importing) -> None:
    """Stata's `sts list` and R's `survfit(conf.type="log-log")` of 6-MP."""
    bring_lives(importing, lives(TREATED, 7))
    found = whole(importing)
    assert steps(found["unrepaired"], 7) == {
        6: (0.8571, 0.0764, 0.6197, 0.9516),
        7: (0.8067, 0.0869, 0.5631, 0.9228),
        10: (0.7529, 0.0963, 0.5032, 0.8894),
        13: (0.6902, 0.1068, 0.4316, 0.8491),
        16: (0.6275, 0.1141, 0.3675, 0.8049),
        22: (0.5378, 0.1282, 0.2678, 0.7468),
        23: (0.4482, 0.1346, 0.1881, 0.6801),
    }


def test_nelson_and_aalens_sum_is_the_mean_of_repairs_that_end_a_life(importing: Importing) -> None:
    """Klein and Moeschberger, table 4.2."""
    bring_lives(importing, lives(TREATED, 7))
    found = {age: row[0] for age, row in steps(whole(importing)["mean_repairs"], 7).items()}
    assert found == {
        6: 0.1429, 7: 0.2017, 10: 0.2683, 13: 0.3517, 16: 0.4426, 22: 0.5854, 23: 0.7521,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("weeks", "median", "expected"),
    [
        (
            MAINTAINED, 31,
            {9: (0.909, 0.0867), 13: (0.818, 0.1163), 18: (0.716, 0.1397), 23: (0.614, 0.1526),
             31: (0.491, 0.1642), 34: (0.368, 0.1627), 48: (0.184, 0.1535)},
        ),
        (
            NOT_MAINTAINED, 23,
            {5: (0.833, 0.1076), 8: (0.667, 0.1361), 12: (0.583, 0.1423), 23: (0.486, 0.1481),
             27: (0.389, 0.1470), 30: (0.292, 0.1387), 33: (0.194, 0.1219), 43: (0.097, 0.0919),
             45: (0.0, None)},
        ),
    ],
)  # fmt: skip
def test_aml_comes_out_as_r_prints_it(
    importing: Importing, weeks: str, median: int, expected: dict[int, tuple[float, float | None]]
) -> None:
    """R's `summary(survfit(Surv(time, status) ~ x, aml))`."""
    bring_lives(importing, lives(weeks, 7))
    found = whole(importing)
    rows = steps(found["unrepaired"], 7).items()
    assert {week: (round(share, 3), error) for week, (share, error, *_) in rows} == expected
    assert days(found["median_age"]) == median * 7


def test_lung_has_the_median_the_limits_and_the_law_of_r(importing: Importing) -> None:
    """R's `survfit` (with log-log), and `survreg(Surv(time, status) ~ 1, lung)`: intercept 6.0349
    (0.0591), scale 0.759 (its logarithm's error 0.0624), log-likelihood -1153.9."""
    bring_lives(importing, lives(LUNG))
    found = whole(importing)
    assert (found["devices"], found["repairs"]) == (228, 165)
    assert len(found["unrepaired"]) == 1 + 139
    ends = [days(found[f"median_{name}"]) for name in ("age", "low", "high")]
    assert ends == [310, 284, 361]
    a_year = steps(found["unrepaired"], 1)[364]
    assert (round(a_year[0], 3), a_year[1]) == (0.409, 0.0358)
    law = found["weibull"]
    assert round(log(365 * law["scale"]), 4) == 6.0349
    assert round(sqrt(law["variance_log_scale"]), 4) == 0.0591
    assert round(1 / law["shape"], 3) == 0.759
    assert round(sqrt(law["variance_log_shape"]), 4) == 0.0624
    assert round(law["log_likelihood"] - 165 * log(365), 1) == -1153.9


def test_late_entries_are_at_risk_from_the_day_after(importing: Importing) -> None:
    """Test data 2 of Therneau's validation of R's `survival`: (start, stop], by hand."""
    starts, stops = (1, 2, 5, 2, 1, 7, 3, 4, 8, 8), (2, 3, 6, 7, 8, 9, 9, 9, 14, 17)
    bring_lives(
        importing,
        [
            Life(entry=start, ends=stop, repairs=(stop,) if place < 7 else ())
            for place, (start, stop) in enumerate(zip(starts, stops, strict=True))
        ],
    )
    found = whole(importing)
    curve = found["unrepaired"][1:]
    assert [(days(point["age"]), point["at_risk"]) for point in curve] == [
        (2, 2), (3, 3), (6, 5), (7, 4), (8, 4), (9, 5),
    ]  # fmt: skip
    shares = [1 / 2, 1 / 3, 4 / 15, 1 / 5, 3 / 20, 9 / 100]
    assert [point["value"] for point in curve] == pytest.approx(shares)
    hazards = [1 / 2, 1 / 3, 1 / 5, 1 / 4, 1 / 4, 2 / 5]
    sums = [sum(hazards[: place + 1]) for place in range(6)]
    assert [point["value"] for point in found["mean_repairs"][1:]] == pytest.approx(sums)


def test_ball_bearings_have_lawless_shape_and_scale(importing: Importing) -> None:
    """Lawless (2003): shape 2.102, scale 81.88, log-likelihood -113.691. All are whole multiples
    of 0.12 million revolutions."""
    ages = (round(float(each) / 0.12) for each in BEARINGS.split())
    bring_lives(importing, [Life(ends=age, repairs=(age,)) for age in ages])
    law = whole(importing)["weibull"]
    unit = 365 * 0.12
    assert round(law["shape"], 4) == 2.1021
    assert round(unit * law["scale"], 2) == 81.88
    assert round(law["log_likelihood"] - 23 * log(unit), 3) == -113.691


@pytest.mark.parametrize(
    ("said", "days_a_unit", "shape", "scale"),
    [(HANDBOOK, 1, 1.7208, 606.53), (FLUID, 100, 0.7708, 12.22), (CONTROLS, 10, 2.3313, 183.40)],
    ids=["NIST handbook 8.4.1.2", "fluid at 34 kV", "locomotive controls"],
)
def test_other_laws_of_the_books(
    importing: Importing, said: str, days_a_unit: int, shape: float, scale: float
) -> None:
    bring_lives(importing, lives(said, days_a_unit))
    law = whole(importing)["weibull"]
    assert round(law["shape"], 4) == shape
    assert round(365 / days_a_unit * law["scale"], 2) == scale


def test_valve_seats_have_nelsons_mean_and_the_robust_error_of_r(importing: Importing) -> None:
    """Means: SAS/QC, PROC RELIABILITY; standard errors: `survival/tests/r_sas.Rout.save`. Two
    engines had two seats replaced on one day."""
    bring_lives(importing, engines())
    rule = importing.get("/repair-rule")
    put(importing, "repair-rule", rule | {"same_within": {"days": None, "because": "Two seats."}})
    found = whole(importing)
    assert found["repairs"] == 48
    rows = steps(found["mean_repairs"], 1, 3)
    printed = {
        61: (0.024, 0.024), 76: (0.049, 0.034), 84: (0.073, 0.041), 87: (0.098, 0.046),
        92: (0.122, 0.051), 98: (0.146, 0.055), 139: (0.220, 0.073), 249: (0.341, 0.089),
        298: (0.463, 0.110), 377: (0.659, 0.132), 479: (0.784, 0.146), 573: (0.959, 0.169),
        586: (1.014, 0.174), 604: (1.060, 0.185), 621: (1.119, 0.208), 635: (1.181, 0.207),
        640: (1.244, 0.226), 646: (1.320, 0.229), 653: (1.543, 0.312),
    }  # fmt: skip
    assert {age: rows[age][:2] for age in printed} == printed


def test_by_the_usual_rule_two_seats_on_one_day_are_one_repair_and_that_is_told(
    importing: Importing,
) -> None:
    bring_lives(importing, engines())
    found = importing.get("/repairs/rates")
    assert (found["repairs"], found["left_out"]) == (46, {"told_twice": 2})


def test_five_machines_of_a_hospital_have_reliawikis_mean(importing: Importing) -> None:
    """ReliaWiki, recurrent events data, non-parametric: months, at 17 one fails and one ends."""
    machines = ((17, 5, 10, 15), (19, 6, 13, 17), (26, 12, 20, 25), (24, 13, 15), (28, 16, 22, 25))
    bring_lives(importing, [Life(ends=ends, repairs=tuple(ages)) for ends, *ages in machines])
    rows = steps(whole(importing)["mean_repairs"], 1, 2)
    assert {month: row[0] for month, row in rows.items()} == {
        5: 0.2, 6: 0.4, 10: 0.6, 12: 0.8, 13: 1.2, 15: 1.6, 16: 1.8, 17: 2.0, 20: 2.33, 22: 2.67,
        25: 3.67,
    }  # fmt: skip


def test_a_half_that_is_a_half_only_on_paper_is_the_median_all_the_same(
    importing: Importing,
) -> None:
    """23/24 * 22/23 * ... * 12/13 is above a half in floating point."""
    bring_lives(importing, lives(" ".join(str(week) for week in range(1, 25)), 7))
    found = whole(importing)
    assert days(found["median_age"]) == 12 * 7
    share = found["unrepaired"][12]["value"]
    assert share == pytest.approx(0.5)
    width = 1.959963984540054 * sqrt(sum(1 / (n * (n - 1)) for n in range(13, 25))) / log(2)
    assert found["unrepaired"][12]["low"] == pytest.approx(0.5 ** exp(width))
