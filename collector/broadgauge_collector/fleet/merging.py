"""What several sources say of one device, made one: who wins, and where they disagree."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Struct

from broadgauge_wire.fields import about

from ..imports.model import DeviceRecord
from .support_ends import support_end

HAND, AGENT = "hand", "agent"
GONE = ("retired", "lost", "stolen")
LISTED_TWICE = "key"
NEVER = datetime.min.replace(tzinfo=UTC)

RECORDS = frozenset(
    (
        "asset_tag", "place", "state", "state_since", "byod", "purchased_on",
        "purchase_cost_cents", "currency", "order_number", "supplier", "funding_source",
        "warranty_ends_on", "end_of_life_on", "enrolled_on",
    )
)  # fmt: skip
"""What people write down of a device. The rest is what the device is, which it knows best."""

COMPARED = (
    "serial", "asset_tag", "model", "place", "state", "purchased_on", "purchase_cost_cents",
    "warranty_ends_on", "support_ends_on", "memory_bytes",
)  # fmt: skip
"""Where sources may not differ. The rest changes by the day, or is spelled as each likes."""


TOGETHER = {"state_since": "state", "currency": "purchase_cost_cents"}
"""What says more of another field, and nothing of what a source that differs there says."""

SYSTEM = ("os_name", "os_version", "os_build", "os_edition")
"""By which the end of updates is looked up where no source says it."""


class Precedence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wins where sources disagree: the first that says something. Who isn't named comes last,
    and a source in which the device has vanished after those that still have it."""

    records: Annotated[
        tuple[str, ...], about("For what people write down: place, state, purchase, warranty")
    ] = ("hand", "snipe-it", "incident-iq", "devices", "network-gear", "google", "intune", "glpi")
    hardware: Annotated[tuple[str, ...], about("For what the device is")] = (
        "hand", "agent", "glpi", "google", "intune", "network-gear", "snipe-it", "incident-iq",
        "devices",
    )  # fmt: skip


class Said(Struct, frozen=True, kw_only=True):
    """What one source says of a device."""

    source: str
    record: DeviceRecord
    vanished: bool = False


class Conflict(Struct, frozen=True):
    """A field of which sources say different things, by source."""

    field: Annotated[str, about("Field")]
    said: Annotated[dict[str, Any], about("What each source says")]


class Merged(Struct, frozen=True, kw_only=True):
    """One device of several sources."""

    record: DeviceRecord
    origins: dict[str, str]
    """By field, the source it is from."""
    conflicts: tuple[Conflict, ...]


def merged(said: Sequence[Said], precedence: Precedence, schools: Mapping[str, str]) -> Merged:
    """All that is said, made one. `schools` has the school that a place is, so that a school by
    two names is one."""
    by_records = _in_order(said, precedence.records)
    by_hardware = _in_order(said, precedence.hardware)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for field in _FIELDS:
        for each in by_records if field in RECORDS else by_hardware:
            value = getattr(each.record, field)
            if value is not None and _is_of_same(field, each, values):
                values[field], origins[field] = value, each.source
                break
    if "support_ends_on" not in values:
        end = support_end(*(values.get(name) for name in SYSTEM))
        if end is not None:
            values["support_ends_on"], origins["support_ends_on"] = end
    seen = [s.record.last_seen_at for s in said if s.record.last_seen_at is not None]
    if seen:
        values["last_seen_at"] = max(seen)
    record = DeviceRecord(key="", **values)
    return Merged(record=record, origins=origins, conflicts=tuple(_conflicts(said, schools)))


def _is_of_same(field: str, said: Said, taken: Mapping[str, Any]) -> bool:
    """Whether what a source says in a field is of what was taken: it was retired on a day by the
    source that says that it is retired. Somebody here means what the pages show."""
    main = TOGETHER.get(field)
    if main is None or said.source == HAND:
        return True
    return bool(getattr(said.record, main) == taken.get(main))


def _in_order(said: Sequence[Said], order: tuple[str, ...]) -> list[Said]:
    """The first wins. Of several rows of one source it is one that isn't given up, and then the one
    that came last: a device that was wiped and enrolled again is listed twice."""
    rank = {source: place for place, source in enumerate(order)}
    newest = sorted(said, key=lambda s: _latest(s.record), reverse=True)
    return sorted(
        newest,
        key=lambda s: (s.vanished, rank.get(s.source, len(rank)), s.source, s.record.state in GONE),
    )


def _latest(record: DeviceRecord) -> tuple[date, datetime]:
    return record.enrolled_on or date.min, record.last_seen_at or NEVER


def _conflicts(said: Sequence[Said], schools: Mapping[str, str]) -> Iterable[Conflict]:
    present = [each for each in said if not each.vanished]
    if len(present) < 2:  # one alone disagrees with nobody
        return
    yield from _listed_twice(present)
    best = list(reversed(_in_order(present, ())))
    for field in COMPARED:
        values = {s.source: getattr(s.record, field) for s in best}
        known = {source: value for source, value in values.items() if value is not None}
        if len({_comparable(field, value, schools) for value in known.values()}) > 1:
            yield Conflict(field, msgspec.to_builtins(known))


def _listed_twice(present: Sequence[Said]) -> Iterable[Conflict]:
    """One source has several devices of one serial number, none of them given up: a number typed
    wrong, or a device entered twice."""
    keys = defaultdict[str, list[str]](list)
    for each in present:
        if each.record.state not in GONE:
            keys[each.source].append(each.record.key)
    said = {source: ", ".join(sorted(of)) for source, of in keys.items() if len(of) > 1}
    if said:
        yield Conflict(LISTED_TWICE, said)


def _comparable(field: str, value: Any, schools: Mapping[str, str]) -> Any:
    if field == "place":
        return schools.get(value, value.casefold())
    return value.casefold() if isinstance(value, str) else value


_FIELDS = [f for f in DeviceRecord.__struct_fields__ if f not in {"key", "macs"}]
