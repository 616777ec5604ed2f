"""ChromeOS devices, from the Admin console and from GAM."""

from datetime import UTC, date, datetime
from typing import cast

import pytest

from broadgauge_collector.imports.model import DeviceRecord
from tests.unit.collector.example_exports import EXAMPLES, as_csv, record, records, refusal

DAY_MS = 3_600_000 * 5


def admin(n: int = 0, **also: str) -> DeviceRecord:
    return cast("DeviceRecord", record("google-admin", n, also))


def gam(also: dict[str, str]) -> DeviceRecord:
    return cast("DeviceRecord", record("gam", 0, also))


def test_a_chromebook_of_the_admin_console_says_what_it_is_and_where() -> None:
    found = admin()
    assert found.key == "dd1d659a-0ea4-4e94-905e-000000000000"
    assert (found.serial, found.asset_tag) == ("5CD0000000", "WMS-0000")
    assert (found.kind, found.os_name, found.os_version) == (
        "chromebook", "ChromeOS", "141.0.7390.122",
    )  # fmt: skip
    assert found.place == "/Students/Washington MS"
    assert found.macs == ("0024d7000000", "0024d7000001")
    assert found.enrolled_on == date(2023, 8, 1)
    assert found.manufactured_on == date(2023, 5, 17)
    assert found.last_seen_at == datetime(2026, 10, 30, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2031-06-15", date(2031, 6, 15)),
        ("2031-06", date(2031, 6, 30)),
        ("Jun 2031", date(2031, 6, 30)),
        ("1940025600000", date(2031, 6, 24)),
    ],
)
def test_the_end_of_updates_is_read_in_each_of_its_spellings(said: str, meant: date) -> None:
    assert admin(autoUpdateExpiration=said).support_ends_on == meant


def test_the_newer_name_of_the_end_of_updates_outranks_the_old_one() -> None:
    found = admin(autoUpdateExpiration="2029-06", autoUpdateThrough="2031-06")
    assert found.support_ends_on == date(2031, 6, 30)


def test_a_deprovisioned_one_is_retired_since_then_and_a_disabled_one_is_nobody_knows_what() -> (
    None
):
    active, deprovisioned, disabled = (admin(n) for n in range(3))
    assert (active.state, active.state_since) == ("in_service", None)
    assert (deprovisioned.state, deprovisioned.state_since) == ("retired", date(2026, 6, 12))
    assert (disabled.state, disabled.state_since) == (None, None)


def test_a_chromebox_stands_on_a_desk() -> None:
    assert admin(model="HP Chromebox G3").kind == "desktop"


def test_without_opting_in_updates_end_where_extended_ones_begin() -> None:
    found = gam({})
    assert found.support_ends_on == date(2029, 6, 1)
    assert found.extended_support_ends_on == date(2031, 6, 1)


def test_who_has_opted_in_gets_updates_until_the_end() -> None:
    found = gam({"extendedSupportEnabled": "True"})
    assert found.support_ends_on == found.extended_support_ends_on == date(2031, 6, 1)


def test_where_nobody_has_to_opt_in_there_is_one_end() -> None:
    found = gam({"extendedSupportEligible": "False", "extendedSupportStart": ""})
    assert (found.support_ends_on, found.extended_support_ends_on) == (date(2031, 6, 1), None)


def test_whether_somebody_opted_in_is_not_guessed() -> None:
    found = gam({"extendedSupportEnabled": ""})
    assert (found.support_ends_on, found.extended_support_ends_on) == (None, date(2031, 6, 1))


def test_both_exports_speak_of_the_same_device_by_the_same_key() -> None:
    assert admin().key == gam({}).key


def test_gam_says_what_is_on_the_disk_and_in_the_machine() -> None:
    found = gam({})
    assert (found.disk_bytes, found.disk_free_bytes) == (32010928128, 20010928128)
    assert (found.memory_bytes, found.cpu_model) == (
        4063973376,
        "Intel(R) Celeron(R) N4500 1.10GHz",
    )


def test_the_whole_disk_outranks_its_first_volume() -> None:
    also = {
        "diskSpaceUsage.capacityBytes": "64000000000", "diskSpaceUsage.usedBytes": "24000000000",
    }  # fmt: skip
    found = gam(also)
    assert (found.disk_bytes, found.disk_free_bytes) == (64_000_000_000, 40_000_000_000)


def test_hours_a_week_are_those_used_over_the_days_from_first_to_last() -> None:
    # 15 hours from the 5th to the 18th: two weeks
    assert gam({}).hours_a_week == 7.5


def test_hours_are_read_from_json_too() -> None:
    days = ", ".join(f'{{"date": "2026-10-{d:02}", "activeTime": {DAY_MS}}}' for d in (5, 9, 18))
    empty = {h: "" for h in EXAMPLES["gam"].header if h.startswith("activeTimeRanges.")}
    assert gam({**empty, "activeTimeRanges": f"[{days}]"}).hours_a_week == 7.5


def test_a_few_days_are_no_week() -> None:
    assert gam({"activeTimeRanges.2.date": "2026-10-10"}).hours_a_week is None


def test_half_of_what_is_said_of_a_day_makes_no_sum() -> None:
    assert gam({"activeTimeRanges.1.activeTime": ""}).hours_a_week is None
    assert gam({"activeTimeRanges.1.date": ""}).hours_a_week is None


def test_no_day_has_more_than_24_hours() -> None:
    assert "24 hours" in refusal("gam", 0, {"activeTimeRanges.1.activeTime": "90000000"})


def test_the_few_columns_that_gam_prints_by_default_are_enough() -> None:
    header = EXAMPLES["gam"].header[:8]
    (found,) = records("gam", as_csv(header, [EXAMPLES["gam"].row(0)[:8]]))
    assert (found.key, cast("DeviceRecord", found).serial) == (
        "dd1d659a-0ea4-4e94-905e-000000000000", "5CD0000000",
    )  # fmt: skip
