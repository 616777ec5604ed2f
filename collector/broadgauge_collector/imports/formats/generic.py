"""Lists of devices and of tickets that people keep themselves. Their own headings can be mapped to
these columns. Users, descriptions and notes aren't among them."""

from ..model import Column, DeviceRecord, Format, TicketRecord, Values
from ..record_parts import (
    device,
    first,
    identifier,
    latest,
    macs,
    money,
    months,
    processor,
    retirement,
    ticket,
    warranty_end,
)
from ..values import (
    asset_tag,
    currency,
    day,
    label,
    moment,
    month_end,
    number,
    number_or_none,
    ratio,
    serial,
    size_bytes,
    text,
    whole,
    yes,
)  # fmt: skip
from ..values import macs as addresses
from ..words import category_of, kind_of, state_of

SERIAL = Column(
    field="serial", names=("Serial Number", "Serial", "Serial No.", "S/N", "Service Tag"),
    value=serial,
)  # fmt: skip
ASSET_TAG = Column(
    field="asset_tag",
    names=("Asset Tag", "Asset Number", "Asset No.", "Tag Number", "Inventory Number"),
    value=asset_tag,
)
PLACES = (
    Column(field="school", names=("School", "School Name", "Campus"), value=text),
    Column(field="building", names=("Building", "Site"), value=text),
    Column(field="location", names=("Location",), value=text),
)
"""Each may be there: a school, a building of it, and a room in that. The first is taken."""
CURRENCY = Column(field="currency", names=("Currency",), value=currency)


def _device(values: Values) -> DeviceRecord:
    bought, length = values.get("purchased_on"), values.get("warranty_months")
    return device(
        values,
        place=first(values, "school", "building", "location"),
        kind=kind_of(values.get("type"), values.get("category"), values.get("model")),
        macs=macs(values, "wifi_macs", "wired_macs"),
        os_version=first(values, "os_version", "firmware"),
        last_seen_at=latest(values, "last_seen_at", "synced_at"),
        warranty_ends_on=values.get("warranty_ends_on") or warranty_end(bought, length),
        **retirement(state_of(values.get("status")), values.get("retired_on")),
    )


def _ticket(values: Values) -> TicketRecord:
    said = (values.get("category_said"), values.get("issue_type"), values.get("kind"))
    return ticket(
        values,
        place=first(values, "school", "building", "location"),
        issue=first(values, "category_said", "issue_type"),
        category=category_of(*said),
        closed_on=first(values, "closed_on", "resolved_on"),
    )


DEVICES = Format(
    key="devices",
    title="A list of devices",
    source="devices",
    record=DeviceRecord,
    columns=(
        Column(field="key", names=("Device ID", "Asset ID", "ID"), value=identifier),
        SERIAL,
        ASSET_TAG,
        Column(field="wifi_macs", names=("MAC Address", "MAC", "Wi-Fi MAC"), value=addresses),
        Column(
            field="wired_macs", names=("Ethernet MAC", "Wired MAC", "LAN MAC"), value=addresses
        ),
        Column(field="type", names=("Device Type", "Type", "Asset Type", "Kind"), value=text),
        Column(field="category", names=("Category", "Form Factor"), value=text),
        Column(field="make", names=("Manufacturer", "Make", "Brand"), value=text),
        Column(field="model", names=("Model", "Model Name", "Device Model"), value=text),
        Column(field="model_number", names=("Model Number", "Model No.", "SKU"), value=text),
        *PLACES,
        Column(field="status", names=("Status", "Asset Status", "Device Status"), value=text),
        Column(field="retired_on", names=("Retired", "Retired On", "Retirement Date"), value=day),
        Column(field="byod", names=("BYOD", "Own Device", "Personally Owned"), value=yes),
        Column(field="cpu_model", names=("CPU", "Processor", "CPU Model"), value=processor),
        Column(
            field="memory_bytes", names=("Memory", "RAM", "Memory (Bytes)"), value=size_bytes
        ),
        Column(
            field="disk_bytes", names=("Storage", "Disk", "Disk Size", "Hard Drive", "SSD"),
            value=size_bytes,
        ),
        Column(
            field="disk_free_bytes", names=("Free Storage", "Disk Free", "Free Space"),
            value=size_bytes,
        ),
        Column(field="disk_health", names=("Disk Health", "SMART Status"), value=label),
        Column(
            field="battery_health_ratio", names=("Battery Health", "Battery Capacity"),
            value=ratio,
        ),
        Column(field="battery_cycles", names=("Battery Cycles", "Cycle Count"), value=whole),
        Column(field="os_name", names=("OS", "Operating System", "Platform"), value=text),
        Column(field="os_version", names=("OS Version", "Operating System Version"), value=text),
        Column(field="firmware", names=("Firmware", "Firmware Version"), value=text),
        Column(
            field="support_ends_on",
            names=(
                "Support End", "Support Ends", "AUE", "AUE Date", "Auto Update Expiration",
                "Auto Update Through", "End of Updates", "End of Support",
            ),
            value=month_end,
        ),
        Column(
            field="extended_support_ends_on",
            names=("Extended Support End", "Extended Support Ends", "Extended AUE"),
            value=month_end,
        ),
        Column(
            field="screen_inches", names=("Screen (Inches)", "Screen Size", "Display Size"),
            value=number,
        ),
        Column(field="has_keyboard", names=("Has Keyboard", "Keyboard"), value=yes),
        Column(field="wifi_standard", names=("Wi-Fi Standard", "Wi-Fi", "Wireless"), value=text),
        Column(field="manufactured_on", names=("Manufactured", "Manufacturing Date"), value=day),
        Column(
            field="purchased_on",
            names=("Purchase Date", "Purchased", "Date Purchased", "Purchased On", "Bought"),
            value=day,
        ),
        Column(
            field="purchase_cost_cents",
            names=("Purchase Cost", "Purchase Price", "Cost", "Price", "Unit Cost"),
            value=money,
        ),
        CURRENCY,
        Column(
            field="order_number",
            names=("Order Number", "PO Number", "PO", "Purchase Order", "PO #"),
            value=number_or_none,
        ),
        Column(field="supplier", names=("Supplier", "Vendor", "Reseller"), value=label),
        Column(field="funding_source", names=("Funding Source", "Funding", "Fund"), value=label),
        Column(
            field="warranty_ends_on",
            names=("Warranty End", "Warranty Ends", "Warranty Expires", "Warranty Expiration",
                   "Warranty Expiration Date", "Warranty End Date"),
            value=day,
        ),
        Column(
            field="warranty_months", names=("Warranty Months", "Warranty (Months)"), value=months
        ),
        Column(
            field="end_of_life_on", names=("EOL Date", "EOL", "End of Life"),
            value=month_end,
        ),
        Column(
            field="enrolled_on", names=("Enrolled", "Enrollment Date", "Date Enrolled"), value=day
        ),
        Column(field="last_seen_at", names=("Last Seen", "Last Check-in"), value=moment),
        Column(field="synced_at", names=("Last Sync", "Last Synced"), value=moment),
        Column(
            field="hours_a_week", names=("Hours a Week", "Hours per Week", "Weekly Hours"),
            value=number,
        ),
    ),
    record_of=_device,
    example=(
        "Save your own list as CSV or XLSX, with a row a device and headings in its first row; map "
        "those that aren't known."
    ),
)  # fmt: skip

TICKETS = Format(
    key="tickets",
    title="A list of repair tickets",
    source="tickets",
    record=TicketRecord,
    columns=(
        Column(
            field="key",
            names=("Incident #", "Incident Number", "Incident ID", "Ticket #", "Ticket Number",
                   "Ticket ID", "Ticket", "Case Number", "Work Order", "Work Order #", "ID"),
            value=identifier,
        ),
        SERIAL,
        ASSET_TAG,
        *PLACES,
        Column(
            field="opened_on",
            names=("Incident Date", "Opened", "Date Opened", "Opened On", "Created",
                   "Created Date", "Date Created", "Reported", "Date Reported", "Open Date"),
            value=day, required=True,
        ),
        Column(
            field="closed_on",
            names=("Completed Date", "Completed", "Date Completed", "Closed", "Date Closed",
                   "Closed Date", "Closed On", "Close Date"),
            value=day,
        ),
        Column(
            field="resolved_on", names=("Resolved", "Date Resolved", "Resolved On"), value=day
        ),
        Column(field="status", names=("Status", "Ticket Status"), value=label),
        Column(
            field="category_said", names=("Category", "Issue Category", "Incident Category"),
            value=label,
        ),
        Column(
            field="issue_type", names=("Issue Type", "Problem Type", "Damage Type"), value=label
        ),
        Column(
            field="kind",
            names=("Type", "Ticket Type", "Incident Type", "Repair Type", "Maintenance Type"),
            value=label,
        ),
        Column(
            field="under_warranty",
            names=("Under Warranty", "Warranty", "In Warranty", "Warranty Claim"), value=yes,
        ),
        Column(
            field="cost_cents", names=("Cost", "Total Cost", "Repair Cost", "Amount"),
            value=money,
        ),
        Column(field="parts_cents", names=("Parts Cost", "Parts", "Part Cost"), value=money),
        Column(
            field="labour_cents", names=("Labor Cost", "Labour Cost", "Labor", "Labour"),
            value=money,
        ),
        CURRENCY,
    ),
    record_of=_ticket,
    example=(
        "Save your list of repairs as CSV or XLSX, with a row a ticket and headings in its first "
        "row; map those that aren't known."
    ),
)  # fmt: skip

FORMATS = (DEVICES, TICKETS)
