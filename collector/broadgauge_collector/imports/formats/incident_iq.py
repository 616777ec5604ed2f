"""Assets, tickets and parts as Incident IQ exports them. Owners, requesters and what they wrote
aren't asked for."""

from ..model import Column, DeviceRecord, Format, PartRecord, RowRefused, TicketRecord, Values
from ..record_parts import check_past, device, identifier, joined, money, ticket
from ..values import asset_tag, cents, day, label, number, number_or_none, serial, text, yes
from ..values import macs as addresses
from ..words import category_of, kind_of, state_of

NO_PART = "nothing says which ticket and part this is: fill in both numbers"


def _asset(values: Values) -> DeviceRecord:
    return device(
        values,
        kind=kind_of(values.get("category"), values.get("model")),
        state=state_of(values.get("status")),
    )


def _ticket(values: Values) -> TicketRecord:
    return ticket(
        values,
        key=values.get("key") or values.get("number"),
        category=category_of(values.get("issue"), values.get("kind")),
    )


def _part(values: Values) -> PartRecord:
    """What was used for a ticket: the cost stays as it is said, for one or for all of them."""
    which, part, used_on = values.get("ticket_key"), values.get("part_id"), values.get("used_on")
    if which is None or part is None:
        raise RowRefused(NO_PART)
    check_past(used_on, "it was used after today: correct the day")
    device_key = values.get("device_key")
    return PartRecord(
        key=values.get("key") or joined(which, part, device_key, used_on),
        ticket_key=which,
        device_key=device_key,
        part=values.get("part_name") or part,
        quantity=values.get("quantity"),
        used_on=used_on,
        cost_cents=values.get("cost_cents"),
        warranty_claim=values.get("warranty_claim"),
        student_damage=values.get("student_damage"),
    )


ASSETS = Format(
    key="incident-iq-assets",
    title="Incident IQ, assets",
    source="incident-iq",
    record=DeviceRecord,
    columns=(
        Column(field="key", names=("AssetId",), value=identifier, required=True),
        Column(field="asset_tag", names=("AssetTag",), value=asset_tag),
        Column(field="serial", names=("SerialNumber",), value=serial, required=True),
        Column(field="macs", names=("MacAddress",), value=addresses),
        Column(field="category", names=("AssetTypeName", "AssetType"), value=text),
        Column(field="make", names=("ManufacturerName", "Manufacturer"), value=text),
        Column(field="model", names=("ModelName", "Model"), value=text),
        Column(field="status", names=("StatusName", "Status"), value=text),
        Column(field="place", names=("LocationName", "Location"), value=text),
        Column(field="purchased_on", names=("PurchaseDate",), value=day),
        Column(field="purchase_cost_cents", names=("PurchasePrice", "PurchaseCost"), value=money),
        Column(
            field="order_number", names=("PurchaseOrder", "PurchasePoNumber", "PONumber"),
            value=number_or_none,
        ),
        Column(field="supplier", names=("VendorName", "Vendor"), value=label),
        Column(field="funding_source", names=("FundingSourceName", "FundingSource"), value=label),
        Column(
            field="warranty_ends_on", names=("WarrantyExpirationDate", "WarrantyExpiration"),
            value=day,
        ),
    ),
    record_of=_asset,
    complete=True,
    example="In Incident IQ, open Assets, choose all, and then Export with the columns of IDs.",
)  # fmt: skip

TICKETS = Format(
    key="incident-iq-tickets",
    title="Incident IQ, tickets",
    source="incident-iq",
    record=TicketRecord,
    columns=(
        Column(field="key", names=("TicketId",), value=identifier, required=True),
        Column(field="number", names=("TicketNumber",), value=identifier),
        Column(field="device_key", names=("AssetId",), value=identifier),
        Column(field="asset_tag", names=("AssetTag",), value=asset_tag),
        Column(field="serial", names=("SerialNumber",), value=serial),
        Column(field="status", names=("StatusName", "Status"), value=label),
        Column(field="issue", names=("CategoryName", "IssueCategoryName"), value=label),
        Column(field="kind", names=("IssueTypeName", "TicketType"), value=label),
        Column(field="place", names=("LocationName", "Location"), value=text),
        Column(field="opened_on", names=("CreatedDate",), value=day, required=True),
        Column(field="closed_on", names=("ClosedDate",), value=day),
        Column(field="cost_cents", names=("TotalCost", "Cost"), value=money),
        Column(field="parts_cents", names=("PartsCost",), value=money),
        Column(field="labour_cents", names=("LaborCost", "LabourCost"), value=money),
        Column(field="under_warranty", names=("WarrantyClaim", "UnderWarranty"), value=yes),
    ),
    record_of=_ticket,
    example="In Incident IQ, open Tickets, choose all, and then Export with the columns of IDs.",
)

PARTS = Format(
    key="incident-iq-parts",
    title="Incident IQ, parts used",
    source="incident-iq",
    record=PartRecord,
    columns=(
        Column(field="key", names=("TicketPartId", "PartUseId"), value=identifier),
        Column(field="ticket_key", names=("TicketId",), value=identifier, required=True),
        Column(field="part_id", names=("PartId",), value=identifier, required=True),
        Column(field="part_name", names=("PartName", "Part"), value=label),
        Column(field="device_key", names=("AssetId",), value=identifier),
        Column(field="quantity", names=("Quantity",), value=number),
        Column(field="used_on", names=("UsedDate",), value=day),
        Column(field="cost_cents", names=("Cost",), value=cents),
        Column(field="warranty_claim", names=("WarrantyClaim",), value=yes),
        Column(field="student_damage", names=("StudentDamage",), value=yes),
    ),
    record_of=_part,
    example="In Incident IQ, open Parts, choose the parts used on tickets, and then Export.",
)

FORMATS = (ASSETS, TICKETS, PARTS)
