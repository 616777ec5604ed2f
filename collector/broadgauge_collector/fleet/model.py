"""Devices as pages and programs are told of them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Struct

from broadgauge_wire.fields import about

from ..imports.model import DeviceKind, DeviceState
from .merging import Conflict


class Device(Struct, frozen=True, kw_only=True):
    """A device, by what all its sources say."""

    id: Annotated[UUID, about("What the collector calls it")]
    school: Annotated[str | None, about("School, if it is known")]
    place: Annotated[str | None, about("Where it is, in the words of its source")]
    serial: Annotated[str | None, about("Serial number")]
    asset_tag: Annotated[str | None, about("Asset tag")]
    kind: Annotated[DeviceKind | None, about("What it is")]
    make: Annotated[str | None, about("Manufacturer")]
    model: Annotated[str | None, about("Model")]
    state: Annotated[DeviceState | None, about("Whether it is in service")]
    state_since: Annotated[date | None, about("Since when")]
    os_name: Annotated[str | None, about("Operating system")]
    os_version: Annotated[str | None, about("Its version")]
    support_ends_on: Annotated[date | None, about("Last day with updates")]
    purchased_on: Annotated[date | None, about("When it was bought")]
    purchase_cost_cents: Annotated[int | None, about("What it cost, in hundredths")]
    currency: Annotated[str | None, about("ISO 4217; null where no source says")]
    warranty_ends_on: Annotated[date | None, about("Last day of the warranty")]
    memory_bytes: Annotated[int | None, about("Memory installed", "byte")]
    battery_health_ratio: Annotated[
        float | None, about("What its battery still holds of what it was made for")
    ]
    hours_a_week: Annotated[float | None, about("How long it is on", "h")]
    last_seen_at: Annotated[datetime | None, about("When a source last heard of it")]
    sources: Annotated[str, about("Who says so")]
    conflicts: Annotated[int, about("Fields of which sources say different things")]
    vanished: Annotated[bool, about("No source has it any more")]


class SourceSays(Struct, frozen=True, kw_only=True):
    """What one source says of a device."""

    source: Annotated[str, about("Source")]
    key: Annotated[str, about("Its own name of the device")]
    said_at: Annotated[datetime, about("When what it says now came in")]
    vanished_at: Annotated[datetime | None, about("When it didn't have the device any more")]
    facts: Annotated[dict[str, Any], about("What it says, by field")]


class DeviceTicket(Struct, frozen=True, kw_only=True):
    """A ticket or maintenance of a device."""

    source: Annotated[str, about("Source")]
    key: Annotated[str, about("Its own name of the ticket")]
    opened_on: Annotated[date | None, about("When it was opened")]
    closed_on: Annotated[date | None, about("When it was closed")]
    facts: Annotated[dict[str, Any], about("What is said of it, by field")]


class WholeDevice(Struct, frozen=True, kw_only=True):
    """All that is known of a device."""

    device: Annotated[Device, about("What all sources together say")]
    facts: Annotated[dict[str, Any], about("Every field that is known")]
    origins: Annotated[dict[str, str], about("By field, the source it is from")]
    conflicts: Annotated[tuple[Conflict, ...], about("Where sources disagree")]
    sources: Annotated[tuple[SourceSays, ...], about("What each source says")]
    tickets: Annotated[tuple[DeviceTicket, ...], about("Its tickets, newest first")]


class DevicePage(Struct, frozen=True, kw_only=True):
    """Some of the devices that were asked for."""

    total: Annotated[int, about("How many there are in all")]
    devices: Annotated[tuple[Device, ...], about("Those of this page")]


class DeviceGroup(Struct, frozen=True, kw_only=True):
    """Devices that have something in common."""

    name: Annotated[str | None, about("What they have in common; null: not known")]
    devices: Annotated[int, about("How many")]
    conflicts: Annotated[int, about("How many of them sources disagree on")]
    oldest: Annotated[date | None, about("When the oldest was bought")]
