"""Parts that were changed, as the pages show them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from broadgauge_collector.fleet.signals import DeviceSignal
from broadgauge_dashboard.views.device_signals import DECIDE, SHOWN, signals_list, signals_panel
from broadgauge_dashboard.views.device_words import source_name, value_of
from tests.unit.dashboard.seeing import texts, walk

DEVICE = UUID("0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11")


def signal(number: int = 0, **facts: Any) -> DeviceSignal:
    return DeviceSignal(
        id=UUID(int=number), device_id=DEVICE, school="Lincoln",
        noticed_at=datetime(2026, 11, 2, tzinfo=UTC),
        **{"serial": "5CD1", "asset_tag": None, "model": "ProBook", "part": "disk",
           "before": "KIOXIA, 256 GB", "after": "WDC, 512 GB", "state": "open",
           "decided_at": None} | facts,
    )  # fmt: skip


def buttons(shown: Any) -> list[Any]:
    ids = (getattr(each, "id", None) for each in walk(shown))
    return [id_ for id_ in ids if isinstance(id_, dict)]


def test_the_list_leads_to_each_device_and_says_what_changed() -> None:
    shown = signals_list([signal()])
    said = texts(shown)
    for words in ("5CD1", "Lincoln", "Disk", "KIOXIA, 256 GB", "WDC, 512 GB", "2026-11-02"):
        assert words in said
    assert f"/device/{DEVICE}" in [getattr(each, "href", None) for each in walk(shown)]


def test_where_nothing_changed_nothing_is_said() -> None:
    assert signals_list([]) is None
    assert signals_panel([signal(state="dismissed")], may_decide=True) is None


def test_of_very_many_the_newest_are_shown_and_all_are_counted() -> None:
    shown = signals_list([signal(n, serial=f"S{n}") for n in range(SHOWN + 5)])
    said = texts(shown)
    assert f"{SHOWN + 5} changes" in said
    assert f"S{SHOWN - 1}" in said
    assert f"S{SHOWN + 1}" not in said


def test_who_may_not_decide_sees_no_buttons() -> None:
    assert buttons(signals_panel([signal()], may_decide=False)) == []
    assert buttons(signals_panel([signal(7)], may_decide=True)) == [
        {"type": DECIDE, "signal": str(UUID(int=7)), "how": how} for how in ("confirm", "dismiss")
    ]


def test_disks_and_the_support_table_are_told_in_words() -> None:
    disks = [{"model": "KIOXIA", "size_bytes": 256 * 10**9}, {"size_bytes": 10**12}]
    assert value_of("disks", disks) == "KIOXIA, 256 GB; 1,000 GB"
    assert source_name("support table") == "Support table"
    assert "estimate" in source_name("support table, estimated")
