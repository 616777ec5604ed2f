"""What a district's own exports brought to light."""

import io
from datetime import date
from typing import Any, cast

import pytest
import xlsxwriter

from broadgauge_collector.fleet.merging import Precedence, Said, merged
from broadgauge_collector.imports.model import DeviceRecord
from tests.api_client import Api
from tests.unit.collector.example_exports import record
from tests.unit.collector.test_api_imports import Importing, counts, google, row


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school()
    return Importing(api)


def device(format_: str, **also: str) -> DeviceRecord:
    return cast("DeviceRecord", record(format_, 0, also))


def said(source: str, **facts: Any) -> Said:
    return Said(source=source, record=DeviceRecord(key="1", **facts))


def together(*sources: Said) -> DeviceRecord:
    return merged(sources, Precedence(), {}).record


@pytest.mark.parametrize("count", ["0", "3"])
def test_gam_counts_the_days_of_use_beside_them_and_the_row_is_taken(count: str) -> None:
    assert device("gam", activeTimeRanges=count).hours_a_week == 7.5


def test_how_long_a_model_lasts_is_no_day_and_refuses_no_asset() -> None:
    assert device("snipe-it-assets", EOL="72 months").end_of_life_on == date(2029, 8, 15)


@pytest.mark.parametrize(
    "cell", ["Tue Aug 15, 2023", "Tuesday, August 15, 2023", "Tue 15 Aug 2023"]
)
def test_a_date_may_begin_with_its_day_of_the_week(cell: str) -> None:
    assert device("snipe-it-assets", **{"Purchase Date": cell}).purchased_on == date(2023, 8, 15)


def test_a_day_of_retirement_is_not_that_of_another_sources_state() -> None:
    google = said("google", state="retired", state_since=date(2026, 6, 12))
    assert together(said("snipe-it", state="in_service"), google).state_since is None
    assert together(said("snipe-it", state="retired"), google).state_since == date(2026, 6, 12)


def test_a_day_that_somebody_here_gave_holds_of_whatever_state_the_sources_say() -> None:
    hand = said("hand", state_since=date(2026, 5, 1))
    assert together(hand, said("snipe-it", state="retired")).state_since == date(2026, 5, 1)


def test_an_amount_is_not_in_the_currency_of_another_sources_amount() -> None:
    iiq = said("incident-iq", purchase_cost_cents=30000, currency="EUR")
    assert together(said("snipe-it", purchase_cost_cents=32999), iiq).currency is None
    assert together(iiq).currency == "EUR"


def test_a_ticket_of_another_serial_number_is_not_of_the_device_that_has_its_tag_now(
    importing: Importing,
) -> None:
    importing.bring(google(row(1)))
    ticket = "Incident #,Incident Date,Serial,Asset Tag\nT-1,2026-09-01,SOLD9,TAG1\n"
    importing.bring(ticket.encode(), "tickets")
    assert tickets_of(importing, "SN00001") == []
    importing.bring(b"Serial Number,Asset Tag\nSOLD9,OLD9\n", "devices")
    assert tickets_of(importing, "SOLD9") == ["T-1"]


def tickets_of(importing: Importing, serial: str) -> list[str]:
    (found,) = importing.get("/devices", search=serial)["devices"]
    return [ticket["key"] for ticket in importing.get(f"/devices/{found['id']}")["tickets"]]


def test_the_same_file_again_stands_in_the_way_of_no_undoing(importing: Importing) -> None:
    importing.bring(google(row(1)))
    changed = importing.bring(google(row(1, "HP Chromebook 14")))
    importing.bring(google(row(1, "HP Chromebook 14")))
    assert importing.act(changed, "undo")["state"] == "undone"
    (found,) = importing.get("/devices")["devices"]
    assert found["model"] == "HP Chromebook 11"


def test_the_consoles_export_taken_as_gams_says_each_ones_state(importing: Importing) -> None:
    importing.bring(google(row(1)), "gam")
    (found,) = importing.get("/devices")["devices"]
    assert found["state"] == "in_service"


def test_a_new_device_whose_row_is_refused_keeps_no_other_from_vanishing(
    importing: Importing,
) -> None:
    importing.bring(google(row(1), row(2)))
    new = row(3).replace("TAG3", "1.2E+11")
    assert counts(importing.bring(google(row(1), new))) == (2, 1, 0, 0, 1, 1)
    assert importing.serials(vanished=True) == ["SN00002"]


def test_a_device_that_was_enrolled_again_and_is_refused_has_not_vanished(
    importing: Importing,
) -> None:
    importing.bring(google(row(1), row(2)))
    again = row(2).replace("id-2", "id-9").replace("TAG2", "1.2E+11")
    assert counts(importing.bring(google(row(1), again)))[-1] == 0


def test_what_a_list_of_devices_needs_is_said_in_a_few_words_and_what_the_file_looks_like(
    importing: Importing,
) -> None:
    found = importing.bring(b"School,Room,Seats,Outlets\nLincoln,Room 1,24,6\n", "devices")
    assert found["state"] == "failed"
    assert len(found["trouble"]) < 200
    assert "It looks like What rooms have" in found["trouble"]


def test_intunes_nought_is_no_battery_that_is_worn_out() -> None:
    found = device("intune", batteryHealthPercentage="0", batteryChargeCycles="0")
    assert (found.battery_health_ratio, found.battery_cycles) == (None, None)
    found = device("intune", batteryHealthPercentage="87", batteryChargeCycles="312")
    assert (found.battery_health_ratio, found.battery_cycles) == (0.87, 312)


@pytest.mark.parametrize("front", [[], ["Read me", "Chart"]])
def test_what_a_workbook_could_not_compute_is_refused_and_takes_nothing_back(
    importing: Importing, front: list[str]
) -> None:
    importing.bring(b"Serial Number,Cost\nA1,$300\nA2,$300\n", "devices")
    found = importing.bring(workbook(front, [("A1", "#REF!"), ("A2", "#N/A")]), "devices")
    (refused,) = importing.get(f"/import-runs/{found['id']}/refused")
    assert (refused["line"], "could not compute" in refused["reason"]) == (2, True)
    costs = [each["purchase_cost_cents"] for each in importing.get("/devices")["devices"]]
    assert sorted(costs, key=str) == [30000, None]


def workbook(front: list[str], rows: list[tuple[str, str]]) -> bytes:
    """With sheets of words before that of devices, whose costs failed."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        for name in front:
            book.add_worksheet(name).write_formula(1, 1, "=1/0", None, "#DIV/0!")
        sheet = book.add_worksheet("Devices")
        sheet.write_row(0, 0, ["Serial Number", "Cost"])
        for number, (serial, error) in enumerate(rows, 1):
            sheet.write(number, 0, serial)
            sheet.write_formula(number, 1, "=VLOOKUP(A2,Costs,2)", None, error)
    return target.getvalue()


def test_a_list_without_days_of_retirement_takes_none_back_while_the_state_holds(
    importing: Importing,
) -> None:
    console = "deviceId,serialNumber,provisionStatus,lastDeprovision\n1-a,SN1,{},{}\n"
    importing.bring(console.format("DEPROVISIONED", "2026-06-12").encode())
    gam = "deviceId,serialNumber,status\n1-a,SN1,{}\n"
    importing.bring(gam.format("DEPROVISIONED").encode(), "gam")
    assert state_of(importing) == ("retired", "2026-06-12")
    importing.bring(gam.format("ACTIVE").encode(), "gam")
    assert state_of(importing) == ("in_service", None)


def state_of(importing: Importing) -> tuple[str | None, str | None]:
    (found,) = importing.get("/devices")["devices"]
    return found["state"], found["state_since"]
