"""Devices from Intune, Snipe-IT, Incident IQ, lists of network gear and lists of anything."""

from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest

from broadgauge_collector.imports.model import DeviceRecord, Refused, Taken
from broadgauge_collector.imports.reading import mapped
from tests.unit.collector.example_exports import EXAMPLES, as_csv, mac, outcomes, record, refusal


def device(key: str, n: int = 0, also: dict[str, str] | None = None) -> DeviceRecord:
    return cast("DeviceRecord", record(key, n, also))


def test_intune_says_what_graph_says() -> None:
    found = device("intune")
    assert found.key == "0f6c2b1e-1a2b-4c3d-8e9f-000000000000"
    assert (found.serial, found.make, found.model) == ("7H00000", "Dell Inc.", "Latitude 3340")
    assert (found.os_name, found.os_version) == ("Windows", "10.0.26100.2033")
    assert (found.disk_bytes, found.disk_free_bytes) == (255808987136, 120808987136)
    assert (found.kind, found.byod, found.macs) == ("laptop", False, (mac(0),))
    assert found.enrolled_on == date(2024, 8, 12)
    assert found.last_seen_at == datetime(2026, 10, 29, 8, 11, tzinfo=UTC)


def test_the_admin_centres_own_headings_are_read_and_sizes_without_a_unit_are_not() -> None:
    header = (
        "Device ID", "Device name", "Enrollment date", "Last check-in", "OS", "OS version",
        "Serial number", "Total storage", "Free storage", "Ownership", "Wi-Fi MAC",
        "Primary user UPN",
    )  # fmt: skip
    row = (
        "0f6c2b1e-1a2b-4c3d-8e9f-000000000001", "JAVERY-PC", "2024-08-12", "2026-10-29 08:11:00",
        "iPadOS", "18.1", "DMPX1", "121942", "60000", "Personal", "0024D7000001", "j@example.org",
    )  # fmt: skip
    (found,) = outcomes("intune", as_csv(header, [row]))
    assert isinstance(found, Taken)
    ipad = cast("DeviceRecord", found.record)
    assert (ipad.kind, ipad.byod, ipad.serial) == ("tablet", True, "DMPX1")
    assert (ipad.disk_bytes, ipad.disk_free_bytes) == (None, None)


def test_what_graph_does_not_know_is_not_zero() -> None:
    also = {
        "totalStorageSpaceInBytes": "0", "freeStorageSpaceInBytes": "0",
        "physicalMemoryInBytes": "0",
    }  # fmt: skip
    found = device("intune", 0, also)
    assert (found.disk_bytes, found.disk_free_bytes, found.memory_bytes) == (None, None, None)


def test_snipe_it_says_what_was_bought_and_for_how_long_it_is_covered() -> None:
    found = device("snipe-it-assets")
    assert (found.key, found.serial, found.asset_tag) == ("1000", "PF000000", "LHS-0000")
    assert (found.kind, found.place) == ("laptop", "École Lincoln")
    assert (found.purchased_on, found.end_of_life_on) == (date(2023, 8, 15), date(2029, 8, 15))
    assert (found.purchase_cost_cents, found.currency) == (104_900, "USD")
    assert found.byod is False


def test_a_warranty_is_of_calendar_months_from_the_day_of_purchase() -> None:
    also = {"Warranty Expires": "", "Purchase Date": "1/31/23", "warranty_months": "13 months"}
    assert device("snipe-it-assets", 0, also).warranty_ends_on == date(2024, 2, 29)


def test_a_file_with_a_byte_order_mark_is_read_as_one_without() -> None:
    example = EXAMPLES["snipe-it-assets"]
    data = as_csv(example.header, example.rows(2))
    assert outcomes("snipe-it-assets", b"\xef\xbb\xbf" + data) == outcomes("snipe-it-assets", data)


@pytest.mark.parametrize(
    ("label", "state"),
    [
        ("Ready to Deploy", "in_service"), ("Deployed", "in_service"), ("Pending", "in_repair"),
        ("Out for Repair", "in_repair"), ("Out for Diagnostics", "in_repair"),
        ("Deployed (Out for Repair)", "in_repair"), ("Archived", "retired"), ("Lost", "lost"),
        ("Stolen", "stolen"), ("Lost/Stolen", "lost"), ("Broken - Not Fixable", "retired"),
        ("Waiting for Ms. Lee", None),
    ],
)  # fmt: skip
def test_status_labels_are_states_where_their_words_say_so(label: str, state: str | None) -> None:
    assert device("snipe-it-assets", 0, {"Status": label}).state == state


def test_incident_iq_names_its_asset_and_says_where_it_is() -> None:
    found = device("incident-iq-assets")
    assert found.key == "a0b1c2d3-1111-4222-8333-000000000000"
    assert (found.kind, found.state, found.place) == (
        "chromebook", "in_service", "Jefferson Élémentaire",
    )  # fmt: skip
    assert (found.purchased_on, found.warranty_ends_on) == (date(2024, 7, 1), date(2027, 7, 1))
    assert (found.purchase_cost_cents, found.funding_source) == (32_999, "ESSER III")


def test_network_gear_is_of_its_kind_until_its_support_ends() -> None:
    kinds = [device("network-gear", n).kind for n in range(4)]
    assert kinds == ["access_point", "switch", "firewall", "router"]
    found = device("network-gear", 0, {"Support End": "Apr 2031"})
    assert (found.support_ends_on, found.wifi_standard) == (date(2031, 4, 30), "Wi-Fi 6E")
    assert (found.purchase_cost_cents, found.currency) == (119_500, "USD")


def test_the_kind_of_gear_is_in_its_model_where_no_column_says_it() -> None:
    assert device("network-gear", 0, {"Type": "", "Model": "SRX345 Firewall"}).kind == "firewall"


def test_a_list_of_devices_fills_every_field_that_people_know() -> None:
    found = device("devices")
    assert (found.memory_bytes, found.disk_bytes) == (8 * 1024**3, 256 * 1024**3)
    assert (found.battery_health_ratio, found.battery_cycles) == (0.83, 212)
    assert (found.screen_inches, found.has_keyboard) == (13.6, True)
    assert found.support_ends_on == date(2030, 9, 30)
    assert found.warranty_ends_on == date(2026, 8, 20)
    assert (found.hours_a_week, found.place) == (14.5, "Peña HS")


def test_a_school_outranks_its_building_and_a_room() -> None:
    found = device("devices", 0, {"School": "Peña HS", "Building": "B", "Location": "112"})
    assert found.place == "Peña HS"


def test_other_headings_can_be_mapped() -> None:
    from broadgauge_collector.imports.formats import all_formats

    format_ = mapped(all_formats()["devices"], {"serial": "Nummer", "model": "Gerät"})
    columns = {column.field: column.names for column in format_.columns}
    assert (columns["serial"], columns["model"]) == (("Nummer",), ("Gerät",))


@pytest.mark.parametrize("key", ["devices", "network-gear"])
def test_a_row_that_names_no_device_is_refused(key: str) -> None:
    also = dict.fromkeys(EXAMPLES[key].keys, "")
    assert "which device" in refusal(key, 0, {**also, "MAC Address": ""})


def test_a_serial_number_that_is_none_names_no_device() -> None:
    also = {"Device ID": "", "Asset Tag": "", "MAC Address": ""}
    assert "which device" in refusal("devices", 0, {**also, "Serial Number": "Default string"})


def test_the_key_is_the_sources_id_else_the_serial_number_else_the_asset_tag() -> None:
    assert device("devices").key == "D-00000"
    assert device("devices", 0, {"Device ID": ""}).key == "C020000000"
    assert device("devices", 0, {"Device ID": "", "Serial Number": ""}).key == "RHS-0000"


def test_what_was_bought_in_the_future_is_refused() -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert "bought after today" in refusal("devices", 0, {"Purchase Date": day})


def test_what_was_retired_before_it_was_bought_is_refused() -> None:
    also = {"Status": "Retired", "Retired": "2022-01-01", "Purchase Date": "2023-08-20"}
    assert "before it was bought" in refusal("devices", 0, also)


def test_a_day_of_retirement_retires_and_one_to_come_is_a_plan() -> None:
    gone = device("devices", 0, {"Status": "", "Retired": "2025-06-30"})
    assert (gone.state, gone.state_since) == ("retired", date(2025, 6, 30))
    day = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
    planned = device("devices", 0, {"Status": "Active", "Retired": day})
    assert (planned.state, planned.state_since) == ("in_service", None)
    assert "status says otherwise" in refusal(
        "devices", 0, {"Status": "Active", "Retired": "2025-06-30"}
    )


def test_no_disk_has_more_free_than_it_holds() -> None:
    assert "free" in refusal("devices", 0, {"Free Storage": "512 GB"})


def test_a_negative_cost_is_refused_and_so_are_two_currencies() -> None:
    assert "negative" in refusal("devices", 0, {"Purchase Cost": "-899.00"})
    assert "currencies" in refusal("devices", 0, {"Purchase Cost": "€899.00", "Currency": "USD"})


def test_a_refused_row_can_be_mended_from_what_is_kept_of_it() -> None:
    header, row = EXAMPLES["devices"].header, list(EXAMPLES["devices"].row(0))
    row[header.index("Purchase Date")] = "2024-02-30"
    (found,) = outcomes("devices", as_csv(header, [row]))
    assert isinstance(found, Refused)
    assert found.cells["Purchase Date"] == "2024-02-30"
    assert not {"User", "Email", "Notes"} & found.cells.keys()
