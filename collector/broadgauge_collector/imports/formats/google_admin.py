"""ChromeOS devices as the Google Admin console exports them. Who uses one isn't asked for."""

from typing import Any

from ..model import Column, DeviceKind, DeviceRecord, DeviceState, Format, Values
from ..record_parts import device, identifier, latest, macs
from ..values import asset_tag, day, moment, month_end, number_or_none, serial, text, yes
from ..values import macs as addresses
from ..words import kind_of

STATES: dict[str, DeviceState] = {
    "ACTIVE": "in_service",
    "PROVISIONED": "in_service",
    "DEPROVISIONED": "retired",
}
"""DISABLED may be a lost one, a stolen one or a late payment: nobody says which."""

ABOUT_THE_DEVICE = (
    Column(field="key", names=("deviceId",), value=identifier, required=True),
    Column(field="serial", names=("serialNumber",), value=serial),
    Column(field="asset_tag", names=("annotatedAssetId", "assetId"), value=asset_tag),
    Column(field="model", names=("model",), value=text),
    Column(field="place", names=("orgUnitPath", "organizationalUnit"), value=text),
    Column(field="os_version", names=("osVersion",), value=text),
    Column(field="wifi_macs", names=("macAddress",), value=addresses),
    Column(field="wired_macs", names=("ethernetMacAddress",), value=addresses),
    Column(field="built_in_macs", names=("ethernetMacAddress0",), value=addresses),
    Column(field="updates_until", names=("autoUpdateThrough",), value=month_end),
    Column(field="updates_once_until", names=("autoUpdateExpiration",), value=month_end),
    Column(field="may_extend", names=("extendedSupportEligible",), value=yes),
    Column(field="extended", names=("extendedSupportEnabled",), value=yes),
    Column(field="extension_begins", names=("extendedSupportStart",), value=day),
    Column(field="manufactured_on", names=("manufacturingDate", "manufactureDate"), value=day),
    Column(field="order_number", names=("orderNumber",), value=number_or_none),
    Column(field="first_enrolled", names=("firstEnrollmentTime",), value=day),
    Column(field="enrolled", names=("enrollmentTime", "lastEnrollmentTime"), value=day),
    Column(
        field="deprovisioned_on", names=("lastDeprovision", "lastDeprovisionTimestamp"), value=day
    ),
    Column(field="synced_at", names=("lastSync", "lastPolicySync"), value=moment),
    Column(field="reported_at", names=("lastReport", "lastStatusReport"), value=moment),
    Column(field="active_at", names=("mostRecentActivity",), value=moment),
)


def chromebook(values: Values, **found: Any) -> DeviceRecord:
    """The record of a row, with what else was found."""
    state = STATES.get(values.get("status", ""))
    return device(
        values,
        kind=_kind(values.get("model")),
        os_name="ChromeOS",
        state=state,
        state_since=values.get("deprovisioned_on") if state == "retired" else None,
        macs=macs(values, "wifi_macs", "wired_macs", "built_in_macs"),
        enrolled_on=values.get("first_enrolled") or values.get("enrolled"),
        last_seen_at=latest(values, "synced_at", "reported_at", "active_at"),
        **_support(values),
        **found,
    )


def _kind(model: str | None) -> DeviceKind:
    """Chromeboxes are among them, and stand on desks."""
    return "desktop" if kind_of(model) == "desktop" else "chromebook"


def _support(values: Values) -> dict[str, Any]:
    """Older models get their last years of updates only where somebody opted in to them."""
    until = values.get("updates_until") or values.get("updates_once_until")
    may_extend, extended = values.get("may_extend"), values.get("extended")
    begins = values.get("extension_begins")
    if extended:
        return {"support_ends_on": until, "extended_support_ends_on": until}
    if may_extend is False or (may_extend is None and begins is None):
        return {"support_ends_on": until}
    if extended is False and begins and until and begins >= until:
        return {"support_ends_on": until}
    return {
        "support_ends_on": begins if extended is False else None,
        "extended_support_ends_on": until,
    }


FORMATS = (
    Format(
        key="google-admin",
        title="Google Admin console, ChromeOS devices",
        source="google",
        record=DeviceRecord,
        columns=(
            *ABOUT_THE_DEVICE,
            Column(field="status", names=("provisionStatus",), value=str.upper, required=True),
        ),
        record_of=chromebook,
        complete=True,
        example="In the Admin console, open Devices, Chrome, Devices, and choose Export.",
    ),
)
