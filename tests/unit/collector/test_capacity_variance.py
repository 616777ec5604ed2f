"""Variance components, against layouts whose answer is known."""

import numpy as np
import pytest

from broadgauge_collector.capacity.variance import components

SCHOOLS, ROOMS, TESTS = 12, 5, 6


def test_a_balanced_nested_layout_gives_the_textbook_answer() -> None:
    """One factor of k levels with n each: (MSB - MSW) / n between, MSW within."""
    values = np.array([1.0, 2, 3, 5, 6, 7, 9, 9, 12])
    levels = np.repeat([0, 1, 2], 3)
    means = values.reshape(3, 3).mean(1)
    within = ((values - means[levels]) ** 2).sum() / 6
    between = 3 * ((means - values.mean()) ** 2).sum() / 2
    found = components(values, {"schools": levels})
    assert found["rest"] == pytest.approx(within)
    assert found["schools"] == pytest.approx((between - within) / 3)


def test_known_variances_are_found_again_though_tests_come_unevenly() -> None:
    random = np.random.default_rng(4)
    found: dict[str, list[float]] = {name: [] for name in ("schools", "rooms", "hours", "rest")}
    for _ in range(200):
        size = SCHOOLS * ROOMS * TESTS
        school = random.integers(0, SCHOOLS, size) * random.integers(0, 2, size)
        room = school * ROOMS + random.integers(0, ROOMS, size)
        hour = random.integers(0, 8, size)
        values = (
            random.normal(0, 1.0, SCHOOLS)[school]
            + random.normal(0, 0.5, SCHOOLS * ROOMS)[room]
            + random.normal(0, 0.3, 8)[hour]
            + random.normal(0, 0.2, size)
        )
        for name, variance in components(
            values, {"schools": school, "rooms": room, "hours": hour}
        ).items():
            found[name].append(variance)
    assert np.mean(found["schools"]) == pytest.approx(1.0, rel=0.2)
    assert np.mean(found["rooms"]) == pytest.approx(0.25, rel=0.2)
    assert np.mean(found["hours"]) == pytest.approx(0.09, rel=0.3)
    assert np.mean(found["rest"]) == pytest.approx(0.04, rel=0.2)


def test_rooms_cannot_be_told_from_schools_that_have_one_each() -> None:
    school = np.repeat([0, 1, 2], 10)
    values = school + np.tile(np.linspace(-0.1, 0.1, 10), 3)
    found = components(values, {"schools": school, "rooms": school * 7})
    assert list(found) == ["schools", "rest"]
    assert found["schools"] == pytest.approx(1, abs=0.01)


def test_one_school_has_nothing_between_schools() -> None:
    random = np.random.default_rng(5)
    values = random.normal(0, 1, 60)
    found = components(values, {"schools": np.zeros(60, np.int64), "rooms": np.arange(60) // 20})
    assert "schools" not in found
    assert found["rest"] == pytest.approx(1, rel=0.4)
    assert found["rooms"] < 0.2
