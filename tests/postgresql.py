"""A real PostgreSQL server, started by hand: with a folder and a socket of its own and no port, and
not as root, which it refuses to be."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa

from broadgauge_collector.store import ControlStore, tables

USER = "broadgauge"
PASSWORD = "not: for/anybody@else"
SHARED = "shared"
PROGRAMS = Path("/usr/lib/postgresql")
PATIENCE_SECONDS = 60.0


@dataclass
class PostgresServer:
    """A server and its databases. `options` are its settings, as on its command line."""

    folder: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    _shared: ControlStore | None = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def url(self, database: str) -> str:
        """With the password, as an administrator would write it."""
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@/{database}?host={self.folder}"

    def database(self, name: str, *options: str) -> str:
        """The URL of a new database, of which nothing is known yet."""
        self.execute(f'CREATE DATABASE "{name}" {" ".join(options)}')
        return self.url(name)

    def emptied(self) -> ControlStore:
        """The store of a database whose tables are today's and have no rows. Left open."""
        if self._shared is None:
            self._shared = ControlStore.connect_to(self.database(SHARED))
        with self._shared.begin() as c:
            for table in reversed(tables.metadata.sorted_tables):
                c.execute(sa.delete(table))
        return self._shared

    def execute(self, statement: str, database: str = "postgres") -> None:
        """As the database's owner, outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Returns once it answers. After a crash that takes as long as its processes live on."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, self.log
            if self.process is None or self.process.poll() is not None:
                self._launch()
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it in order, SIGKILL as a crash would; whoever is connected is cut off."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE_SECONDS)
        self.process = None

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()
        self.stop()

    def _launch(self) -> None:
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder)}
        given = [*(f"--{name}={value}" for name, value in settings.items()), *self.options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_as_nobody(), _program("postgres"), "-D", self.folder / "data", *given],
                cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgres_server(*options: str) -> Iterator[PostgresServer]:
    """A new one, ready; gone at the end."""
    # Not in pytest's own folder: the path of a socket has room for about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    server = PostgresServer(folder, options)
    try:
        _make_cluster(folder)
        server.start()
        yield server
    finally:
        server.close()
        shutil.rmtree(folder)


def _make_cluster(folder: Path) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        shutil.chown(secret, "nobody")
    made = subprocess.run(
        [*_as_nobody(), _program("initdb"), "--pgdata", folder / "data", "--username", USER,
         "--pwfile", secret, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
         # Sorts as people do, unless told otherwise: lists are to be the same on every server.
         "--locale-provider=icu", "--icu-locale=en-US"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr


def _as_nobody() -> list[str]:
    """Ended by the system if the test's process is."""
    alone = ["--pdeathsig=INT"]
    if os.geteuid() == 0:
        alone += ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return ["setpriv", *alone]


def _program(name: str) -> str:
    found = sorted(PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    here = str(found[-1]) if found else shutil.which(name)
    if here is None:
        pytest.fail(f"PostgreSQL's {name} is missing: run tests/install-tools, or `make test`")
    return here
