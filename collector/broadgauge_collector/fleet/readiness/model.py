"""What readiness is asked of, and what is answered."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct

from broadgauge_wire.fields import about

from ...capacity.models import Assumption

Enough = Literal["enough", "short", "open"]
"""`open`: what isn't known decides it."""

Grade = Annotated[str, about("CEDS code of a grade, such as KG or 03")]


class Specification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device must have at least; null or false: anything will do."""

    inches: Annotated[float | None, about("Diagonal of its screen", "inch")] = None
    keyboard: Annotated[bool, about("Whether it must have a physical keyboard")] = False
    supported: Annotated[bool, about("Whether its system must still get updates")] = False
    memory_bytes: Annotated[int | None, about("Memory", "byte")] = None
    disk_bytes: Annotated[int | None, about("Storage", "byte")] = None


class Output(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something students should produce, who they are, and what that takes."""

    title: Annotated[str, about("What they produce")]
    grades: Annotated[tuple[Grade, ...], about("Grades in which they do; none: all of them")]
    devices_per_student: Annotated[float, about("Devices at once for each student of these grades")]
    least: Annotated[Specification, about("What such a device has at least")]
    source: Annotated[str, about("Who says so")] = "assumption, edit it"


class ReadinessEntries(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What only the district can say."""

    technicians: Annotated[
        float | None, about("People who support devices, full-time equivalents; null: not said")
    ] = None
    outputs: Annotated[tuple[Output, ...], about("What students should produce")] = ()


class Seats(Struct, frozen=True, kw_only=True):
    """Devices that meet something, held against how many are needed."""

    needed: Annotated[int | None, about("Devices needed; null: students aren't known")]
    needed_low: Annotated[int | None, about("The fewest that may be needed")]
    needed_high: Annotated[int | None, about("The most that may be needed")]
    ready: Annotated[int, about("Devices that surely meet it")]
    unknown: Annotated[int, about("Devices of which it isn't known")]
    missing: Annotated[int | None, about("Devices missing, if none of the unknown ones meet it")]
    enough: Annotated[Enough, about("Whether they suffice")]


class OutputSeats(Struct, frozen=True, kw_only=True):
    """One output at one school."""

    title: Annotated[str, about("What students produce")]
    students: Annotated[int | None, about("Students of its grades; null: not known")]
    seats: Annotated[Seats, about("Devices for it")]


class SchoolReadiness(Struct, frozen=True, kw_only=True):
    """One school's devices, held against what is wanted of them."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    students: Annotated[int | None, about("Students, as entered; null: nobody is counted")]
    devices: Annotated[int, about("Devices that students can use there")]
    devices_per_student: Annotated[float | None, about("Devices for each student")]
    model: Annotated[str | None, about("Blended model wanted; null: none is chosen")]
    ratio: Annotated[Seats | None, about("Devices for that model; null: none is chosen")]
    assessment: Annotated[Seats, about("Devices for the state's online assessment")]
    outputs: Annotated[tuple[OutputSeats, ...], about("What students should produce")]
    idle: Annotated[int, about("Underused or in storage: can be pooled")]
    idle_ready: Annotated[int, about("Of these, surely ready for the assessment")]
    use_known: Annotated[int, about("Devices whose hours of use are known")]


class SupportLoad(Struct, frozen=True, kw_only=True):
    """The district's devices for each person who supports them."""

    devices: Annotated[int, about("Devices to support; students' own aren't")]
    technicians: Annotated[float | None, about("People who do, full-time equivalents")]
    per_technician: Annotated[float | None, about("Devices for each of them")]
    at_most: Annotated[float, about("Devices that one can support, as assumed")]
    needed: Annotated[float, about("People needed, full-time equivalents")]
    missing: Annotated[float | None, about("People missing; 0: none; null: not said how many")]


class Readiness(Struct, frozen=True, kw_only=True):
    """Every school's readiness, and the district's."""

    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    day: Annotated[date, about("Updates that ended before this day don't count")]
    schools: Annotated[tuple[SchoolReadiness, ...], about("By name")]
    unplaced: Annotated[int, about("Devices at no school that is known: counted nowhere")]
    support: Annotated[SupportLoad, about("Support load")]
    pooled: Annotated[int, about("Underused or stored devices that are ready for the assessment")]
    pooled_elsewhere: Annotated[
        int, about("Of these, at schools that have enough without them: free to be moved")
    ]
    missing: Annotated[
        int, about("Devices missing for the assessment, over schools whose students are known")
    ]
    figures: Annotated[tuple[Assumption, ...], about("What this rests on, for the district")]
    entries: Annotated[ReadinessEntries, about("What the district said")]
