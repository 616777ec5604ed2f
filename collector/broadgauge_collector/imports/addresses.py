"""Hardware addresses, hashed before anything is kept: they tell machines apart, and who knows one
can't be followed by it."""

import hmac
import secrets

from sqlalchemy import Connection, insert, select

from ..store.tables import address_key

KEPT_DIGITS = 32


def district_key(c: Connection) -> bytes:
    """The key of this district, made at first."""
    found = c.execute(select(address_key.c.key)).scalar_one_or_none()
    if found is None:
        found = secrets.token_bytes(32)
        c.execute(insert(address_key).values(only_row=True, key=found))
    return bytes(found)


def hashed(address: str, key: bytes) -> str:
    """What is kept of a hardware address."""
    return hmac.new(key, address.encode(), "sha256").hexdigest()[:KEPT_DIGITS]
