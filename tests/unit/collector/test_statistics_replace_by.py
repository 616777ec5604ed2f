"""By when a device is to be replaced, and why."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.statistics.fiscal_years import begins_on, fiscal_year, middles
from broadgauge_collector.fleet.statistics.replace_by import (
    REASONS,
    SENTENCES,
    ReplaceBy,
    born_between,
    replace_by,
)
from broadgauge_collector.fleet.statistics.replace_rules import (
    AgeLimit,
    ReplaceRules,
    check_rules,
)
from broadgauge_collector.fleet.statistics.system_ends import system_end
from broadgauge_collector.fleet.statistics.wear import (
    AgeBand,
    Weibull,
    check_weibull,
    costly_age,
    costly_ages,
    drawn_weibull,
)
from tests.unit.collector.aging import TODAY, Aging, aging, days

RULES = ReplaceRules()


def judged(device: Aging, rules: ReplaceRules = RULES) -> tuple[date | None, str | None]:
    found = replace_by(aging(device), rules, TODAY)
    reason = int(found.reason[0])
    return found.by[0].item(), REASONS[reason] if reason >= 0 else None


def test_a_laptop_is_replaced_when_it_is_five_years_old() -> None:
    assert judged(Aging(born=date(2024, 7, 1))) == (date(2029, 7, 1), "age")


def test_updates_that_end_earlier_come_first() -> None:
    device = Aging(kind="chromebook", support=date(2028, 6, 1), extended=date(2030, 6, 1))
    assert judged(device) == (date(2028, 6, 1), "support")


def test_extended_support_counts_only_where_the_district_takes_it() -> None:
    device = Aging(kind="chromebook", support=date(2028, 6, 1), extended=date(2029, 1, 1))
    taken = ReplaceRules(extended_support=True)
    assert judged(device, taken) == (date(2029, 1, 1), "support")


def test_an_end_of_windows_can_be_left_out() -> None:
    device = Aging(system=date(2025, 10, 14))
    assert judged(device) == (date(2025, 10, 14), "system")
    assert judged(device, ReplaceRules(system_ends=False))[1] == "age"


def test_what_a_source_says_counts_before_other_reasons_of_that_day() -> None:
    device = Aging(said=date(2027, 1, 1), support=date(2027, 1, 1))
    assert judged(device) == (date(2027, 1, 1), "end_of_life")


def test_a_battery_goes_on_wearing_as_it_did() -> None:
    """A fifth lost in two years: another fifth takes two more."""
    by, reason = judged(Aging(born=date(2024, 7, 1), battery=0.8))
    assert reason == "battery"
    assert by and abs((by - date(2028, 6, 30)).days) <= 1


def test_a_battery_below_the_share_is_worn_now() -> None:
    assert judged(Aging(battery=0.55)) == (TODAY, "battery")
    assert judged(Aging(battery=0.55), ReplaceRules(battery_below=None))[1] == "age"


@pytest.mark.parametrize("health", [1.0, 1.1])
def test_a_battery_that_lost_nothing_gives_no_day(health: float) -> None:
    assert judged(Aging(battery=health))[1] == "age"


def test_costly_repairs_come_at_their_models_age() -> None:
    found = replace_by(aging(Aging(), Aging(model=None)), RULES, TODAY, np.array([3.0]))
    assert found.by[0] == np.datetime64("2027-07-01")
    assert REASONS[found.reason[0]] == "repairs"
    assert REASONS[found.reason[1]] == "age"


def test_a_kind_without_a_limit_has_no_day_and_is_counted() -> None:
    found = replace_by(aging(Aging(kind="printer"), Aging(kind=None), Aging()), RULES, TODAY)
    assert found.without_day.tolist() == [True, True, False]
    assert np.isnat(found.by[:2]).all() and found.reason[:2].tolist() == [-1, -1]


def test_a_device_that_is_gone_is_not_replaced() -> None:
    found = replace_by(aging(Aging(gone=True, support=date(2027, 1, 1))), RULES, TODAY)
    assert np.isnat(found.by[0]) and not found.without_day[0]


def test_an_unknown_age_makes_a_range() -> None:
    found = replace_by(aging(Aging(born=(date(2020, 7, 1), date(2024, 7, 1)))), RULES, TODAY)
    assert [found.earliest[0], found.by[0], found.latest[0]] == [
        np.datetime64("2025-07-01"), np.datetime64("2027-07-01"), np.datetime64("2029-07-01"),
    ]  # fmt: skip


def test_a_known_end_narrows_the_range_of_an_unknown_age() -> None:
    device = Aging(born=(date(2020, 7, 1), date(2024, 7, 1)), support=date(2026, 1, 1))
    found = replace_by(aging(device), RULES, TODAY)
    assert found.earliest[0] == np.datetime64("2025-07-01")
    assert found.latest[0] == np.datetime64("2026-01-01")


dates = st.dates(date(2015, 1, 1), date(2026, 6, 30))
ends = st.none() | st.dates(date(2015, 1, 1), date(2036, 1, 1))


@given(dates, dates, ends, ends, st.none() | st.floats(0, 1.2), st.sampled_from(["laptop", None]))
def test_the_day_lies_in_its_range_and_every_end_can_only_bring_it_forward(
    one: date,
    other: date,
    support: date | None,
    said: date | None,
    battery: float | None,
    kind: str | None,
) -> None:
    born = min(one, other), max(one, other)
    found = replace_by(
        aging(
            Aging(born=born, kind=kind, support=support, said=said, battery=battery),
            Aging(born=born, kind=kind, support=support),
        ),
        RULES,
        TODAY,
    )
    if not np.isnat(found.by[0]):
        assert found.earliest[0] <= found.by[0] <= found.latest[0]
    if not np.isnat(found.by[1]):
        assert found.by[0] <= found.by[1]


def test_there_is_a_sentence_for_each_reason() -> None:
    assert set(SENTENCES) == set(REASONS)


def test_an_unknown_age_begins_with_the_first_of_its_model() -> None:
    born = days([date(2022, 1, 1), date(2023, 1, 1), None, None, None])
    heard = days([None, None, date(2024, 5, 1), None, None])
    model, kind = np.array([0, 0, 0, 1, -1], np.int32), np.array([0, 0, 0, 0, -1], np.int32)
    earliest, latest = born_between(born, heard, model, kind, TODAY, 7)
    assert earliest.tolist()[:4] == [date(2022, 1, 1), date(2023, 1, 1)] + [date(2022, 1, 1)] * 2
    assert latest.tolist()[2:] == [date(2024, 5, 1), TODAY, TODAY]
    assert earliest[4] == np.datetime64("2019-07-01")


def test_a_hundred_thousand_devices_are_judged_at_once() -> None:
    found: ReplaceBy = replace_by(aging(Aging(times=100_000, battery=0.8)), RULES, TODAY)
    assert len(found.by) == 100_000


@pytest.mark.parametrize(
    ("day", "begins", "year"),
    [
        (date(2026, 6, 30), 7, 2026),
        (date(2026, 7, 1), 7, 2027),
        (date(2026, 7, 1), 1, 2026),
        (date(2026, 12, 31), 12, 2027),
    ],
)
def test_a_fiscal_year_is_called_by_the_year_it_ends_in(day: date, begins: int, year: int) -> None:
    assert fiscal_year(day, begins) == year
    assert begins_on(year, begins) <= day < begins_on(year + 1, begins)


def test_the_middle_of_a_fiscal_year_is_half_a_year_from_its_first_day() -> None:
    assert middles(np.array([2027])).tolist() == [date(2027, 1, 1)]


def test_costs_grow_with_the_hazard_until_they_are_too_much() -> None:
    """h(t) = 2/4 (t/4): at 100 a repair, a fifth of 300 is reached where h = .6, at 4.8 years."""
    age = costly_age(Weibull(shape=2, scale_years=4), 10_000, 30_000, 0.2)
    assert age is not None and abs(age - 4.8) < 1e-9


@pytest.mark.parametrize("shape", [0.8, 1.0])
def test_where_the_hazard_does_not_grow_no_age_is_too_old(shape: float) -> None:
    assert costly_age(Weibull(shape=shape, scale_years=4), 10_000, 30_000, 0.2) is None


def test_of_age_bands_the_first_that_costs_too_much_counts() -> None:
    bands = tuple(
        AgeBand(from_years=y, repairs=k, device_years=100) for y, k in enumerate((10, 30, 70, 80))
    )
    assert costly_age(bands, 10_000, 30_000, 0.2) == 2
    assert costly_age(bands, 10_000, 30_000, 0.9) is None


def test_ages_are_spread_as_far_as_the_hazard_is_unknown() -> None:
    fit = Weibull(shape=2, scale_years=4, var_log_shape=0.01, var_log_scale=0.01)
    ages = costly_ages(fit, 10_000, 30_000, 0.2, np.random.default_rng(1), 1000)
    low, middle, high = np.quantile(ages, (0.1, 0.5, 0.9))
    assert 3 < low < 4.2 and abs(middle - 4.8) < 0.1 and 5.6 < high < 8


def test_drawn_logarithms_have_their_variances_and_covariance() -> None:
    fit = Weibull(shape=2, scale_years=4, var_log_shape=0.04, var_log_scale=0.01, covariance=-0.01)
    drawn = np.log(drawn_weibull(fit, np.random.default_rng(1), 20_000))
    assert np.allclose(np.cov(drawn), [[0.04, -0.01], [-0.01, 0.01]], atol=0.0005)


def test_a_covariance_that_cannot_be_is_refused() -> None:
    with pytest.raises(Invalid, match="covariance"):
        check_weibull(Weibull(shape=2, scale_years=4, covariance=0.1))


@pytest.mark.parametrize(
    ("name", "version", "end"),
    [
        ("Windows 10", None, date(2025, 10, 14)),
        ("Windows", "10.0.19045.4529", date(2025, 10, 14)),
        ("Microsoft Windows 10 Education", "10.0.19045", date(2025, 10, 14)),
        ("Windows", "10.0.22631", None),
        ("Microsoft Windows 11 Pro", "10.0.26100", None),
        ("Windows 8.1", "6.3.9600", date(2023, 1, 10)),
        ("Windows 7", "6.1.7601", date(2020, 1, 14)),
        ("Windows", None, None),
        ("Windows Server 2016", "10.0.14393", None),
        ("Windows 10 Enterprise LTSC", "10.0.17763", None),
        ("macOS", "14.4", None),
        (None, None, None),
    ],
)
def test_updates_of_a_windows_end_on_their_day(
    name: str | None, version: str | None, end: date | None
) -> None:
    assert system_end(name, version) == end


def test_updates_of_windows_10_can_be_bought_until_2028() -> None:
    assert system_end("Windows 10", None, extended=True) == date(2028, 10, 10)


@pytest.mark.parametrize(
    "rules",
    [
        ReplaceRules(age_limits=(AgeLimit(kind="laptop", years=0),)),
        ReplaceRules(age_limits=(AgeLimit(kind="laptop", years=5),) * 2),
        ReplaceRules(battery_below=float("nan")),
        ReplaceRules(repairs_above=-1),
        ReplaceRules(unknown_age_years=99),
        ReplaceRules(fiscal_year_begins_in=13),
    ],
)
def test_rules_that_cannot_be_are_refused(rules: ReplaceRules) -> None:
    with pytest.raises(Invalid):
        check_rules(rules)


def test_every_limit_says_whose_it_is() -> None:
    assert all("Blended Learning" in limit.source for limit in RULES.age_limits)
