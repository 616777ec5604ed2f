"""The district as a tree: every line and school is in it, however odd what is known."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from broadgauge_collector.schools.line_tree import DEEPEST, LineTree, TreeLine, grow
from broadgauge_collector.schools.lines import upstream_of
from broadgauge_collector.schools.model import Link, People, School
from broadgauge_wire import Segment


def school(number: int) -> School:
    people = People(since=date(2025, 8, 1), students=100)
    return School(id=UUID(int=number), name=f"School {number:04}", timezone="UTC", people=(people,))


def line(
    number: int, segment: Segment, *schools: School, on: Link | None = None, name: str = ""
) -> Link:
    return Link(
        id=UUID(int=10_000 + number),
        name=name or f"{segment} {number:04}",
        segment=segment,
        school_ids=tuple(one.id for one in schools),
        upstream_id=on.id if on else None,
    )


A, B, C = (school(n) for n in (1, 2, 3))
INTERNET = line(1, "internet", A, B, C)
CIRCUIT = line(2, "wan", A, B, on=INTERNET)
OTHER = line(3, "wan", C, on=INTERNET)


def drawn(tree: LineTree) -> list[str]:
    """A line of text for each node, indented by its level."""
    return [words for one in tree.lines for words in _drawn(one, 0)]


def _drawn(one: TreeLine, level: int) -> list[str]:
    below = [words for line in one.below for words in _drawn(line, level + 1)]
    schools = [f"{'  ' * (level + 1)}{each.school.name}" for each in one.schools]
    return [f"{'  ' * level}{one.link.name}", *below, *schools]


def every_line(lines: Sequence[TreeLine]) -> list[UUID]:
    """Also networks that are drawn inside their school, once for each place that it is drawn at."""
    found = list[UUID]()
    for one in lines:
        inside = {link.id for each in one.schools for link in each.networks}
        found += [one.link.id, *inside, *every_line(one.below)]
    return found


def networks_of(lines: Sequence[TreeLine]) -> set[UUID]:
    """Those drawn inside their school."""
    inside = {link.id for one in lines for each in one.schools for link in each.networks}
    return inside.union(*(networks_of(one.below) for one in lines))


def test_schools_hang_on_the_line_nearest_to_them() -> None:
    tree = grow([CIRCUIT, OTHER, INTERNET], [C, B, A])
    assert drawn(tree) == [
        "internet 0001",
        "  wan 0002",
        "    School 0001",
        "    School 0002",
        "  wan 0003",
        "    School 0003",
    ]
    assert (tree.depth, tree.without_line) == (2, ())
    assert tree.lines[0].every_school().keys() == {A.id, B.id, C.id}


def test_a_network_inside_one_school_is_part_of_it() -> None:
    inside = line(4, "lan", A, on=CIRCUIT)
    shared = line(5, "lan", A, B, on=CIRCUIT)
    tree = grow([INTERNET, CIRCUIT, OTHER, inside, shared], [A, B, C])
    (campus,) = tree.lines[0].below[0].below
    assert campus.link == shared
    assert [(one.school, one.networks) for one in campus.schools] == [(A, (inside,)), (B, ())]


def test_what_a_line_hangs_on_is_guessed_where_only_one_carries_its_schools() -> None:
    unsaid = replace(CIRCUIT, upstream_id=None)
    tree = grow([INTERNET, unsaid], [A, B, C])
    assert [one.guessed for one in tree.lines[0].below] == [True]
    second = line(9, "internet", A, B, C)
    roots = grow([INTERNET, second, unsaid], [A, B, C]).lines
    assert [one.link for one in roots] == [INTERNET, second, unsaid]


def test_a_school_on_two_lines_is_drawn_at_both_and_says_so() -> None:
    second = line(9, "internet", A)
    first, other = grow([INTERNET, second], [A, B, C]).lines
    assert [one.school for one in first.schools] == [A, B, C]
    assert first.schools[0].also == (second,)
    assert [(one.school, one.also) for one in other.schools] == [(A, (INTERNET,))]


def test_a_circle_of_lines_is_drawn_and_named() -> None:
    first, second = line(4, "wan", A), line(5, "wan", A)
    circle = [replace(first, upstream_id=second.id), replace(second, upstream_id=first.id)]
    tree = grow(circle, [A])
    assert drawn(tree) == ["wan 0004", "  wan 0005", "    School 0001"]
    assert tree.lines[0].circle == ("wan 0004", "wan 0005")
    assert list(upstream_of(circle[0], {one.id: one for one in circle})) == circle[::-1]
    itself = replace(first, upstream_id=first.id)
    assert grow([itself], [A]).lines[0].circle == ("wan 0004",)


def test_a_line_on_a_circle_that_it_is_not_in_still_has_an_end() -> None:
    first, second = line(4, "wan", A), line(5, "wan", A)
    circle = [replace(first, upstream_id=second.id), replace(second, upstream_id=first.id)]
    on_it = line(6, "wan", A, on=circle[0])
    assert len(list(upstream_of(on_it, {one.id: one for one in circle}))) == 2
    assert set(every_line(grow([*circle, on_it], [A]).lines)) == {
        first.id, second.id, on_it.id
    }  # fmt: skip


def test_a_line_without_schools_and_a_school_without_a_line_are_there() -> None:
    empty = line(7, "wan", on=INTERNET)
    tree = grow([INTERNET, empty], [A, B, C, school(4)])
    assert drawn(tree)[1] == "  wan 0007"
    assert tree.without_line == (school(4),)
    assert grow([], []).lines == ()


def test_schools_and_lines_that_are_gone_leave_no_hole() -> None:
    gone = replace(CIRCUIT, upstream_id=UUID(int=99))
    tree = grow([gone], [A])
    assert drawn(tree) == ["wan 0002", "  School 0001"]


def test_a_chain_that_is_longer_than_can_be_drawn_is_cut() -> None:
    chain = [line(0, "wan", A)]
    for number in range(1, 2000):
        chain.append(line(number, "wan", A, on=chain[-1]))
    tree = grow(chain, [A])
    assert tree.depth <= DEEPEST
    assert sorted(every_line(tree.lines)) == sorted(one.id for one in chain)


def test_a_large_district_is_drawn_to_the_level_that_still_fits() -> None:
    schools = [school(n) for n in range(1000)]
    net = line(1, "internet", *schools)
    circuits = [line(2 + n, "wan", *schools[n::40], on=net) for n in range(40)]
    tree = grow([net, *circuits], schools)
    assert [tree.levels_within(most) for most in (1, 40, 41, 1040, 1041)] == [1, 1, 2, 2, 3]
    assert [len(one.schools) for one in tree.lines[0].below] == [25] * 40


SEGMENTS: list[Segment] = ["lan", "wan", "internet"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(SEGMENTS),
            st.sets(st.integers(0, 4), max_size=5),
            st.none() | st.integers(0, 7),
        ),
        max_size=8,
    )
)
def test_whatever_is_known_each_line_is_drawn_once_and_each_school_somewhere(
    given_lines: list[tuple[Segment, set[int], int | None]],
) -> None:
    schools = [school(n) for n in range(5)]
    links = [
        replace(
            line(n, segment, *(schools[one] for one in sorted(behind))),
            upstream_id=None if above is None else UUID(int=10_000 + above),
        )
        for n, (segment, behind, above) in enumerate(given_lines)
    ]
    tree = grow(links, schools)
    assert set(every_line(tree.lines)) == {link.id for link in links}
    nodes = [one for one in every_line(tree.lines) if one not in networks_of(tree.lines)]
    assert len(nodes) == len(set(nodes))
    on_lines = {i for one in tree.lines for i in one.every_school()}
    assert on_lines | {one.id for one in tree.without_line} == {one.id for one in schools}
    assert not on_lines & {one.id for one in tree.without_line}
