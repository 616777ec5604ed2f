"""Both databases, looked at without changing them, and what the control database knows."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from alembic.config import Config
from alembic.script import ScriptDirectory
from msgspec import Struct
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from broadgauge_host.diagnosis import Check, trouble, unknown, well
from broadgauge_wire import AccessToken

from ..access.access_keys import access_tokens
from ..access.agents import list_agents
from ..schools.model import Agent, Link, Reflector, School, SchoolNetwork
from ..schools.networks import list_networks
from ..schools.repository import list_links, list_reflectors, list_schools
from ..store.control import MIGRATIONS
from ..store.duckdb_generations import newest
from .upkeep import UpkeepFacts, read_upkeep

CONTROL = "control database"
RESULTS = "results database"
NOT_BEGUN = "not made yet: the first start does that"
TOKEN_LIFETIME = timedelta(minutes=5)
RESTORE = "Stop the server, and restore the file from a backup."


class Facts(Struct, frozen=True):
    """The district as the control database has it."""

    schools: tuple[School, ...] = ()
    links: tuple[Link, ...] = ()
    reflectors: tuple[Reflector, ...] = ()
    agents: tuple[Agent, ...] = ()
    networks: tuple[SchoolNetwork, ...] = ()
    upkeep: UpkeepFacts = UpkeepFacts()
    access_tokens: tuple[AccessToken, ...] = ()
    """For the test servers that have an access key, to ask them whether it is theirs."""


def check_control(data: Path) -> tuple[Check, Facts | None]:
    """Whether it is whole and of this version, and what is in it. It may be in use meanwhile."""
    file = data / "control.sqlite"
    if not file.exists():
        return unknown(CONTROL, NOT_BEGUN), None
    try:
        with _reading(file) as c:
            if (damage := str(c.exec_driver_sql("PRAGMA quick_check(1)").scalar())) != "ok":
                return trouble(CONTROL, f"{file} is damaged ({damage})", RESTORE), None
            found = c.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            check, is_current = check_version(str(found), "whole")
            return check, read_facts(c) if is_current else None
    except DBAPIError as error:
        return trouble(CONTROL, f"{file} can't be read ({error.orig})", RESTORE), None


def check_results(data: Path) -> Check:
    """Whether it opens. While a server runs, only that server can open it, and answers for it."""
    file = newest(data / "results" / "hot.duckdb")
    if not file.exists():
        return unknown(RESULTS, NOT_BEGUN)
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            connection.execute("SELECT count(*) FROM ledger").fetchall()
    except duckdb.Error as error:
        words = str(error).partition("\n")[0]
        return trouble(RESULTS, f"{file} can't be opened ({words})", RESTORE)
    return well(RESULTS, f"opens ({file.stat().st_size / 1e6:.1f} MB)")


@contextmanager
def _reading(file: Path) -> Iterator[Connection]:
    address = f"{file.absolute().as_uri()}?mode=ro"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool
    )
    with engine.connect() as connection:
        yield connection


def check_version(found: str, lead: str) -> tuple[Check, bool]:
    """Whether it is of this version: the check, which begins with `lead`, and the answer."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    if found == scripts.get_current_head():
        return well(CONTROL, f"{lead}, and of this version ({found})"), True
    if found in {script.revision for script in scripts.walk_revisions()}:
        note = "The next start of the server brings it up to date. Make a backup before."
        return well(CONTROL, f"{lead}, of an earlier version ({found})", note), False
    advice = "Start that version, or a newer one, or restore a backup."
    return trouble(CONTROL, f"of a newer broadgauge ({found})", advice), False


def read_facts(c: Connection) -> Facts:
    """What the control database knows."""
    return Facts(
        schools=list_schools(c),
        links=list_links(c),
        reflectors=list_reflectors(c),
        agents=list_agents(c),
        networks=list_networks(c),
        upkeep=read_upkeep(c),
        access_tokens=access_tokens(
            c, subject="doctor", expires_at=datetime.now(UTC) + TOKEN_LIFETIME
        ),
    )
