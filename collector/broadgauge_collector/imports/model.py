"""What an import is made of: a format's columns, and the records its rows become.

A record has room for what is asked for and nothing else: no name of a person, no e-mail address, no
password and no address of a person has a field. Hardware addresses are hashed with the district's
key before anything is kept.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, BinaryIO, Literal

from msgspec import Struct

from broadgauge_wire.fields import about

DeviceKind = Literal[
    "chromebook", "laptop", "desktop", "tablet", "phone", "server", "printer", "display",
    "router", "switch", "access_point", "firewall", "accessory", "other",
]  # fmt: skip
DeviceState = Literal["in_service", "storage", "loaner", "in_repair", "lost", "stolen", "retired"]
TicketCategory = Literal["failure", "accident", "loss", "theft", "maintenance", "request", "other"]


class DiskPart(Struct, frozen=True, omit_defaults=True):
    """One of a machine's own disks."""

    model: str | None = None
    size_bytes: int | None = None


class DeviceRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a source says of one device. What it doesn't say is None."""

    key: str
    """The source's own name of the device; where it has none, what identifies it."""
    serial: str | None = None
    asset_tag: str | None = None
    macs: tuple[str, ...] = ()
    """Twelve hexadecimal digits each, in lower case."""
    kind: DeviceKind | None = None
    make: str | None = None
    model: str | None = None
    model_number: str | None = None
    place: str | None = None
    """A school, building or organisational unit, in the source's words."""
    state: DeviceState | None = None
    state_since: date | None = None
    byod: bool | None = None
    """Somebody's own device."""
    cpu_model: str | None = None
    memory_bytes: int | None = None
    disk_bytes: int | None = None
    disk_free_bytes: int | None = None
    disk_health: str | None = None
    disks: tuple[DiskPart, ...] | None = None
    """Each of them, where the source tells them apart."""
    battery_health_ratio: float | None = None
    """What the battery still holds of what it was made for, 0 to 1."""
    battery_cycles: int | None = None
    battery_design_watt_hours: float | None = None
    """What the battery held when it was new."""
    batteries: int | None = None
    """How many it has; the facts above are the first one's."""
    os_name: str | None = None
    os_version: str | None = None
    os_build: str | None = None
    os_edition: str | None = None
    """Such as Education or EnterpriseS, where support depends on it."""
    support_ends_on: date | None = None
    """Last day with updates: a Chromebook's automatic updates, network gear's support."""
    extended_support_ends_on: date | None = None
    screen_inches: float | None = None
    has_keyboard: bool | None = None
    wifi_standard: str | None = None
    manufactured_on: date | None = None
    purchased_on: date | None = None
    purchase_cost_cents: int | None = None
    currency: str | None = None
    """ISO 4217; None where the source doesn't say."""
    order_number: str | None = None
    supplier: str | None = None
    funding_source: str | None = None
    warranty_ends_on: date | None = None
    end_of_life_on: date | None = None
    enrolled_on: date | None = None
    last_seen_at: datetime | None = None
    """When the source last heard of the device itself."""
    hours_a_week: float | None = None
    """How long it is in use."""


class TicketRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One repair ticket or maintenance. Subjects, descriptions and notes are people's words, in
    which names stand: they have no field."""

    key: str
    device_key: str | None = None
    """The device's key in the same source."""
    serial: str | None = None
    asset_tag: str | None = None
    place: str | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    category: TicketCategory | None = None
    kind: str | None = None
    """The source's own type, such as Repair or PAT test."""
    issue: str | None = None
    """The source's own category, such as Cracked screen."""
    status: str | None = None
    under_warranty: bool | None = None
    cost_cents: int | None = None
    parts_cents: int | None = None
    labour_cents: int | None = None
    currency: str | None = None
    downtime_days: float | None = None
    """Days without the device, where that isn't from opened to closed."""


class PartRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part used for a ticket."""

    key: str
    ticket_key: str
    device_key: str | None = None
    part: str | None = None
    quantity: float | None = None
    used_on: date | None = None
    cost_cents: int | None = None
    warranty_claim: bool | None = None
    student_damage: bool | None = None


class PeopleRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many people a school has. Counts only."""

    key: str
    place: str
    identifier: str | None = None
    """The school's number with the state or NCES."""
    students: int | None = None
    staff: int | None = None
    by_grade: dict[str, int] = {}


class SchoolRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A school of a public list."""

    key: str
    name: str
    nces_id: str | None = None
    level: str | None = None
    city: str | None = None
    state: str | None = None
    students: int | None = None
    staff: float | None = None
    latitude: float | None = None
    longitude: float | None = None


class RoomRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a survey counted in a room. What nobody looked at is None; 0 is none there."""

    key: str
    place: str | None = None
    """The school, in the source's words."""
    room: str
    surveyed_on: date | None = None
    seats: int | None = None
    outlets: int | None = None
    """Sockets that a charger fits into: a duplex outlet has two."""
    circuits: int | None = None
    """Circuits that feed these sockets."""
    circuit_amperes: float | None = None
    """What the breaker of each is rated for."""
    carts: int | None = None
    """Charging carts."""
    cart_slots: int | None = None
    """Of all its carts together."""
    network_drops: int | None = None
    access_points: int | None = None


Record = DeviceRecord | TicketRecord | PartRecord | PeopleRecord | SchoolRecord | RoomRecord


class RowRefused(Exception):  # noqa: N818 - the word that the pages use
    """Why a row can't be taken, in a sentence that says what to do. It quotes no cell: what stands
    in a shifted column may be anything."""


class Refused(Struct, frozen=True):
    """A row that wasn't taken."""

    line: Annotated[int, about("Where its record begins; 1 is the file's first line")]
    reason: Annotated[str, about("Why, and what to do")]
    cells: Annotated[
        dict[str, str],
        about("Its cells of the columns that are asked for, by the file's headings, to be mended"),
    ] = {}


class Taken(Struct, frozen=True):
    """A row that was taken."""

    line: int
    record: Record


class Column(Struct, frozen=True, kw_only=True):
    """A column that is asked for: the field it fills, and the headings it goes by.

    Headings are compared without case, spaces and punctuation. `value` makes of a cell that isn't
    empty what the field holds; ValueError, with a sentence that quotes nothing, if it can't.
    """

    field: str
    names: tuple[str, ...]
    value: Callable[[str], Any] = str
    required: bool = False
    """Whether a file without this column is none of this format."""


Values = Mapping[str, Any]
"""A row's values by field; what is empty isn't in it."""


class Format(Struct, frozen=True, kw_only=True):
    """An export of some system. `source` says whose words its keys are: two formats of one source
    speak of the same devices."""

    key: str
    title: str
    source: str
    record: type[Record]
    columns: tuple[Column, ...] = ()
    """For tables (CSV, TSV, XLSX): the columns that are asked for."""
    record_of: Callable[[Values], Record] | None = None
    """A row's values to its record. RowRefused if it can't be taken."""
    read: Callable[[BinaryIO], Iterator[Taken | Refused]] | None = None
    """For what is no single table (JSON, a zip with several tables). Unreadable if it is none."""
    looks_like: Callable[[BinaryIO], bool] | None = None
    """Whether a file that is no single table is of this format, at a glance."""
    complete: bool = False
    """Whether a file names all there are, so that what isn't in it any more has vanished."""
    group: Callable[[str], str] | None = None
    """Of a key, the group of which such a file names all, such as a school's rooms; without, it
    names all of the source."""
    example: str = ""
    """How people get such a file, in a sentence."""
