"""A sink, and how far it is."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct

from broadgauge_wire.fields import about

SinkKind = Literal["influxdb"]
Proof = Literal["age", "snapshot"]


class Sink(Struct, frozen=True, kw_only=True):
    """A time series database that gets every result. Its token is kept apart and said nowhere."""

    id: Annotated[UUID, about("What the collector calls it")]
    name: Annotated[str, about("What people call it")]
    kind: Annotated[SinkKind, about("What it speaks")]
    url: Annotated[str, about("Address it answers at")]
    org: Annotated[str, about("Organization in it; VictoriaMetrics has none and ignores it")]
    bucket: Annotated[str, about("Bucket in it; VictoriaMetrics has none and ignores it")]
    proof: Annotated[
        Proof,
        about(
            "What proves that points outlive a crash of the database: half a minute without a "
            "restart (age), or a snapshot, made and removed at once (VictoriaMetrics)"
        ),
    ]
    added_at: Annotated[datetime, about("Since when it is known, UTC")]


class Progress(Struct, frozen=True, kw_only=True):
    """How far a sink is. Commits up to `commit_number` of the store `incarnation` are proven."""

    incarnation: UUID | None = None
    commit_number: int = 0
    points: int = 0
    refused_points: int = 0
    outdated_points: int = 0
    behind_since: datetime | None = None
    proven_at: datetime | None = None
    trouble: str | None = None


class SinkStatus(Struct, frozen=True, kw_only=True):
    """A sink, how far it is, and what it is waiting for."""

    sink: Annotated[Sink, about("The sink")]
    points: Annotated[int, about("Points that it has for certain; one for each result")]
    refused_points: Annotated[
        int, about("Points that it refused for what is in them. They are left out, and counted")
    ]
    outdated_points: Annotated[
        int, about("Points that it let go because they are older than what it keeps")
    ]
    behind_since: Annotated[
        datetime | None,
        about("When the oldest result that it hasn't for certain came in, UTC; null if it has all"),
    ]
    proven_at: Annotated[
        datetime | None, about("When points last became certain, UTC; null if none did so far")
    ]
    trouble: Annotated[str | None, about("Why nothing can be sent to it now; null if all is well")]


class RefusedPoint(Struct, frozen=True, kw_only=True):
    """A result whose point a sink refused, and why."""

    result_id: UUID
    kind: str
    reason: str
