"""Devices follow the tables of support: a server with other tables looks at every device anew."""

from hashlib import blake2b
from typing import Final

from msgspec import Struct
from sqlalchemy import select

from ..store import ControlStore
from ..store.tables import device
from . import support_tables
from .device_rows import refresh
from .matching import in_parts
from .precedence import precedence
from .repairs.settings import read_setting, write_setting

KEY: Final = "support-tables"
AT_ONCE: Final = 1000
"""Devices in one transaction."""


class Followed(Struct, frozen=True, kw_only=True):
    """By which tables devices were made."""

    tables: str = ""


def follow_support_tables(control: ControlStore) -> int:
    """Make devices whose system is known anew, if the tables aren't those they were made by; how
    many those are. One that is cut off begins again."""
    now = Followed(tables=_digest())
    with control.connect() as c:
        if read_setting(c, KEY, Followed()) == now:
            return 0
        ids = c.execute(select(device.c.id).where(device.c.os_name.is_not(None))).scalars().all()
    for some in in_parts(ids, AT_ONCE):
        with control.begin(changes_access=False) as c:
            refresh(c, some, precedence(c))
    with control.begin(changes_access=False) as c:
        write_setting(c, KEY, now)
    return len(ids)


def _digest() -> str:
    t = support_tables
    all_ = (t.WINDOWS, t.OLD_WINDOWS, t.UBUNTU, t.DEBIAN, t.MACOS)
    return blake2b(repr(all_).encode(), digest_size=16).hexdigest()
