"""Switches, access points, routers and firewalls, from a list that a district keeps or that its
network's controller exports."""

from ..model import Column, DeviceRecord, Format, Values
from ..record_parts import device, first, identifier, money, retirement
from ..values import (
    asset_tag,
    currency,
    day,
    label,
    macs,
    moment,
    month_end,
    number_or_none,
    serial,
    text,
)  # fmt: skip
from ..words import kind_of, state_of
from .generic import PLACES


def _record(values: Values) -> DeviceRecord:
    state = state_of(values.get("status"))
    return device(
        values,
        kind=kind_of(*map(values.get, ("type", "category", "model", "model_number"))),
        place=first(values, "school", "building", "network", "location"),
        **retirement(state, values.get("retired_on")),
    )


FORMATS = (
    Format(
        key="network-gear",
        title="Network gear",
        source="network-gear",
        record=DeviceRecord,
        columns=(
            Column(field="key", names=("id", "Device ID", "Gear ID"), value=identifier),
            Column(field="serial", names=("Serial", "Serial Number", "S/N"), value=serial),
            Column(field="asset_tag", names=("Asset Tag", "Asset Number", "Tag"), value=asset_tag),
            Column(
                field="macs", names=("MAC", "MAC Address", "Base MAC", "Hardware Address"),
                value=macs,
            ),
            Column(
                field="type", names=("Type", "Device Type", "Gear Type", "Product Type"), value=text
            ),
            Column(field="category", names=("Category", "Role", "Product Family"), value=text),
            Column(field="make", names=("Manufacturer", "Make", "Brand"), value=text),
            Column(field="model", names=("Model", "Model Name"), value=text),
            Column(
                field="model_number",
                names=("Model Number", "Product ID", "PID"), value=text,
            ),
            *PLACES,
            Column(field="network", names=("Network",), value=text),
            Column(field="status", names=("Status", "Device Status"), value=text),
            Column(
                field="os_version",
                names=("Firmware", "Firmware Version", "Software Version", "OS Version"),
                value=text,
            ),
            Column(
                field="wifi_standard",
                names=("Wi-Fi Standard", "Wireless Standard", "802.11", "Wi-Fi Generation"),
                value=text,
            ),
            Column(
                field="support_ends_on",
                names=(
                    "Support End", "Support Ends", "Support End Date", "End of Support",
                    "End of Support Date", "Last Date of Support", "LDoS",
                ),
                value=month_end,
                required=True,
            ),
            Column(
                field="end_of_life_on",
                names=("End of Life", "End of Life Date", "EOL", "EOL Date"), value=month_end,
            ),
            Column(
                field="purchased_on",
                names=("Purchase Date", "Purchased", "Date Purchased", "Bought"), value=day,
            ),
            Column(
                field="purchase_cost_cents",
                names=("Purchase Cost", "Purchase Price", "Cost", "Price", "Unit Cost"),
                value=money,
            ),
            Column(field="currency", names=("Currency",), value=currency),
            Column(
                field="order_number",
                names=("Order Number", "PO", "PO Number", "Purchase Order"),
                value=number_or_none,
            ),
            Column(field="supplier", names=("Supplier", "Reseller"), value=label),
            Column(
                field="funding_source", names=("Funding Source", "Funding", "Fund"), value=label
            ),
            Column(
                field="warranty_ends_on",
                names=("Warranty End", "Warranty Ends", "Warranty Expires", "Warranty Expiration"),
                value=day,
            ),
            Column(
                field="retired_on", names=("Retired", "Retired On", "Retirement Date"), value=day
            ),
            Column(field="last_seen_at", names=("Last Seen", "Last Check-in"), value=moment),
        ),
        record_of=_record,
        example=(
            "Export the device list of your network's controller as CSV, or keep one with a row a "
            "device: serial, type, make, model, school, support end."
        ),
    ),
)  # fmt: skip
