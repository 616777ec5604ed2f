"""What differs between the databases that control data may be in."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError


@dataclass(frozen=True)
class Database:
    """One database: how to read and write it, and what its errors mean.

    Each transaction of `reading` sees one moment. Each of `writing` is alone among writers, in this
    process and in others, and sees everything that those before it committed.
    """

    name: str
    """Where it is, for people; without any secret."""
    reading: Engine
    writing: Engine
    check: Callable[[Connection], None]
    """CannotStart if it can't hold control data."""
    opening_advice: str
    """What to do if it can't be opened."""
    is_full: Callable[[DBAPIError], bool]
    """Whether an error says that there is no room."""
    words: Callable[[DBAPIError], str]
    """What an error says, in one line without any secret."""
