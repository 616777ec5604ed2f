"""Which databases results can be sent to. One more is a file beside this one, and a line here."""

from importlib.util import find_spec

from ..errors import Invalid
from .destination import Destination
from .model import Sink, SinkKind

NEEDED: dict[SinkKind, tuple[str, str]] = {"influxdb": ("influxdb_client", "influxdb")}
"""The library for each kind, and the extra of this package that brings it."""


def check_kind(kind: SinkKind) -> SinkKind:
    """Invalid if what a kind needs isn't installed."""
    library, extra = NEEDED[kind]
    if find_spec(library) is None:
        raise Invalid(
            f"This server can't send to {kind}: install broadgauge-collector[{extra}] into its "
            "environment and start it again."
        )
    return kind


def open_destination(sink: Sink, token: str | None) -> Destination:
    """What writes to a sink. Its library is loaded by those who have such a sink, only."""
    match sink.kind:
        case "influxdb":
            from .influxdb import InfluxDB

            return InfluxDB(sink, token)
