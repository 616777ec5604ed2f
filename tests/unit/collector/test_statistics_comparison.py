"""Comparisons of two models, on simulated districts of which it is known which breaks more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from broadgauge_collector.fleet.statistics.comparison import (
    Comparison,
    compare,
    compare_pieces,
)
from broadgauge_collector.fleet.statistics.exposure import split_by_age
from broadgauge_collector.fleet.statistics.strata import device_scores, pair_of

Whole = NDArray[np.int64]
PiecesOf = tuple[Whole, Whole, Whole, Whole, NDArray[np.float64], Whole]


def _district(
    random: np.random.Generator, schools: int, ratio: float = 1.0, uneven: float = 0.0
) -> PiecesOf:
    """Schools of 8 to 50 devices: each rough in its own way and with its own mix of models, of
    which the first is older; devices of unequal frailty break more with each year.

    `uneven` is how much schools differ in which of the models they break more.
    """
    school = np.repeat(np.arange(schools), random.integers(8, 50, schools))
    devices = len(school)
    mix = random.beta(1.5, 1.5, schools)
    side = (random.random(devices) < mix[school]).astype(np.int64)
    entry = random.uniform(0, np.where(side == 0, 2.5, 1.5))
    pieces = split_by_age(entry, entry + random.uniform(0.5, 2, devices))
    rough = random.lognormal(0, 0.5, schools)[school]
    rough *= random.lognormal(-(uneven**2) / 2, uneven, (schools, 2))[school, side]
    rate = 0.2 * rough * np.where(side == 0, ratio, 1) * random.exponential(1, devices)
    rows = pieces.device
    repairs = random.poisson(rate[rows] * np.exp(0.3 * pieces.age) * pieces.years)
    return side[rows], np.asarray(rows), school[rows], np.asarray(pieces.age), pieces.years, repairs


def _rejected(schools: int, districts: int, uneven: float = 0.0) -> float:
    """How often equal models are told apart."""
    random = np.random.default_rng(5)
    found = [compare_pieces(*_district(random, schools, 1.0, uneven)) for _ in range(districts)]
    return float(np.mean([one.verdict in ("first_more", "second_more") for one in found]))


def _of(rows: list[tuple[int, int, int, int, float, int]]) -> Comparison:
    """Rows of side, device, school, age, years and repairs."""
    side, device, school, age, years, repairs = (np.array(one) for one in zip(*rows, strict=True))
    return compare_pieces(side, device, school, age, years.astype(np.float64), repairs)


def _school(
    school: int, first: list[int], second: list[int], age: int = 0
) -> list[tuple[int, int, int, int, float, int]]:
    """Devices watched for a year each, with these repairs."""
    return [
        (side, 1000 * school + 100 * side + row, school, age, 1.0, repairs)
        for side, kind in enumerate((first, second))
        for row, repairs in enumerate(kind)
    ]


@pytest.mark.parametrize("schools", [20, 30, 40])
def test_equal_models_are_told_apart_in_about_5_percent_of_districts(schools: int) -> None:
    # In 4,000 of each it is 4.3 to 4.4%; one standard error here is 0.6%.
    assert 0.03 < _rejected(schools, 1200, uneven=0.3) < 0.065


@pytest.mark.parametrize("schools", [4, 8, 12])
def test_with_few_schools_equal_models_are_told_apart_no_more_often(schools: int) -> None:
    assert _rejected(schools, 600) < 0.07


def test_a_model_that_breaks_twice_as_often_is_found_and_its_limits_hold() -> None:
    random = np.random.default_rng(8)
    found = [compare_pieces(*_district(random, 30, 2.0)) for _ in range(300)]
    assert np.mean([one.verdict == "first_more" for one in found]) > 0.9
    assert np.mean([(one.low or 0) <= 2 <= (one.high or 1e9) for one in found]) > 0.92
    assert np.median([one.ratio or 0 for one in found]) == pytest.approx(2, rel=0.05)


def test_rates_of_all_ages_and_schools_together_would_name_the_wrong_model() -> None:
    # The second is used by rough schools, so that it is repaired more on the whole; in each
    # school the first breaks twice as often.
    rows = []
    for school in range(12):
        rough, first, second = (1, 40, 5) if school < 6 else (8, 5, 40)
        rows += _school(school, [2 * rough] * first, [rough] * second)
    found = _of(rows)
    assert found.first_repairs / found.first_device_years < 0.6 * (
        found.second_repairs / found.second_device_years
    )
    assert found.ratio == pytest.approx(2)
    assert found.verdict == "first_more"


def test_the_ratio_is_mantel_and_haenszels_worked_by_hand() -> None:
    found = _of([*_school(0, [3, 1], [1, 0, 0, 0]), *_school(1, [0, 2, 2], [1, 0, 1])])
    assert found.ratio == pytest.approx((4 * 4 / 6 + 4 * 3 / 6) / (1 * 2 / 6 + 2 * 3 / 6))
    assert (found.schools, found.strata, found.method, found.clusters) == (2, 2, "devices", 12)
    assert (found.first_repairs, found.second_repairs) == (8, 3)


@given(st.integers(2, 14), st.integers(0, 2**32 - 1))
def test_the_other_way_round_everything_is_turned_round(schools: int, seed: int) -> None:
    district = _district(np.random.default_rng(seed), schools, 1.5)
    there, back = compare_pieces(*district), compare_pieces(1 - district[0], *district[1:])
    turned = {"first_more": "second_more", "second_more": "first_more"}
    assert back.verdict == turned.get(there.verdict, there.verdict)
    assert there.p_value == pytest.approx(back.p_value, abs=1e-9)
    for one, other in ((there.low, back.high), (there.high, back.low), (there.ratio, back.ratio)):
        assert 1 / one == pytest.approx(other, rel=1e-4) if one else other in (None, 0)


@given(st.integers(2, 14), st.floats(0.3, 3), st.integers(0, 2**32 - 1))
def test_the_limits_enclose_the_ratio_and_agree_with_the_verdict(
    schools: int, ratio: float, seed: int
) -> None:
    found = compare_pieces(*_district(np.random.default_rng(seed), schools, ratio))
    low, high = found.low or 0.0, np.inf if found.high is None else found.high
    if found.ratio is not None:
        assert low <= found.ratio <= high
    if found.verdict == "same":
        assert low <= 1.001
        assert high >= 0.999
    if found.verdict == "first_more":
        assert low > 0.999
    if found.verdict == "second_more":
        assert high < 1.001


@pytest.mark.parametrize("schools", [3, 10])
def test_one_device_with_200_repairs_does_not_make_its_model_surely_worse(schools: int) -> None:
    rows = [row for one in range(schools) for row in _school(one, [1, 0, 1, 0, 0], [1, 0, 0, 1, 0])]
    rows[0] = (*rows[0][:5], 200)
    found = _of(rows)
    assert found.ratio is not None
    assert found.ratio > 5
    assert found.verdict == "same"
    assert "can't be told apart" in found.sentence


def test_8_common_schools_are_the_clusters_and_7_are_not() -> None:
    random = np.random.default_rng(2)
    for schools, method in ((7, "devices"), (8, "schools")):
        rows = [
            row
            for one in range(schools)
            for row in _school(one, random.poisson(1, 9).tolist(), random.poisson(1, 9).tolist())
        ]
        found = _of(rows)
        assert found.method == method
        assert found.clusters == (18 * 7 if schools == 7 else 8)


def test_schools_that_are_all_alike_still_give_a_verdict() -> None:
    rows = [row for one in range(10) for row in _school(one, [2, 2], [1, 1])]
    found = _of(rows)
    assert found.verdict == "first_more"
    assert found.ratio == pytest.approx(2)


def test_a_kind_without_any_repair_is_judged_by_the_exact_test() -> None:
    # All of 8 repaired devices are of the second kind, that has half of the device-years.
    found = _of(_school(0, [0] * 10, [1] * 8 + [0] * 2))
    assert (found.method, found.ratio, found.low) == ("exact", 0, 0)
    assert found.p_value == pytest.approx(2 * 0.5**8)
    assert found.high is not None
    assert found.high == pytest.approx(1 / 0.025 ** (1 / 8) - 1, rel=1e-6)
    assert found.verdict == "second_more"
    turned = _of(_school(0, [1] * 8 + [0] * 2, [0] * 10))
    assert (turned.ratio, turned.high, turned.verdict) == (None, None, "first_more")
    assert turned.low == pytest.approx(1 / found.high)
    assert "or more" in turned.sentence


def test_in_the_exact_test_a_device_counts_once_however_often_it_broke() -> None:
    found = _of(_school(0, [0] * 10, [200] + [0] * 9))
    assert found.p_value == 1
    assert found.verdict == "same"


def test_in_the_exact_test_a_device_that_broke_at_two_ages_counts_once() -> None:
    rows = [*_school(0, [0] * 4, [1] * 4), *_school(0, [0] * 4, [1] * 4, age=1)]
    assert _of(rows).p_value == pytest.approx(2 * 0.5**4)


def test_the_exact_test_is_never_too_sure_where_devices_are_alike() -> None:
    random = np.random.default_rng(3)
    found = [
        _of(_school(0, random.poisson(0.1, 12).tolist(), random.poisson(0.1, 30).tolist()))
        for _ in range(400)
    ]
    sure = [one for one in found if one.method == "exact" and one.verdict != "same"]
    assert len(sure) / len(found) < 0.05


def test_models_that_no_school_has_at_the_same_age_cannot_be_compared() -> None:
    found = _of([*_school(0, [1, 2], []), *_school(1, [], [3]), *_school(0, [], [1], age=2)])
    assert (found.verdict, found.ratio, found.p_value, found.strata) == ("unknown", None, None, 0)
    assert "No school has had" in found.sentence


def test_models_that_were_never_repaired_cannot_be_compared() -> None:
    found = _of(_school(0, [0, 0], [0]))
    assert (found.verdict, found.ratio, found.strata) == ("unknown", None, 1)
    assert "Neither" in found.sentence


def test_of_devices_themselves_time_is_cut_at_their_birthdays() -> None:
    # The second is only watched at age 1, so the first's repair at age 0 has nothing beside it.
    found = compare(
        np.array([0, 1, 2]),
        np.array([0, 0, 0]),
        np.array([0.0, 1.0, 0.0]),
        np.array([2.0, 2.0, 2.0]),
        np.array([0, 0, 1, 2]),
        np.array([0.5, 1.5, 1.5, 1.5]),
        names=("Model A", "Model B"),
    )
    assert (found.first_repairs, found.second_repairs, found.strata) == (1, 1, 1)
    assert found.first_device_years == 1
    assert found.ratio == pytest.approx(1)
    assert found.sentence.startswith("Model A and Model B can't be told apart")


def test_a_devices_score_is_as_wide_as_it_is_even_alone_in_its_stratum() -> None:
    random = np.random.default_rng(6)
    strata = 4000
    ones = np.arange(strata)
    pair = pair_of(
        np.repeat([0, 1], strata), np.arange(2 * strata), np.tile(ones, 2),
        np.zeros(2 * strata, np.int64), np.ones(2 * strata), random.poisson(1.0, 2 * strata),
    )  # fmt: skip
    assert (device_scores(pair)(1.0) ** 2).sum() == pytest.approx(strata / 2, rel=0.06)
