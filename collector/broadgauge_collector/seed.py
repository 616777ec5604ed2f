"""What `up` puts into an empty collector, so that the first results have a place to go."""

from datetime import datetime
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import Connection

from .access.access_keys import kept_access_key, make_access_key
from .errors import NotFound
from .schools import repository
from .schools.model import School

THIS_COMPUTER = "This computer"
LOCALTIME = Path("/etc/localtime")


def seed(c: Connection, *, host: str, port: int, timezone: str) -> School:
    """The school, line and test server named "This computer"; the test server follows its port."""
    school = _school(c, timezone)
    if not any(link.name == THIS_COMPUTER for link in repository.list_links(c)):
        repository.add_link(c, name=THIS_COMPUTER, segment="lan", school_ids=(school.id,))
    known = {r.name: r for r in repository.list_reflectors(c)}.get(THIS_COMPUTER)
    if known is None:
        repository.add_reflector(c, name=THIS_COMPUTER, host=host, port=port, segment="lan")
    elif (known.host, known.port) != (host, port):
        repository.update_reflector(c, replace(known, host=host, port=port))
    return school


def own_access_key(c: Connection, *, others_reach_it: bool, now: datetime) -> str | None:
    """What to start the test server of `seed` with: made when others reach it first, and kept.

    None if it was this machine's alone so far, and is.
    """
    own = repository.find_reflector(c, THIS_COMPUTER)
    kept = kept_access_key(c, own.id)
    return make_access_key(c, own.id, now) if kept is None and others_reach_it else kept


def local_timezone() -> str:
    """This machine's IANA time zone; UTC where the system doesn't name one."""
    zone = str(LOCALTIME.resolve()).partition("/zoneinfo/")[2] if LOCALTIME.exists() else ""
    return zone.removeprefix("posix/") or "UTC"


def _school(c: Connection, timezone: str) -> School:
    try:
        return repository.find_school(c, THIS_COMPUTER)
    except NotFound:
        return repository.add_school(c, name=THIS_COMPUTER, timezone=timezone, students=1)
