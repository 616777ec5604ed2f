"""Counts from made-up files against counting made-up people one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from tests.unit.collector.rosters import counted, has_role, of_11, of_12, trouble, user


class Person(Struct, frozen=True):
    """As the test makes one up: what is true of somebody, before any file."""

    active: bool
    posts: tuple[tuple[str, str, bool], ...]
    """Roles, where, and whether they are still held."""


POST = st.tuples(
    st.sampled_from(("student", "student", "teacher", "aide", "parent")),
    st.sampled_from(("n", "s", "d", "gone")),
    st.booleans(),
)
PEOPLE = st.lists(
    st.builds(Person, st.booleans(), st.lists(POST, max_size=5).map(tuple)), max_size=12
)


def naive(people: list[Person], place: str | None, roles: set[str], *, held: bool) -> int:
    """One after the other: is this person one of them, there?"""
    return sum(
        person.active
        and any(
            role in roles and (place is None or place == at) and (now or not held)
            for role, at, now in person.posts
        )
        for person in people
    )


def check(people: list[Person], files: dict[str, str], *, held: bool) -> None:
    staff, student = {"teacher", "aide"}, {"student"}
    if not naive(people, None, staff | student, held=held):
        assert "No student and no staff" in trouble(files)
        return
    found = counted(files)[0]
    for key, place in (("n", "n"), ("s", "s"), ("district", None)):
        for said, roles in ((found[key].students, student), (found[key].staff, staff)):
            anywhere = naive(people, None, roles, held=held)
            assert said == (naive(people, place, roles, held=held) if anywhere else None)


@settings(deadline=None, max_examples=150)
@given(PEOPLE)
def test_counts_of_12_are_those_of_counting_people_one_by_one(people: list[Person]) -> None:
    users = [user(f"u{n}", status="" if p.active else "tobedeleted") for n, p in enumerate(people)]
    roles = [
        has_role(f"u{n}", role, at, endDate="" if now else "2020-01-01")
        for n, p in enumerate(people)
        for role, at, now in p.posts
    ]
    check(people, of_12(users, roles), held=True)


@settings(deadline=None, max_examples=150)
@given(PEOPLE)
def test_counts_of_11_are_those_of_counting_people_one_by_one(people: list[Person]) -> None:
    """1.1 has no dates, and a row a role: with a row for each of a person's, in all its orgs."""
    rows = [
        user(f"u{n}", role, ",".join(at for r, at, _ in p.posts if r == role),
             status="active" if p.active else "tobedeleted")
        for n, p in enumerate(people)
        for role in sorted({role for role, _, _ in p.posts})
    ]  # fmt: skip
    check(people, of_11(rows), held=False)
