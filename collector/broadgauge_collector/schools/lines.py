"""What lines hang on: a LAN on a WAN circuit, that on the Internet line. No line on itself."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from broadgauge_wire import Segment

from ..capacity.words import some
from ..errors import Invalid, NotFound
from .model import Link

OUTWARDS: tuple[Segment, ...] = ("lan", "wan", "internet")
NAMED = 3
"""Schools that a refusal names."""


def check_upstream(link: Link, lines: Mapping[UUID, Link], names: Mapping[UUID, str]) -> None:
    """That a line hangs on one further out, that others do on it, and that the schools behind a
    line are behind what it hangs on: else that would be judged against too few people.

    `lines` are all lines, with `link` as it is to be; `names` are schools'.
    """
    if link.upstream_id is not None:
        if link.upstream_id not in lines:
            raise NotFound(f"There is no line with the id {link.upstream_id}.")
        _check_pair(link, lines[link.upstream_id], names)
        _check_cycle(link, lines)
    for other in lines.values():
        if other.upstream_id == link.id:
            _check_pair(other, link, names)


def upstream_of(link: Link, lines: Mapping[UUID, Link]) -> Iterator[Link]:
    """The lines that a line hangs on, the nearest first, each once."""
    seen, above = set[UUID](), link.upstream_id
    while above is not None and above in lines and above not in seen:
        yield lines[above]
        seen.add(above)
        above = lines[above].upstream_id


def _check_cycle(link: Link, lines: Mapping[UUID, Link]) -> None:
    way = [link.name]
    for above in upstream_of(link, lines):
        way.append(above.name)
        if above.id == link.id:
            raise Invalid(
                f"Lines can't hang on themselves: {' on '.join(way)}. Say what the one nearest to "
                "the Internet hangs on, or that it hangs on nothing: "
                "broadgauge links set NAME --on-nothing"
            )


def _check_pair(link: Link, above: Link, names: Mapping[UUID, str]) -> None:
    if OUTWARDS.index(above.segment) < OUTWARDS.index(link.segment):
        raise Invalid(
            f"{link.name} ({link.segment}) can't hang on {above.name} ({above.segment}): a lan "
            "hangs on a wan or internet line, a wan line on an internet line."
        )
    missing = [names.get(i, str(i)) for i in link.school_ids if i not in above.school_ids]
    if missing and link.id != above.id:
        raise Invalid(
            f"{link.name} hangs on {above.name}, and {some(missing, NAMED)} must be "
            f"behind that too. Name every school behind {above.name}: broadgauge links set "
            f"{above.name!r} --school ..."
        )
