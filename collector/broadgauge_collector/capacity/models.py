"""Blended models, activities, and everything a need is worked out from, each with its source.

A new model or activity is one entry here and nothing else. What no source states says so.
"""

from typing import Annotated, Literal

from msgspec import Struct

from broadgauge_wire.fields import about

ASSUMPTION = "assumption, edit it"
GUIDE = "Blended Learning Implementation Guide 3.0 (2015)"
FCC_SPEEDS = "FCC, Broadband Speed Guide"
ZOOM = "Zoom, bandwidth requirements for group meetings"
SMARTER_BALANCED = "Smarter Balanced, bandwidth per student, as restated by Montana OPI (2013)"
SETDA_GROWTH = (
    "SETDA, medium district: 1.0 Mbps per user for 2017-18 (The Broadband Imperative II), 2.0 for "
    "2023-24 (III) is 12% a year; 3.0 for 2020-21 (II) was 44%; the step to 2023-24 was none"
)

MODEL = "model"
"""Key of the model wanted, beside those of the assumptions."""

IQB = (
    "M-Lab, Internet Quality Barometer (2024). It states the latency without naming a load; here "
    "it is held against round trips while a test fills the line"
)

Unit = Literal[
    "ratio", "Mbps", "ms", "devices", "weight", "ratio/year", "inches", "h/week", "yes or no"
]
UseKey = Literal["web", "video", "call"]
USE_TITLES: dict[UseKey, str] = {
    "web": "Web pages and documents",
    "video": "Video streaming",
    "call": "Video calls",
}
"""What a seat is used for, by the key that `use` parameters call it."""

FLEET = "fleet."
"""What keys of figures about devices begin with."""

SEAT = "seat."
"""What keys of a seat's limits begin with: each is one number, without a range."""


class Assumption(Struct, frozen=True, kw_only=True):
    """A number that a need rests on. The truth is taken to lie between `low` and `high`."""

    key: Annotated[str, about("What it is called where it is set")]
    title: Annotated[str, about("What people call it")]
    value: Annotated[float, about("What is reckoned with")]
    low: Annotated[float, about("The least it may be")]
    high: Annotated[float, about("The most it may be")]
    unit: Annotated[Unit, about("Unit of the three")]
    meaning: Annotated[str, about("What it is")]
    source: Annotated[str, about("Who says so; or that nobody does")]
    bounds: Annotated[tuple[float, float], about("What it can be set to")]


class Activity(Struct, frozen=True, kw_only=True):
    """What a device does on the line."""

    key: Annotated[str, about("What assumptions call it")]
    title: Annotated[str, about("What people call it")]


class BlendedModel(Struct, frozen=True, kw_only=True):
    """A way to teach, with what the guide says it takes."""

    key: Annotated[str, about("What it is called where one is chosen")]
    title: Annotated[str, about("What people call it")]
    devices: Annotated[str, about("Devices it takes")]
    people: Annotated[str, about("People it takes")]
    rooms: Annotated[str, about("Rooms it takes")]
    source: Annotated[str, about("Who says so")] = GUIDE


ACTIVITIES = (
    Activity(key="web", title="Web pages, documents, e-mail"),
    Activity(key="video", title="HD video"),
    Activity(key="call", title="Video call"),
    Activity(key="download", title="Large downloads and updates"),
    Activity(key="test", title="Online assessment"),
)

BLENDED_MODELS = (
    BlendedModel(
        key="station_rotation",
        title="Station rotation",
        devices="Up to 3 students a device may suffice (group size, time online)",
        people="May need paraprofessionals for stations",
        rooms="Keeps classrooms",
    ),
    BlendedModel(
        key="lab_rotation",
        title="Lab rotation",
        devices="Up to 3 students a device may suffice (schedule, group size)",
        people="Paraprofessionals in the lab",
        rooms="Needs learning labs, may be a large investment",
    ),
    BlendedModel(
        key="individual_rotation",
        title="Individual rotation or flex",
        devices="Best with a device for each student",
        people="Flexible staffing",
        rooms="New environments, large investment",
    ),
    BlendedModel(
        key="a_la_carte",
        title="A la carte or self-blend",
        devices="Best with a device for each student, above all in high school",
        people="Varies",
        rooms="Less classroom space; a lounge or cyber lab",
    ),
    BlendedModel(
        key="enhanced_virtual",
        title="Enhanced virtual",
        devices="Needs a device for each student",
        people="Varies with time on site",
        rooms="Much less classroom space",
    ),
)

SHARE, RATE, DEVICES, GROWTH = (0.0, 1.0), (0.001, 1000.0), (0.0, 10.0), (-0.5, 2.0)
ROUND_TRIP = (1.0, 10_000.0)


def _assume(
    key: str,
    title: str,
    value: float,
    low: float,
    high: float,
    unit: Unit,
    bounds: tuple[float, float],
    meaning: str,
    source: str = ASSUMPTION,
) -> Assumption:
    return Assumption(
        key=key,
        title=title,
        value=value,
        low=low,
        high=high,
        unit=unit,
        bounds=bounds,
        meaning=meaning,
        source=source,
    )


def _rate(activity: str, value: float, low: float, high: float, source: str) -> Assumption:
    title = next(a.title for a in ACTIVITIES if a.key == activity)
    meaning = f"Download one device takes for: {title}"
    return _assume(f"rate.{activity}", title, value, low, high, "Mbps", RATE, meaning, source)


def _devices(model: str, value: float) -> Assumption:
    found = next(m for m in BLENDED_MODELS if m.key == model)
    meaning = f"The school's devices for each student, {found.title}"
    named = f"Devices a student: {found.title.lower()}"
    ends = (value, value)
    return _assume(f"devices.{model}", named, value, *ends, "devices", DEVICES, meaning, GUIDE)


def _mix(model: str, *weights: float) -> tuple[Assumption, ...]:
    title = next(m.title for m in BLENDED_MODELS if m.key == model)
    return tuple(
        _assume(
            f"mix.{model}.{activity.key}",
            f"{title}: {activity.title[0].lower()}{activity.title[1:]}",
            weight,
            weight,
            weight,
            "weight",
            SHARE,
            f"Share of devices in use at the busiest moment, {title}: {activity.title}. Shares are "
            "put in proportion, so they needn't add up",
        )
        for activity, weight in zip(ACTIVITIES, weights, strict=True)
    )


def _seat(use: UseKey, mbps: float, rtt_ms: float, lost: float) -> tuple[Assumption, ...]:
    """The limits of one use."""
    title = USE_TITLES[use].lower()
    limits: tuple[tuple[str, float, Unit, tuple[float, float], str, str], ...] = (
        ("rate", mbps, "Mbps", RATE, "speed", "Least download a seat needs"),
        ("rtt", rtt_ms, "ms", ROUND_TRIP, "round trip", "Longest round trip under load"),
        ("loss", lost, "ratio", SHARE, "loss", "Most packets lost"),
    )
    return tuple(
        _assume(
            f"{SEAT}{use}.{part}",
            f"A seat, {title}: {named}",
            limit,
            limit,
            limit,
            unit,
            bounds,
            f"{meaning}, for: {title}",
            IQB,
        )
        for part, limit, unit, bounds, named, meaning in limits
    )


_ALL = (
    _assume(
        "students_at_once",
        "Students online at once",
        0.7,
        0.5,
        0.9,
        "ratio",
        SHARE,
        "Share of students online at the busiest moment, if they have devices enough",
    ),
    _assume(
        "devices_at_once",
        "Devices a student uses at once",
        1.2,
        1.0,
        1.5,
        "devices",
        (0.1, 10.0),
        "Devices that a student online uses at once",
        f"{ASSUMPTION}. {GUIDE}: students use more than one device at once (no number)",
    ),
    _assume(
        "own_devices",
        "Students' own devices",
        0.1,
        0.0,
        0.3,
        "devices",
        DEVICES,
        "Students' own devices on the school's network, for each student",
    ),
    _assume(
        "staff_at_once",
        "Staff online at once",
        0.5,
        0.3,
        0.8,
        "ratio",
        SHARE,
        "Share of staff online at the busiest moment, with one device each",
    ),
    _rate("web", 1.0, 1.0, 1.0, f"{FCC_SPEEDS}: 1 Mbps for browsing and e-mail"),
    _rate("video", 5.0, 3.0, 8.0, f"{FCC_SPEEDS}: 5-8 Mbps for HD, 3-4 for standard definition"),
    _rate("call", 1.8, 0.6, 3.0, f"{ZOOM}: 1.8 Mbps down for 720p, 0.6 for 360p, 3.0 for 1080p"),
    _rate("download", 10.0, 5.0, 25.0, f"{FCC_SPEEDS}: 10 Mbps for file downloads; range assumed"),
    _rate("test", 0.05, 0.02, 0.1, f"{SMARTER_BALANCED}: 20 kbps at least, 50 recommended"),
    _devices("station_rotation", 1 / 3),
    _devices("lab_rotation", 1 / 3),
    _devices("individual_rotation", 1.0),
    _devices("a_la_carte", 1.0),
    _devices("enhanced_virtual", 1.0),
    *_mix("station_rotation", 0.80, 0.15, 0.0, 0.02, 0.03),
    *_mix("lab_rotation", 0.70, 0.20, 0.0, 0.02, 0.08),
    *_mix("individual_rotation", 0.75, 0.20, 0.02, 0.02, 0.01),
    *_mix("a_la_carte", 0.60, 0.30, 0.06, 0.03, 0.01),
    *_mix("enhanced_virtual", 0.50, 0.30, 0.15, 0.04, 0.01),
    _assume(
        "growth.people",
        "Growth of people",
        0.0,
        -0.02,
        0.02,
        "ratio/year",
        GROWTH,
        "Yearly growth of students and staff",
    ),
    _assume(
        "growth.devices",
        "Growth of devices",
        0.0,
        0.0,
        0.1,
        "ratio/year",
        GROWTH,
        "Yearly growth of devices for each student, and of those in use at once",
    ),
    _assume(
        "growth.use",
        "Growth of use",
        0.12,
        0.0,
        0.44,
        "ratio/year",
        GROWTH,
        "Yearly growth of what one device takes",
        SETDA_GROWTH,
    ),
    *_seat("web", 10.0, 100.0, 0.01),
    *_seat("video", 25.0, 100.0, 0.01),
    *_seat("call", 25.0, 50.0, 0.005),
)

ASSUMPTIONS = {assumption.key: assumption for assumption in _ALL}


def model_of(key: str) -> BlendedModel:
    """The model of a key that is known."""
    return next(model for model in BLENDED_MODELS if model.key == key)
