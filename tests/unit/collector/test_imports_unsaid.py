from datetime import date
from io import BytesIO

import pytest

from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.model import DeviceRecord, Format, Record, TicketRecord
from broadgauge_collector.imports.unsaid import filled_by, joined, still_said, unsaid

OF_COLUMNS = [
    format_
    for format_ in all_formats().values()
    if format_.columns and format_.record in (DeviceRecord, TicketRecord)
]


def read(format_: str, heading: str) -> frozenset[str]:
    return frozenset(unsaid(all_formats()[format_], BytesIO(f"{heading}\n1\n".encode())))


@pytest.mark.parametrize("format_", OF_COLUMNS, ids=lambda format_: format_.key)
def test_it_is_known_which_facts_each_column_has_a_part_in(format_: Format) -> None:
    names = format_.record.__struct_fields__
    for column in format_.columns:
        filled = filled_by(column.field, names)
        assert filled
        assert set(filled) <= set(names), column.field


def test_a_column_that_fills_another_fact_speaks_of_that() -> None:
    few = read("snipe-it-assets", "Asset Tag,Category,Status,Warranty,Purchase Cost")
    said = {"asset_tag", "kind", "state", "state_since", "warranty_ends_on", "currency"}
    assert few.isdisjoint(said | {"key", "purchase_cost_cents"})
    assert {"serial", "model", "place", "purchased_on", "support_ends_on"} <= few


def test_days_of_use_speak_of_the_hours_a_week() -> None:
    assert "hours_a_week" in read("gam", "deviceId,status")
    assert "hours_a_week" not in read("gam", "deviceId,activeTimeRanges.0.date")


def test_no_table_is_left_to_who_reads_it() -> None:
    assert unsaid(all_formats()["devices"], BytesIO(b"\x00\x01")) == ()
    assert unsaid(all_formats()["glpi"], BytesIO(b"{}")) == ()


def test_nothing_and_none_said_are_told_apart() -> None:
    before = DeviceRecord(key="1", byod=False, purchase_cost_cents=0, macs=("a" * 12,))
    still = still_said(before, ("byod", "purchase_cost_cents", "macs", "model"))
    assert still == {"byod": False, "purchase_cost_cents": 0, "macs": ("a" * 12,)}


@pytest.mark.parametrize(
    ("record", "still"),
    [
        (
            DeviceRecord(key="1", state="retired", state_since=date(2024, 1, 5)),
            {"purchased_on": date(2025, 8, 1)},
        ),
        (TicketRecord(key="1", closed_on=date(2024, 1, 5)), {"opened_on": date(2025, 8, 1)}),
    ],
)
def test_what_cant_be_true_together_is_as_the_newer_file_says(
    record: Record, still: dict[str, date]
) -> None:
    assert joined(record, still) == record
