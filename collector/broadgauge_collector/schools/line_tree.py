"""The district as a tree: Internet lines, what hangs on them, and the schools behind.

Pure: takes lines and schools as they are known, however odd, and has every one of them in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from .checks import name_key
from .lines import OUTWARDS
from .model import Link, School

DEEPEST = 12
"""Lines under one another. What hangs deeper is drawn as if it hung on nothing."""


class TreeSchool(Struct, frozen=True):
    """A school where it hangs: its own networks, that nobody else is behind, and the other lines
    that it hangs on as well, where it is drawn again."""

    school: School
    networks: tuple[Link, ...] = ()
    also: tuple[Link, ...] = ()


class TreeLine(Struct, frozen=True):
    """A line, what hangs on it, and the schools that depend on it directly.

    `guessed`: nobody said what it hangs on, and it is drawn under the one line further out that
    carries all of its schools. `circle` names the lines that hang on one another, if it is one of
    them; the first of them by name is drawn as if it hung on nothing.
    """

    link: Link
    below: tuple["TreeLine", ...] = ()
    schools: tuple[TreeSchool, ...] = ()
    guessed: bool = False
    circle: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """How many lines there are, one under another."""
        return 1 + max((line.depth for line in self.below), default=0)

    def every_school(self) -> dict[UUID, TreeSchool]:
        """Those that are drawn anywhere under it, each once."""
        found = {one.school.id: one for one in self.schools}
        for line in self.below:
            found |= line.every_school()
        return found


class LineTree(Struct, frozen=True):
    """What hangs on nothing, outermost first, and schools that are behind no line."""

    lines: tuple[TreeLine, ...]
    without_line: tuple[School, ...]

    @property
    def depth(self) -> int:
        """How many lines there are, one under another, at most."""
        return max((line.depth for line in self.lines), default=0)

    def levels_within(self, most: int) -> int:
        """How many levels of lines and schools can be drawn with so many of both at most. The
        first always is."""
        level, drawn, levels = list(self.lines), len(self.lines), 1
        while level:
            schools = sum(len(line.schools) for line in level)
            level = [below for line in level for below in line.below]
            drawn += schools + len(level)
            if drawn > most:
                break
            levels += 1
        return levels


def grow(links: Sequence[Link], schools: Iterable[School]) -> LineTree:
    """The tree of these lines, with these schools."""
    by_id = {link.id: link for link in sorted(links, key=_order)}
    known = {school.id: school for school in schools}
    behind = _lines_behind(by_id.values())
    above, guessed = _hang(by_id, behind)
    circles = _untangle(by_id, above)
    networks = _own_networks(by_id, above)
    hanging = _hanging(by_id, known, above, behind, networks)
    inside = {link.id for own in networks.values() for link in own}
    below = defaultdict[UUID | None, list[UUID]](list)
    for link_id in by_id:
        if link_id not in inside:
            below[above.get(link_id)].append(link_id)

    def line(link_id: UUID) -> TreeLine:
        return TreeLine(
            link=by_id[link_id],
            below=tuple(line(one) for one in below[link_id]),
            schools=tuple(hanging[link_id]),
            guessed=link_id in guessed,
            circle=circles.get(link_id, ()),
        )

    without = (school for school in known.values() if school.id not in behind)
    return LineTree(
        tuple(line(one) for one in below[None]),
        tuple(sorted(without, key=lambda school: name_key(school.name))),
    )


def _order(link: Link) -> tuple[int, str]:
    return -OUTWARDS.index(link.segment), name_key(link.name)


def _lines_behind(links: Iterable[Link]) -> Mapping[UUID, list[UUID]]:
    """The lines that each school is behind."""
    behind = defaultdict[UUID, list[UUID]](list)
    for link in links:
        for school_id in link.school_ids:
            behind[school_id].append(link.id)
    return behind


def _hang(
    by_id: Mapping[UUID, Link], behind: Mapping[UUID, list[UUID]]
) -> tuple[dict[UUID, UUID], set[UUID]]:
    """What each line hangs on, as said or as its schools let guess."""
    above = dict[UUID, UUID]()
    guessed = set[UUID]()
    for link in by_id.values():
        said = link.upstream_id
        if said is not None and said in by_id:
            above[link.id] = said
        elif (likely := _likely(link, by_id, behind)) is not None:
            above[link.id] = likely
            guessed.add(link.id)
    return above, guessed


def _likely(
    link: Link, by_id: Mapping[UUID, Link], behind: Mapping[UUID, list[UUID]]
) -> UUID | None:
    """The one line of the next segment outwards that carries the same schools, if it is one."""
    if not link.school_ids:
        return None
    wanted = set(link.school_ids)
    place = OUTWARDS.index(link.segment)
    for segment in OUTWARDS[place + 1 :]:
        carries = [
            one
            for one in behind[link.school_ids[0]]
            if by_id[one].segment == segment and wanted <= set(by_id[one].school_ids)
        ]
        if carries:
            return carries[0] if len(carries) == 1 else None
    return None


def _untangle(by_id: Mapping[UUID, Link], above: dict[UUID, UUID]) -> dict[UUID, tuple[str, ...]]:
    """Lets the first line of each circle hang on nothing, and what hangs too deep; names the lines
    of each circle."""
    circles = dict[UUID, tuple[str, ...]]()
    for start in by_id:
        way = [start]
        while (after := above.get(way[-1])) is not None and after not in way:
            way.append(after)
        if after == start:
            names = tuple(by_id[one].name for one in way)
            circles |= dict.fromkeys(way, names)
        if after == start or len(way) > DEEPEST:
            del above[start]
    return circles


def _own_networks(
    by_id: Mapping[UUID, Link], above: Mapping[UUID, UUID]
) -> Mapping[UUID, list[Link]]:
    """By school, networks inside it that nothing else hangs on: drawn as part of it."""
    carries = set(above.values())
    found = defaultdict[UUID, list[Link]](list)
    for link in by_id.values():
        alone = link.segment == "lan" and len(link.school_ids) == 1 and link.id not in carries
        if alone and link.id in above and link.school_ids[0] in by_id[above[link.id]].school_ids:
            found[link.school_ids[0]].append(link)
    return found


def _hanging(
    by_id: Mapping[UUID, Link],
    known: Mapping[UUID, School],
    above: Mapping[UUID, UUID],
    behind: Mapping[UUID, list[UUID]],
    networks: Mapping[UUID, list[Link]],
) -> Mapping[UUID, list[TreeSchool]]:
    """The schools that hang on each line directly: no line under it carries them as well."""
    hanging = defaultdict[UUID, list[TreeSchool]](list)
    for school in sorted(known.values(), key=lambda school: name_key(school.name)):
        own = networks.get(school.id, [])
        drawn = [one for one in behind.get(school.id, ()) if by_id[one] not in own]
        further = {above[one] for one in drawn if one in above}
        nearest = [one for one in drawn if one not in further]
        for one in nearest:
            also = tuple(by_id[other] for other in nearest if other != one)
            hanging[one].append(TreeSchool(school, tuple(own), also))
    return hanging
