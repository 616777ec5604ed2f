"""Control data in PostgreSQL: shared by several collectors."""

from functools import partial

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from ..errors import CannotStart
from .control_database import Database

DRIVER = "postgresql+psycopg"
SCHEMES = ("postgresql", DRIVER)

WRITERS_LOCK = int.from_bytes(b"broadgau")
"""Of this database alone: nothing else that uses it is likely to choose the same number."""

WAIT_FOR_LOCK_SECONDS = 30
IDLE_WRITER_SECONDS = 60
"""A collector that stands still in mid-transaction holds up the others no longer than this."""

CONNECTIONS = 8
"""Kept open by a collector, and as many again for a moment: each of its threads may need one."""

PATIENCE: dict[str, str | int] = {
    "application_name": "broadgauge",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""libpq's, unless the URL says otherwise: a server that vanished from the network is noticed in
half a minute, not in a quarter of an hour."""

UNREADABLE = "--control-url can't be read. Write it as postgresql://USER@HOST/DATABASE."

DISK_FULL = "53100"
"""SQLSTATE."""

# One statement, one way to the server and back. The lock comes last, so that its wait is bounded.
BEGIN_ALONE = (
    f"SELECT set_config('lock_timeout', '{WAIT_FOR_LOCK_SECONDS}s', true), "
    f"set_config('idle_in_transaction_session_timeout', '{IDLE_WRITER_SECONDS}s', true), "
    f"pg_advisory_xact_lock({WRITERS_LOCK})"
)


def postgresql_database(url: str) -> Database:
    """A database of a PostgreSQL server. CannotStart if the URL is none of its, or its driver is
    missing."""
    address = _address(url)
    engine = _engine(address)
    writing = engine.execution_options(isolation_level="READ COMMITTED")
    event.listen(writing, "begin", _begin_alone)
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(
        name=_name(address),
        reading=reading,
        writing=writing,
        check=partial(_check_encoding, address),
        opening_advice="see to it that the server runs, that it lets this user in, and that the "
        "user owns the database.",
        is_full=_is_full,
        words=partial(_words, address),
    )


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # Not `from`: it may quote the URL, password and all.
        raise CannotStart(UNREADABLE) from None
    if address.drivername not in SCHEMES or not address.database:
        raise CannotStart(UNREADABLE)
    return address.set(drivername=DRIVER)


def _engine(address: URL) -> Engine:
    said = {name: value for name, value in PATIENCE.items() if name not in address.query}
    try:
        return create_engine(
            address,
            hide_parameters=True,  # or an error would carry what was to be kept into the log
            # Prepared statements would tie a connection to one server process: poolers in front of
            # the server change it between transactions.
            connect_args={**said, "prepare_threshold": None},
            use_native_hstore=False,  # which would be looked for at every start
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            pool_use_lifo=True,
            pool_pre_ping=True,  # after a restart of the server, the next request works
        )
    except ModuleNotFoundError as error:
        raise CannotStart(
            "PostgreSQL needs its driver: pip install 'broadgauge-collector[postgresql]'"
        ) from error


def _begin_alone(connection: Connection) -> None:
    # READ COMMITTED, because the snapshot of a stricter level would be taken before the wait.
    connection.exec_driver_sql(BEGIN_ALONE)


def _check_encoding(address: URL, connection: Connection) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise CannotStart(
            f"{_name(address)} is encoded in {encoding}, which can't hold every name. Make one "
            "with: createdb --encoding=UTF8 --template=template0 NAME"
        )


def _name(address: URL) -> str:
    hosts = address.query.get("host", ())
    given = [hosts] if isinstance(hosts, str) else list(hosts)
    host = address.host or ",".join(given) or "this machine"
    port = f":{address.port}" if address.port else ""
    return f"PostgreSQL database {address.database!r} at {host}{port}"


def _is_full(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == DISK_FULL


def _words(address: URL, error: DBAPIError) -> str:
    said = " ".join(str(error.orig).split())
    secrets = [address.password, address.query.get("password"), address.query.get("sslpassword")]
    for secret in secrets:
        if isinstance(secret, str) and secret:
            said = said.replace(secret, "***")
    return said
