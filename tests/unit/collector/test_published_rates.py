"""Printed limits, ratios, laws and reserves, through import and API, to the printed digit."""

from datetime import timedelta
from math import sqrt

import pytest
from scipy.stats import chi2, nbinom

from tests.api_client import Api
from tests.unit.collector.published import (
    BEGAN,
    DOCTORS,
    PUMPS,
    TICKETS,
    Life,
    bring,
    bring_lives,
    engines,
)
from tests.unit.collector.test_api_imports import Importing


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school()
    return Importing(api)


def test_limits_of_a_rate_are_wide_where_engines_fail_again_and_garwoods_stand_beside(
    importing: Importing,
) -> None:
    bring_lives(importing, engines())
    rate = importing.get("/repairs/rates")["district"]
    assert rate["limits"] == "devices"
    low, high = chi2.ppf(0.025, 2 * 46) / 2, chi2.ppf(0.975, 2 * 46 + 2) / 2
    scale = 100 / rate["device_years"]
    assert rate["poisson_low"] == pytest.approx(scale * low)
    assert rate["poisson_high"] == pytest.approx(scale * high)
    assert rate["low"] < rate["poisson_low"] < rate["poisson_high"] < rate["high"]


@pytest.mark.parametrize(("accidents", "low", "high"), [(1, 0.0025, 0.4450), (5, 0.1871, 0.8129)])
def test_a_share_has_clopper_and_pearsons_limits(
    importing: Importing, accidents: int, low: float, high: float
) -> None:
    """Of 10, by their table."""
    bring_lives(importing, [Life(ends=364)] * 10)
    rows = [
        f"{n},{BEGAN + timedelta(days=n + 1)},S{n:04},{'accident' if n < accidents else 'failure'}"
        for n in range(10)
    ]
    bring(importing, "tickets", TICKETS, rows)
    share = importing.get("/repairs/rates")["costs"]["accidents"]
    assert (round(share["low"], 4), round(share["high"], 4)) == (low, high)


@pytest.mark.parametrize(
    ("repairs", "low", "high"),
    [(0, 0.0, 3.6889), (20, 12.2165, 30.8884), (50, 37.1110, 65.9188), (100, 81.3640, 121.6268)],
)
def test_garwoods_limits_of_none_and_of_many(
    importing: Importing, repairs: int, low: float, high: float
) -> None:
    """Garwood's table and its later ones: 100 devices for a year, each on a day of its own."""
    bring_lives(
        importing,
        [
            Life(ends=364, repairs=(3 * place + 7,) if place < repairs else ())
            for place in range(100)
        ],
    )
    rate = importing.get("/repairs/rates")["district"]
    assert (rate["repairs"], rate["device_years"], rate["limits"]) == (repairs, 100.0, "poisson")
    assert (round(rate["low"], 4), round(rate["high"], 4)) == (low, high)


def person_years(model: str, school: str, years: int, events: int) -> list[Life]:
    """A device-day for each: a ratio of rates asks for no unit. No device gets older than a
    year, so schools are the only strata."""
    spans = [365] * (years // 365) + [years % 365]
    per_device = -(-events // (len(spans) - 1))
    found = []
    for place, span in enumerate(spans):
        count = max(0, min(per_device, events - place * per_device))
        ages = tuple(range(5, 5 + 2 * count, 2))
        found.append(Life(ends=span - 1, repairs=ages, model=model, school=school))
    return found


def test_smoking_doctors_have_mantel_and_haenszels_ratio_of_the_textbooks(
    importing: Importing,
) -> None:
    """Stata's `ir deaths smokes pyears, by(agecat)`: 1.424682 (1.154703 to 1.757784)."""
    all_ = []
    for age, (deaths, years, others_deaths, others_years) in DOCTORS.items():
        importing.api.school(age)
        all_ += person_years("Smoker", age, years, deaths)
        all_ += person_years("Other", age, others_years, others_deaths)
    bring_lives(importing, all_)
    found = importing.get("/repairs/comparison", first="Smoker", second="Other")
    assert (found["first_repairs"], found["second_repairs"], found["strata"]) == (630, 101, 5)
    assert round(found["ratio"], 6) == 1.424682
    limits = round(found["poisson_low"], 6), round(found["poisson_high"], 6)
    assert limits == (1.154703, 1.757784)


def test_pumps_have_the_likeliest_gamma_law_and_its_means(importing: Importing) -> None:
    """A day is 8 hours. Shape 0.8223 and rate 1.2590 a thousand hours are those of a negative
    binomial regression with exposure, such as R's `glm.nb` or statsmodels'."""
    bring_lives(
        importing,
        [
            Life(ends=round(125 * hours) - 1, model=f"{place}", repairs=tuple(range(3, 3 + k)))
            for place, (k, hours) in enumerate(PUMPS)
        ],
    )
    found = importing.get("/repairs/rates")
    shape = found["groups_spread"] ** -2
    thousand_hours = 365 / 125
    mean = found["groups_mean_per_100"] / 100 / thousand_hours
    assert (round(shape, 4), round(shape / mean, 4)) == (0.8223, 1.2590)
    rates = [round(each["shrunk"]["per_100"] / 100 * 125 / 365, 4) for each in found["groups"]]
    assert rates == [0.0609, 0.1073, 0.0908, 0.1167, 0.5881, 0.6062, 0.7899, 0.7899, 1.4374, 1.9441]


@pytest.mark.parametrize(
    ("repairs", "years", "devices", "term"),
    [(0, 20, 500, 3), (1, 100, 10, 1), (2, 20, 10, 1), (5, 100, 500, 3), (40, 750, 500, 3)],
)
def test_a_reserve_is_the_quantile_of_the_negative_binomial_count_to_come(
    importing: Importing, repairs: int, years: int, devices: int, term: int
) -> None:
    """Gamma with shape k + 1/2 and rate T (Jeffreys), mixed over Poisson counts."""
    found = importing.get(
        "/insurance", repairs=repairs, device_years=years, devices=devices, term_years=term,
        mean_cost_cents=9900, sd_cost_cents=4000, premium_cents=4500,
    )["comparison"]  # fmt: skip
    ahead = years / (years + devices * term)
    assert found["reserve"]["repairs"] == nbinom.ppf(0.95, repairs + 0.5, ahead)


def test_a_compound_poisson_sum_has_its_mean_and_variance(importing: Importing) -> None:
    """Klugman, Panjer and Willmot: n l T E[C], and n l T E[C^2]."""
    found = importing.get(
        "/insurance", repairs=12, device_years=100, devices=500, term_years=3,
        mean_cost_cents=9900, sd_cost_cents=4000, premium_cents=4500, deductible_cents=2000,
    )["comparison"]  # fmt: skip
    oneself, plan = found["self_insured"], found["plan"]
    assert oneself["expected_cents"] == 180 * 9900
    assert oneself["chance_sd_cents"] == round(sqrt(180 * (9900**2 + 4000**2)))
    assert plan["expected_cents"] == 500 * 4500 + 180 * 2000
    assert plan["chance_sd_cents"] == round(sqrt(180) * 2000)
    assert found["break_even_per_100"] == pytest.approx(100 * 4500 / (3 * 7900))
