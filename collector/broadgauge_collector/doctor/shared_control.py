"""Control data in PostgreSQL, looked at without changing it."""

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from broadgauge_host.diagnosis import Check, trouble, unknown

from ..errors import CannotStart
from ..store.control_database import Database
from ..store.control_postgresql import postgresql_database
from .stores import CONTROL, NOT_BEGUN, Facts, check_version, read_facts

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings without which a power cut takes what the server said is kept."""


def check_shared_control(url: str) -> tuple[Check, Facts | None]:
    """Whether it answers, is of this version and keeps what it says, and what is in it."""
    try:
        database = postgresql_database(url)
    except CannotStart as error:
        return trouble(CONTROL, str(error), "See: broadgauge serve --help"), None
    try:
        with database.reading.connect() as c:
            database.check(c)
            return _look(c, database)
    except CannotStart as error:
        return trouble(CONTROL, str(error), "Then start the server again."), None
    except DBAPIError as error:
        words = f"{database.name} can't be read ({database.words(error)})"
        advice = database.opening_advice
        return trouble(CONTROL, words, advice[0].upper() + advice[1:]), None
    finally:
        database.reading.dispose()


def _look(c: Connection, database: Database) -> tuple[Check, Facts | None]:
    if not inspect(c).has_table("alembic_version"):
        return unknown(CONTROL, NOT_BEGUN), None
    found = c.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    check, is_current = check_version(str(found), f"{database.name} answers")
    if not is_current:
        return check, None
    if off := [name for name in DURABLE if c.exec_driver_sql(f"SHOW {name}").scalar() == "off"]:
        words = f"{database.name} may lose in a power cut what it said is kept: {off[0]} is off"
        check = trouble(CONTROL, words, f"Set {off[0]} = on in its server's postgresql.conf.")
    return check, read_facts(c)
