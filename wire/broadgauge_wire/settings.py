"""Settings of probes: what an agent's file may say of them, and its collector too.

Both sides hold them to the bounds that stand here; an agent holds its collector to its own.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from .fields import END, Text, about
from .spec import MAX_TEXT

DAY = 86400.0
WEEK = 7 * DAY

SHOWN = 40
"""Characters of a wrong value that its error repeats."""

ENABLED = "Whether this probe runs"
INTERVAL = "Mean time between runs; the gaps vary at random, so that no habit of the day is missed"
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
HOURS = rf"^(any|{CLOCK}-{CLOCK}){END}"


class InventoryConfig(Struct, frozen=True, kw_only=True):
    """What the machine is."""

    enabled: Annotated[bool, about(ENABLED)] = True
    interval_seconds: Annotated[
        Annotated[float, Meta(ge=60, le=4 * WEEK)], about(INTERVAL, "s")
    ] = DAY
    applications: Annotated[
        bool,
        about(
            "Whether the inventory tells which applications are installed for everybody on the "
            "machine: names and versions, and nothing from anybody's own folder"
        ),
    ] = False


class LatencyConfig(Struct, frozen=True, kw_only=True):
    """Round trips to each test server. Light: about 1 kbit/s for some seconds."""

    enabled: Annotated[bool, about(ENABLED)] = True
    interval_seconds: Annotated[Annotated[float, Meta(ge=1, le=WEEK)], about(INTERVAL, "s")] = 300.0


class ThroughputConfig(Struct, frozen=True, kw_only=True):
    """Bandwidth to each test server. Heavy: it fills the line while it runs."""

    enabled: Annotated[bool, about(ENABLED)] = True
    interval_seconds: Annotated[
        Annotated[float, Meta(ge=10, le=4 * WEEK)], about(INTERVAL, "s")
    ] = 14400.0
    max_seconds: Annotated[
        Annotated[float, Meta(ge=0.5, le=10)],
        about(
            "Longest time one direction may take; most take about one second. Under 5 s a burst "
            "can't be told from the line's rate, so such tests never count; ndt7 servers send no "
            "longer than 10 s",
            "s",
        ),
    ] = 10.0
    hours: Annotated[
        Annotated[str, Meta(pattern=HOURS)],
        about(
            "When tests may start, by this machine's local clock: any, or a span such as "
            "16:30-06:00. Outside it no test is due"
        ),
    ] = "any"
    max_bytes_per_day: Annotated[
        Annotated[float, Meta(ge=0, le=1e13)],
        about(
            "Most payload that tests over a network may cost this machine between two local "
            "midnights. A test that would exceed it is skipped, and that is reported",
            "byte",
        ),
    ] = 50e9
    max_bytes_per_month: Annotated[
        Annotated[float, Meta(ge=0, le=1e14)],
        about(
            "The same for a calendar month. The server keeps to it too, and to the day's, by the "
            "school's local time",
            "byte",
        ),
    ] = 500e9
    school_max_bytes_per_day: Annotated[
        Annotated[float, Meta(ge=0, le=1e14)],
        about(
            "Most payload that tests may cost a school in a day, all of its machines together. "
            "The server gives no slot beyond it; an agent alone can't tell",
            "byte",
        ),
    ] = 500e9
    school_max_bytes_per_month: Annotated[
        Annotated[float, Meta(ge=0, le=1e14)],
        about("The same for a calendar month", "byte"),
    ] = 5e12
    max_wait_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=300)],
        about(
            "How long a test waits for others to end on its line. Then it is skipped, and that is "
            "reported",
            "s",
        ),
    ] = 60.0
    min_battery_percent: Annotated[
        Annotated[float, Meta(ge=0, le=100)],
        about(
            "A machine on battery below this charge skips tests that load the network, and reports "
            "it; 0 for never",
            "%",
        ),
    ] = 30.0
    skip_when_metered: Annotated[
        bool,
        about(
            "Whether a test is skipped, and that reported, where the system holds the connection "
            "for one that is paid by use"
        ),
    ] = True
    skip_when_busy: Annotated[
        bool,
        about(
            "Whether a test is skipped, and that reported, while this machine is in use. Switch it "
            "off for a machine that is there to measure and for nothing else"
        ),
    ] = True
    max_bytes: Annotated[
        Annotated[float, Meta(ge=1e5, le=1e11)],
        about("Most payload that one direction of one test may cost. A test ends there", "byte"),
    ] = 2e10
    per_client_bits_per_second: Annotated[
        Annotated[float, Meta(ge=0, le=1e12)],
        about(
            "What the network lets one machine have, where the district limits that; 0 if it "
            "doesn't. A test that reads so much says: the line is this fast or faster",
            "bit/s",
        ),
    ] = 0.0


class MlabConfig(Struct, frozen=True, kw_only=True):
    """Tests to M-Lab's public servers, which publish every result with the school's address.

    Their policy: one connection, at most four tests a day, at random times.
    """

    enabled: Annotated[
        bool, about(ENABLED + ". M-Lab publishes results with the school's public address")
    ] = False
    interval_seconds: Annotated[
        Annotated[float, Meta(ge=DAY / 4, le=4 * WEEK)], about(INTERVAL, "s")
    ] = DAY / 4
    locate_url: Annotated[Text, about("Where the nearest public server is asked for")] = (
        "https://locate.measurementlab.net/v2/nearest/ndt/ndt7"
    )


class OoklaConfig(Struct, frozen=True, kw_only=True):
    """Tests with speedtest-cli, to a public Ookla server or a Speedtest Mini server."""

    enabled: Annotated[bool, about(ENABLED)] = False
    interval_seconds: Annotated[
        Annotated[float, Meta(ge=3600, le=4 * WEEK)], about(INTERVAL, "s")
    ] = DAY
    server: Annotated[
        Text, about("Address of a Speedtest Mini server; empty for the nearest public one")
    ] = ""


class LibrespeedConfig(Struct, frozen=True, kw_only=True):
    """Tests to a LibreSpeed server."""

    enabled: Annotated[bool, about(ENABLED)] = False
    interval_seconds: Annotated[
        Annotated[float, Meta(ge=3600, le=4 * WEEK)], about(INTERVAL, "s")
    ] = DAY
    server: Annotated[Text, about("Address of the LibreSpeed server's folder of scripts")] = ""


class ProbesConfig(Struct, frozen=True, kw_only=True):
    """One table a probe."""

    inventory: InventoryConfig = InventoryConfig()
    latency: LatencyConfig = LatencyConfig()
    throughput: ThroughputConfig = ThroughputConfig()
    mlab: MlabConfig = MlabConfig()
    ookla: OoklaConfig = OoklaConfig()
    librespeed: LibrespeedConfig = LibrespeedConfig()


class Setting(Struct, frozen=True):
    """One setting: its dotted key, type with bounds, default, unit and meaning."""

    key: str
    type: Any
    default: Any
    unit: str
    meaning: str


def settings_of(table: type[Struct], prefix: str = "") -> Iterator[Setting]:
    """Every setting of a table and the tables in it, in the order they are declared."""
    hints = get_type_hints(table, include_extras=True)
    for field in msgspec.structs.fields(table):
        key = prefix + field.name
        if isinstance(field.default, Struct):
            yield from settings_of(type(field.default), key + ".")
        else:
            said: Meta = get_args(hints[field.name])[-1]
            unit = str((said.extra or {}).get("unit", ""))
            yield Setting(key, hints[field.name], field.default, unit, said.description or "")


PROBE_SETTINGS: Mapping[str, Setting] = {
    setting.key: setting for setting in settings_of(ProbesConfig, "probes.")
}
"""What a collector may set on its agents, by key."""


def convert(setting: Setting, value: Any, *, strict: bool = True) -> Any:
    """The value in the setting's type. ValueError, in words, if it is none; text unless strict."""
    try:
        return msgspec.convert(value, setting.type, strict=strict)
    except msgspec.ValidationError as error:
        words = f'"{setting.key}" is {_shown(value)}; it must be {expected(setting)}'
        raise ValueError(words) from error


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no integers of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def expected(setting: Setting) -> str:
    """What a setting may be, in words for its error and its docs."""
    inner, *metas = get_args(setting.type)
    if inner is bool:
        return "true or false"
    if get_origin(inner) is Literal:
        return "one of " + ", ".join(get_args(inner))
    if inner is float:
        low = next(meta.ge for meta in metas if meta.ge is not None)
        high = next(meta.le for meta in metas if meta.le is not None)
        return f"a number from {low:.15g} to {high:.15g}"
    if any(meta.pattern == HOURS for meta in metas):
        return "any, or a span such as 16:30-06:00"
    return f"text of at most {MAX_TEXT} characters"


def nearest(key: str, known: Iterable[str]) -> str:
    """The known key most like this one, or the one whose last part is: for misplaced keys."""
    keys = list(known)
    whole = difflib.get_close_matches(key, keys, n=1, cutoff=0.75)
    if whole:
        return whole[0]
    lasts = {candidate.rpartition(".")[2]: candidate for candidate in reversed(keys)}
    near = difflib.get_close_matches(key.rpartition(".")[2], lasts, n=1, cutoff=0.75)
    return lasts[near[0]] if near else difflib.get_close_matches(key, keys, n=1, cutoff=0)[0]
