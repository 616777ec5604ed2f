"""One ClickHouse: finding it, asking it, inserting into it."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
from msgspec import Struct

from ..errors import Busy, CannotStart, CollectorError, StorageFull

if TYPE_CHECKING:  # imported only where a server is told to use it
    from clickhouse_connect.driver import Client

INTERFACES = {"clickhouse": "http", "clickhouses": "https"}

UNREADABLE = (
    "--results-url can't be read. Write it as clickhouse://USER@HOST:8123/DATABASE, or as "
    "clickhouses:// for a server that speaks TLS."
)

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60

FULL = ("No space left", "NOT_ENOUGH_SPACE", "quota exceeded")

INSERT = {
    "async_insert": 0,  # answered once it is written, not once it is one of several in memory
    "max_partitions_per_insert_block": 0,  # a spool of years comes in one batch
    "distributed_foreground_insert": 1,
}

LONG_QUERY = 100_000
"""Characters; ClickHouse reads 256 KiB unless told otherwise."""

AT_ONCE = 5000
"""Rows that are Python objects at one moment: millions would keep its garbage collector busy."""


class Address(Struct, frozen=True, kw_only=True):
    """Where results are, from `--results-url`. `ca_cert` is a file with the authority that vouches
    for its certificate, where the system knows none."""

    interface: str
    host: str
    port: int | None
    user: str
    password: str
    database: str
    cluster: str | None = None
    ca_cert: str | None = None

    @property
    def name(self) -> str:
        """For people; without any secret."""
        port = f":{self.port}" if self.port else ""
        return f"ClickHouse database {self.database!r} at {self.host}{port}"


def read_address(url: str) -> Address:
    """CannotStart if it is none: the words never quote it, for it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise CannotStart(UNREADABLE) from None
    asked = dict(parse_qsl(parts.query))
    database = unquote(parts.path.strip("/"))
    if (
        parts.scheme not in INTERFACES
        or not parts.hostname
        or not database
        or asked.keys() - {"cluster", "ca_cert"}
    ):
        raise CannotStart(UNREADABLE)
    return Address(
        interface=INTERFACES[parts.scheme],
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=database,
        **asked,
    )


class ClickHouse:
    """Asks and inserts, in any thread. Busy or StorageFull where it can't."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    @classmethod
    def connect(cls, address: Address) -> Self:
        """CannotStart if its client isn't installed, or it doesn't let us in."""
        try:
            from clickhouse_connect import get_client
            from clickhouse_connect.driver.exceptions import Error
        except ModuleNotFoundError as error:
            raise CannotStart(
                "ClickHouse needs its client: pip install 'broadgauge-collector[clickhouse]'"
            ) from error
        try:
            client = get_client(
                interface=address.interface,
                host=address.host,
                port=address.port or 0,
                username=address.user,
                password=address.password,
                database=address.database,
                connect_timeout=CONNECT_SECONDS,
                send_receive_timeout=ANSWER_SECONDS,
                ca_cert=address.ca_cert,
                autogenerate_session_id=False,  # a session takes one query at a time
            )
        except (Error, OSError) as error:
            raise CannotStart(
                f"{address.name} doesn't answer or doesn't let us in: see to it that it runs, that "
                "the database exists, and that its user may make tables there."
            ) from error
        return cls(client)

    def table(self, query: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        """What a query answers; moments UTC without a zone."""
        longer = {"max_query_size": 2 * len(query)} if len(query) > LONG_QUERY else None
        with _failures():
            answer = self._client.query_arrow(query, dict(values or {}), longer, use_strings=True)
        fields = [_without_zone(field) for field in answer.schema]
        return answer.cast(pa.schema(fields))

    def rows(
        self, query: str, values: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The same, row by row."""
        for batch in self.table(query, values).to_batches(max_chunksize=AT_ONCE):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def number(self, query: str, values: Mapping[str, Any] | None = None) -> int:
        """The one number that a query answers."""
        ((number,),) = self.rows(query, values)
        return int(number or 0)

    def insert(self, table: str, rows: pa.Table, settings: Mapping[str, Any]) -> None:
        """Insert rows by column name. Sent once: what is told to have failed may yet be there."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        with _failures():
            self._client.raw_insert(
                f"`{table}`",
                rows.column_names,
                _once(sink.getvalue().to_pybytes()),
                settings=INSERT | dict(settings),
                fmt="ArrowStream",
            )

    def run(
        self,
        statement: str,
        values: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """A statement that answers nothing."""
        with _failures():
            self._client.command(
                statement, parameters=dict(values or {}), settings=dict(settings or {})
            )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _once(body: bytes) -> Generator[bytes, None, None]:
    """Bytes as they are would be sent again by the client, after a broken connection."""
    yield body


def _without_zone(field: pa.Field) -> pa.Field:
    is_moment = pa.types.is_timestamp(field.type)
    return pa.field(field.name, pa.timestamp("us") if is_moment else field.type)


@contextmanager
def _failures() -> Iterator[None]:
    from clickhouse_connect.driver.exceptions import Error

    try:
        yield
    except Error as error:
        raise _failure(error) from error


def _failure(error: Exception) -> CollectorError:
    if any(words in str(error) for words in FULL):
        return StorageFull("ClickHouse has no room for results. Nothing was kept; free some.")
    return Busy("ClickHouse failed for the moment. Nothing was kept; send or ask it again.")
