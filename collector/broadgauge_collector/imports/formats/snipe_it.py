"""Assets and maintenances as Snipe-IT exports them. Who has an asset isn't asked for."""

from datetime import date

from ..model import Column, DeviceRecord, DeviceState, Format, TicketCategory, TicketRecord, Values
from ..record_parts import device, identifier, money, months, ticket, warranty_end
from ..values import asset_tag, currency, day, label, macs, number_or_none, serial, text, yes
from ..words import kind_of, state_of

WAITING: dict[str, DeviceState] = {"pending": "in_repair", "deployed (pending)": "in_repair"}
"""Snipe-IT's own label for what can't be handed out until somebody has seen to it."""

UPKEEP: dict[str, TicketCategory] = {
    "maintenance": "maintenance",
    "upgrade": "maintenance",
    "pat test": "maintenance",
    "calibration": "maintenance",
    "configuration change": "maintenance",
    "software support": "other",
}
"""Types that are no repair. Repair and Hardware Support don't say why, so they have no category
and keep their type."""


def _end_of_life(cell: str) -> date | None:
    """A date; None for how long its model lasts, which older versions' lists head with EOL too."""
    try:
        months(cell)
    except ValueError:
        return day(cell)
    return None


def _state(label: str | None) -> DeviceState | None:
    return WAITING.get((label or "").casefold()) or state_of(label)


def _asset(values: Values) -> DeviceRecord:
    bought, length = values.get("purchased_on"), values.get("warranty_months")
    return device(
        values,
        kind=kind_of(values.get("category"), values.get("model")),
        state=_state(values.get("status")),
        warranty_ends_on=values.get("warranty_ends_on") or warranty_end(bought, length),
    )


def _maintenance(values: Values) -> TicketRecord:
    return ticket(values, category=UPKEEP.get(values.get("kind", "").casefold()))


ASSETS = Format(
    key="snipe-it-assets",
    title="Snipe-IT, assets",
    source="snipe-it",
    record=DeviceRecord,
    columns=(
        Column(field="key", names=("id",), value=identifier),
        Column(field="asset_tag", names=("asset_tag",), value=asset_tag, required=True),
        Column(field="serial", names=("serial", "Serial Number"), value=serial),
        Column(field="macs", names=("MAC Address",), value=macs),
        Column(field="category", names=("category",), value=text, required=True),
        Column(field="make", names=("manufacturer",), value=text),
        Column(field="model", names=("model", "Model Name"), value=text),
        Column(field="model_number", names=("Model Number", "Model No."), value=text),
        Column(field="place", names=("location",), value=text),
        Column(field="status", names=("status", "Status Label"), value=text),
        Column(field="byod", names=("byod",), value=yes),
        Column(field="supplier", names=("supplier",), value=label),
        Column(field="order_number", names=("Order Number",), value=number_or_none),
        Column(field="purchased_on", names=("Purchase Date", "Purchased"), value=day),
        Column(field="purchase_cost_cents", names=("Purchase Cost", "Cost"), value=money),
        Column(field="currency", names=("Currency",), value=currency),
        Column(field="warranty_months", names=("warranty_months", "Warranty"), value=months),
        Column(field="warranty_ends_on", names=("Warranty Expires",), value=day),
        Column(
            field="end_of_life_on", names=("Asset EOL Date", "EOL Date", "EOL"),
            value=_end_of_life,
        ),
    ),
    record_of=_asset,
    complete=True,
    example="In Snipe-IT, open Reports, Custom Asset Report, and generate it with every field.",
)  # fmt: skip

MAINTENANCES = Format(
    key="snipe-it-maintenances",
    title="Snipe-IT, maintenances",
    source="snipe-it",
    record=TicketRecord,
    columns=(
        Column(field="key", names=("id",), value=identifier),
        Column(field="asset_tag", names=("asset_tag",), value=asset_tag),
        Column(field="serial", names=("serial", "Serial Number"), value=serial),
        Column(field="place", names=("location",), value=text),
        Column(
            field="kind", names=("asset_maintenance_type", "Maintenance Type"), value=label,
            required=True,
        ),
        Column(field="opened_on", names=("start_date",), value=day, required=True),
        Column(field="closed_on", names=("completion_date",), value=day),
        Column(
            field="under_warranty", names=("is_warranty", "Warranty Improvement", "Warranty"),
            value=yes,
        ),
        Column(field="cost_cents", names=("cost",), value=money),
        Column(field="currency", names=("currency",), value=currency),
    ),
    record_of=_maintenance,
    example="In Snipe-IT, open Maintenances, choose to show all, and export the table as CSV.",
)  # fmt: skip

FORMATS = (ASSETS, MAINTENANCES)
