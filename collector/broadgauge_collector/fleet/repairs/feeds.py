"""Of which schools repairs are told, and since when: as tickets have it, or as people declared."""

from datetime import date, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from sqlalchemy import Connection

from broadgauge_wire.fields import Text, about

from ...errors import Invalid
from ...schools.repository import find_school
from .model import Codes, Days, Feed, Mask
from .settings import read_setting, write_setting

KEY: Final = "repair-feeds"


class FeedDeclared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody here says of a school's repairs. With nothing but the school, it is taken back,
    and follows from tickets again."""

    school: Annotated[Text, about("School, by name or id")]
    has_feed: Annotated[
        bool | None, about("Whether its repairs are told of at all; without that it has no rate")
    ] = None
    since: Annotated[
        date | None, about("First day on which repairs would be known; needed where it has a feed")
    ] = None
    through: Annotated[
        date | None, about("Last day on which they would be known; null: they still are")
    ] = None


class Declaration(Struct, frozen=True, kw_only=True):
    """As it is kept."""

    has_feed: bool
    since: date | None = None
    through: date | None = None


class Declarations(Struct, frozen=True, kw_only=True):
    """By the school's id."""

    schools: dict[UUID, Declaration] = {}


class Told(Struct, frozen=True, kw_only=True):
    """Tickets that attest that repairs are told of: of a device, on a day that can be."""

    school: Codes
    day: Days
    source: Codes
    sources: tuple[str, ...]


def declarations(c: Connection) -> Declarations:
    """All of them."""
    return read_setting(c, KEY, Declarations())


def declare_feed(c: Connection, given: FeedDeclared, today: date) -> None:
    """Say it of one school. NotFound for a school that isn't known, Invalid for what can't be."""
    school = find_school(c, given.school)
    _check(given, today)
    kept = {id_: said for id_, said in declarations(c).schools.items() if id_ != school.id}
    if given.has_feed is not None:
        said = Declaration(has_feed=given.has_feed, since=given.since, through=given.through)
        kept[school.id] = said
    write_setting(c, KEY, Declarations(schools=kept))


def feeds(
    schools: list[tuple[Any, UUID, str]],
    devices: Codes,
    told: Told,
    declared: Declarations,
    imported: dict[str, date],
) -> tuple[Feed, ...]:
    """Every school's, in the order given. `devices` has each device's school; `imported`, by
    source, the day of its last file: what was opened after that isn't known yet."""
    many = len(schools)
    of_school = np.bincount(devices[devices >= 0], minlength=many)
    tickets = np.bincount(told.school, minlength=many)
    first, last = _extremes(told, many)
    sources = _sources(told, many)
    return tuple(
        _feed(
            Feed(
                school_id=id_, school=name, devices=int(of_school[n]), tickets=int(tickets[n]),
                first_ticket_on=_day(first[n]), last_ticket_on=_day(last[n]), sources=sources[n],
                declared=False, has_feed=False, since=None, through=None,
            ),
            declared.schools.get(id_),
            imported,
        )
        for n, (_, id_, name) in enumerate(schools)
    )  # fmt: skip


def days_of(feeds_: tuple[Feed, ...], today: date) -> tuple[Mask, Days, Days]:
    """By school: whether it has a feed, the first day of it, and the first day after it."""
    has = np.array([each.has_feed for each in feeds_], np.bool_)
    since = np.array([each.since for each in feeds_], "datetime64[D]")
    through = [min(each.through or today, today) + timedelta(days=1) for each in feeds_]
    return has, since, np.array(through, "datetime64[D]")


def _feed(found: Feed, declared: Declaration | None, imported: dict[str, date]) -> Feed:
    if declared is not None and not declared.has_feed:
        return replace(found, declared=True)
    if declared is not None:
        through = declared.through or _through(found, imported)
        return replace(found, declared=True, has_feed=True, since=declared.since, through=through)
    if found.first_ticket_on is None:
        return found
    # That day is known by a repair alone: counted, every school would begin with a repair.
    since = found.first_ticket_on + timedelta(days=1)
    return replace(found, has_feed=True, since=since, through=_through(found, imported))


def _through(found: Feed, imported: dict[str, date]) -> date | None:
    """The day of the last file, if repairs come in files. What people type in is there at once."""
    return max((imported[source] for source in found.sources if source in imported), default=None)


def _extremes(told: Told, many: int) -> tuple[NDArray[Any], NDArray[Any]]:
    day = told.day.astype(np.int64)
    first = np.full(many, np.iinfo(np.int64).max)
    last = np.full(many, np.iinfo(np.int64).min)
    np.minimum.at(first, told.school, day)
    np.maximum.at(last, told.school, day)
    there = np.bincount(told.school, minlength=many) > 0
    nat = np.datetime64("NaT", "D")
    return tuple(np.where(there, each.astype("datetime64[D]"), nat) for each in (first, last))  # type: ignore[return-value]


def _sources(told: Told, many: int) -> list[tuple[str, ...]]:
    found: list[set[str]] = [set() for _ in range(many)]
    for code, source in enumerate(told.sources):
        for school in np.unique(told.school[told.source == code]):
            found[school].add(source)
    return [tuple(sorted(each)) for each in found]


def _day(day: np.datetime64) -> date | None:
    found: date | None = day.astype(object)
    return found


def _check(given: FeedDeclared, today: date) -> None:
    if given.has_feed and given.since is None:
        raise Invalid("Say since when repairs are known there, with 'since'.")
    if not given.has_feed and (given.since is not None or given.through is not None):
        raise Invalid("A school without a feed of repairs has no days of it: leave them out.")
    if given.since is not None and given.since > today:
        raise Invalid("'since' is after today: say it when repairs are known there.")
    if given.since and given.through and given.through < given.since:
        raise Invalid("'through' is before 'since': correct one of the two days.")
