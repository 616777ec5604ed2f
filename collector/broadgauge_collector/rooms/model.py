"""Rooms, and what a page in one says of its test."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from broadgauge_wire.fields import BitsPerSecond, Count, Id, Seconds, StopReason, about
from broadgauge_wire.results import MAX_RATES

from .codes import MAX_TYPED

Fault = Literal[
    "closed",
    "unreachable",
    "untrusted",
    "blocked",
    "used_up",
    "busy",
    "refused",
    "broke_off",
    "stalled",
    "not_counted",
    "not_ndt7",
]
"""Why a test in a browser has no rate. Words for each are in rooms/results.py: a page of strangers
says nothing in words of its own."""


class Room(Struct, frozen=True, kw_only=True):
    """A room that browsers may test, and its code."""

    id: Annotated[UUID, about("What the collector calls it")]
    school_id: Annotated[UUID, about("School it is in")]
    school: Annotated[str, about("Its school's name")]
    name: Annotated[str, about("What people call it; the location of its results")]
    code: Annotated[str, about("Code on its sheet: lets anybody in the room test it")]
    made_at: Annotated[datetime, about("When the code was made, UTC")]


class StartedTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page is about to test its room."""

    room: Annotated[Annotated[str, Meta(max_length=MAX_TYPED)], about("The room's code")]
    reflector_id: Annotated[Id, about("Test server that the page was given")]


class TestUnderWay(Struct, frozen=True, kw_only=True):
    """A test that was announced; its result is awaited for so long."""

    id: Annotated[UUID, about("What to call the test when its result is sent")]
    lifetime_seconds: Annotated[float, about("How long its result is awaited", "s")]


class MeasuredPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One direction of a test in a browser: a rate, or a fault that says why there is none."""

    duration_seconds: Annotated[Seconds, about("How long it took", "s")] = 0.0
    bytes_transferred: Annotated[Count | None, about("Payload bytes that it cost", "byte")] = None
    throughput_bits_per_second: Annotated[
        BitsPerSecond | None, about("Payload that arrived, per second", "bit/s")
    ] = None
    rates_bits_per_second: Annotated[
        Annotated[tuple[BitsPerSecond, ...], Meta(max_length=MAX_RATES)],
        about("Payload rate over time", "bit/s"),
    ] = ()
    rate_interval_seconds: Annotated[
        Seconds | None, about("Time that each of these rates stands for", "s")
    ] = None
    measured_from_seconds: Annotated[
        Seconds | None, about("Begin of the part that the estimate rests on", "s")
    ] = None
    measured_to_seconds: Annotated[
        Seconds | None, about("End of the part that the estimate rests on", "s")
    ] = None
    idle_rtt_seconds: Annotated[Seconds | None, about("Shortest round-trip time", "s")] = None
    loaded_rtt_seconds: Annotated[Seconds | None, about("Round-trip time under load", "s")] = None
    stop_reason: Annotated[StopReason | None, about("Why it ended")] = None
    fault: Annotated[Fault | None, about("Why there is no rate")] = None


class FinishedTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page says at the end of its test, or when it is closed before."""

    download: Annotated[MeasuredPart, about("Towards the browser")]
    upload: Annotated[MeasuredPart, about("From the browser")]


class KeptTest(Struct, frozen=True, kw_only=True):
    """The result is stored."""

    room: Annotated[str, about("Room it was kept for")]
    school: Annotated[str, about("Its school")]
