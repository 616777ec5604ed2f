"""Sinks in the control database: what they are, their tokens, and how far each is.

Functions take a connection inside a transaction; those that change something need a write one.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from broadgauge_wire import new_id

from ..errors import Conflict, Invalid, NotFound
from ..schools.checks import check_host, check_port, clean_name, name_key
from ..store.tables import sink as sinks
from ..store.tables import sink_progress, sink_refused, sink_token
from .model import Progress, Proof, RefusedPoint, Sink, SinkKind, SinkStatus

MAX_URL = 400
MAX_REFUSED_KEPT = 1000
"""Refused points of a sink that are kept with their reasons; all are counted."""

_PROGRESS = tuple(sink_progress.c[name] for name in Progress.__struct_fields__)


def add_sink(
    c: Connection,
    *,
    name: str,
    kind: SinkKind,
    url: str,
    org: str,
    bucket: str,
    token: str | None,
    proof: Proof,
    now: datetime,
) -> Sink:
    """Add a sink that begins with the first result there is. Conflict if the name is taken."""
    cleaned = clean_name(name, "The sink's name")
    row = {
        "id": new_id(),
        "name": cleaned,
        "name_key": name_key(cleaned),
        "kind": kind,
        "url": check_url(url),
        "org": clean_name(org, "The organization"),
        "bucket": clean_name(bucket, "The bucket"),
        "proof": proof,
        "added_at": now,
    }
    with _name_taken(cleaned):
        c.execute(insert(sinks).values(row))
    if token is not None:
        c.execute(insert(sink_token).values(sink_id=row["id"], token=check_token(token)))
    c.execute(insert(sink_progress).values(sink_id=row["id"], **asdict(Progress())))
    return _sink(c.execute(select(sinks).where(sinks.c.id == row["id"])).one())


def remove_sink(c: Connection, sink_id: UUID) -> None:
    """Forget a sink, its token and how far it was. What was sent there stays there."""
    for table in (sink_refused, sink_progress, sink_token):
        c.execute(delete(table).where(table.c.sink_id == sink_id))
    c.execute(delete(sinks).where(sinks.c.id == sink_id))


def find_sink(c: Connection, name_or_id: str) -> Sink:
    """One sink by its name (in any case) or id. NotFound."""
    for sink in list_sinks(c):
        if name_key(name_or_id) in {name_key(sink.name), str(sink.id)}:
            return sink
    raise NotFound(f"There is no sink named {name_or_id!r}. See: broadgauge sinks list")


def list_sinks(c: Connection) -> tuple[Sink, ...]:
    """Every sink, by name."""
    return tuple(_sink(row) for row in c.execute(select(sinks).order_by(sinks.c.name_key)))


def token_of(c: Connection, sink_id: UUID) -> str | None:
    """What to send along to a sink; None if it asks for nothing."""
    query = select(sink_token.c.token).where(sink_token.c.sink_id == sink_id)
    found: str | None = c.execute(query).scalar_one_or_none()
    return found


def statuses(c: Connection) -> tuple[SinkStatus, ...]:
    """Every sink with how far it is, by name."""
    found = {row.sink_id: row for row in c.execute(select(sink_progress))}
    return tuple(_status(sink, found[sink.id]) for sink in list_sinks(c))


def hold(
    c: Connection, sink_id: UUID, holder: UUID, now: datetime, lasting: timedelta
) -> Progress | None:
    """Be the one that writes to a sink, for a while: of several collectors, one at a time does.
    How far the sink is; None if another one holds it, or it was removed."""
    free = or_(
        sink_progress.c.holder.is_(None),
        sink_progress.c.holder == holder,
        sink_progress.c.held_until < now,
    )
    held = update(sink_progress).where(sink_progress.c.sink_id == sink_id, free)
    if c.execute(held.values(holder=holder, held_until=now + lasting)).rowcount != 1:
        return None
    row = c.execute(select(*_PROGRESS).where(sink_progress.c.sink_id == sink_id)).one()
    return Progress(**row._asdict())


def save(
    c: Connection,
    sink_id: UUID,
    holder: UUID,
    progress: Progress,
    held_until: datetime | None,
) -> bool:
    """Keep how far a sink is, and go on holding it until then, or let go. False if another holds
    it meanwhile: then nothing is kept."""
    mine = (sink_progress.c.sink_id == sink_id) & (sink_progress.c.holder == holder)
    kept: dict[str, Any] = asdict(progress)
    kept |= {"holder": holder if held_until else None, "held_until": held_until}
    return bool(c.execute(update(sink_progress).where(mine).values(kept)).rowcount)


def set_aside(c: Connection, sink_id: UUID, points: Iterable[RefusedPoint], now: datetime) -> None:
    """Keep which points a sink refused, and why: each once, and no more than can be read."""
    mine = sink_refused.c.sink_id == sink_id
    count = select(func.count()).select_from(sink_refused).where(mine)
    room = MAX_REFUSED_KEPT - c.execute(count).scalar_one()
    for point in points:
        same = mine & (sink_refused.c.result_id == point.result_id)
        if room > 0 and c.execute(select(sink_refused.c.kind).where(same)).first() is None:
            row = {"sink_id": sink_id, "refused_at": now, **asdict(point)}
            c.execute(insert(sink_refused).values(row))
            room -= 1


def refused_points(c: Connection, sink_id: UUID) -> tuple[RefusedPoint, ...]:
    """Points that a sink refused, the first ones."""
    query = select(sink_refused).where(sink_refused.c.sink_id == sink_id)
    return tuple(
        RefusedPoint(result_id=row.result_id, kind=row.kind, reason=row.reason)
        for row in c.execute(query.order_by(sink_refused.c.refused_at, sink_refused.c.result_id))
    )


def check_url(url: str) -> str:
    """Address of a database: scheme, host, perhaps a port and a path, and no secrets in it."""
    cleaned = url.strip().rstrip("/")
    try:
        parts = urlsplit(cleaned)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Invalid(f"{url[:MAX_URL]!r} is no address ({error}).") from error
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    shown = cleaned.isascii() and cleaned.isprintable() and " " not in cleaned
    if parts.scheme not in ("http", "https") or not (plain and shown and len(cleaned) <= MAX_URL):
        raise Invalid(
            f"{url[:MAX_URL]!r} is no address of a database: give one like "
            "https://influxdb.example.org:8086, and a token in a file of its own."
        )
    check_host(host.replace(":", "-"))  # an IPv6 address has them, and stood in brackets
    if port is not None:
        check_port(port)
    return cleaned


def check_token(token: str) -> str:
    """A token that can be sent in a header. Invalid otherwise."""
    cleaned = token.strip()
    if cleaned and cleaned.isascii() and cleaned.isprintable():
        return cleaned
    raise Invalid("The token is empty, or has characters that no token has.")


@contextmanager
def _name_taken(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"There is already a sink named {name!r}. Choose another name.") from error


def _sink(row: Row[Any]) -> Sink:
    return Sink(**{name: getattr(row, name) for name in Sink.__struct_fields__})


def _status(sink: Sink, row: Row[Any]) -> SinkStatus:
    shown = SinkStatus.__struct_fields__[1:]
    return SinkStatus(sink=sink, **{name: getattr(row, name) for name in shown})
