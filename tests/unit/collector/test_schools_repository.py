from datetime import UTC, date, datetime, time

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from broadgauge_collector.errors import CollectorError, Conflict, Invalid, NotFound
from broadgauge_collector.schools.model import People, School, SchoolHours
from broadgauge_collector.schools.repository import (
    add_link,
    add_reflector,
    add_school,
    find_school,
    get_link,
    get_reflector,
    get_school,
    list_links,
    list_reflectors,
    list_schools,
    remove_reflector,
    set_hours,
    set_people,
    settings_for,
    update_reflector,
)
from broadgauge_wire import Reflector as WireReflector
from broadgauge_wire import decode, encode, new_id

CHICAGO = "America/Chicago"
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def lincoln(c: Connection) -> School:
    return add_school(c, name="Lincoln Elementary", timezone=CHICAGO, students=420, staff=35)


def test_a_school_is_found_as_it_was_added(c: Connection) -> None:
    hours = SchoolHours(opens=time(8, 15), closes=time(15, 0), weekdays=(4, 0, 2))
    added = add_school(
        c, name="  North  High ", timezone=CHICAGO, hours=hours, students=900, staff=70,
        concurrent_users=400, since=date(2025, 8, 20),
    )  # fmt: skip
    assert added == get_school(c, added.id) == list_schools(c)[0]
    assert added.name == "North  High"
    assert added.hours == SchoolHours(opens=time(8, 15), closes=time(15, 0), weekdays=(0, 2, 4))
    counts = People(since=date(2025, 8, 20), students=900, staff=70, concurrent_users=400)
    assert added.people == (counts,)


@pytest.mark.parametrize(
    "words", ["Lincoln Elementary", "lincoln  ELEMENTARY", " Lincoln Elementary"]
)
def test_a_school_is_found_by_name_in_any_case(c: Connection, lincoln: School, words: str) -> None:
    assert find_school(c, words) == lincoln


def test_a_school_is_found_by_id(c: Connection, lincoln: School) -> None:
    assert find_school(c, str(lincoln.id)) == lincoln


def test_an_unknown_school_is_answered_with_the_nearest_names(
    c: Connection, lincoln: School
) -> None:
    with pytest.raises(NotFound, match="did you mean Lincoln Elementary"):
        find_school(c, "Lincon Elementary")
    with pytest.raises(NotFound, match="no school with the id"):
        get_school(c, new_id())


def test_two_schools_have_two_names(c: Connection, lincoln: School) -> None:
    with pytest.raises(Conflict, match="already a school named 'LINCOLN elementary'"):
        add_school(c, name="LINCOLN elementary", timezone=CHICAGO)
    assert list_schools(c) == (lincoln,)


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "empty"), (" \t", "empty"), ("x" * 201, "201 characters"), ("a\x07b", "can't be shown"),
     ("a\u202eb", "can't be shown"), ("a\nb", "can't be shown")],
)  # fmt: skip
def test_a_name_nobody_can_read_is_refused(c: Connection, name: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        add_school(c, name=name, timezone=CHICAGO)


@pytest.mark.parametrize(
    ("name", "words"),
    [("America/Chigaco", "did you mean America/Chicago"), ("chicago", "America/Chicago"),
     ("Central Time", "did you mean US/Central"), ("zzzz", "like America/Chicago"),
     ("localtime", "is no time zone"), ("../etc/passwd", "is no time zone"),
     ("", "is no time zone")],
)  # fmt: skip
def test_an_unknown_time_zone_is_answered_with_the_nearest(
    c: Connection, name: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        add_school(c, name="Lincoln", timezone=name)


@pytest.mark.parametrize(
    "hours",
    [SchoolHours(opens=time(16), closes=time(8)), SchoolHours(opens=time(8), closes=time(8)),
     SchoolHours(weekdays=()), SchoolHours(weekdays=(7,)), SchoolHours(weekdays=(1, 1)),
     SchoolHours(weekdays=(-1,))],
)  # fmt: skip
def test_hours_that_are_none_are_refused(
    c: Connection, lincoln: School, hours: SchoolHours
) -> None:
    with pytest.raises(Invalid):
        set_hours(c, lincoln.id, hours)
    assert get_school(c, lincoln.id) == lincoln


def test_hours_can_be_set(c: Connection, lincoln: School) -> None:
    hours = SchoolHours(opens=time(9), closes=time(14, 30), weekdays=(1,))
    assert set_hours(c, lincoln.id, hours).hours == hours
    with pytest.raises(NotFound):
        set_hours(c, new_id(), hours)


def test_counts_hold_from_their_day_on(c: Connection, lincoln: School) -> None:
    fall = People(since=date(2026, 8, 20), students=450, staff=36)
    school = set_people(c, lincoln.id, fall)
    before = school.people_on(date(2026, 8, 19))
    assert before is not None
    assert before.students == 420
    assert school.people_on(date(2026, 8, 20)) == fall


def test_counts_set_again_for_a_day_replace_those_before(c: Connection, lincoln: School) -> None:
    for students in (450, 460):
        set_people(c, lincoln.id, People(since=date(2026, 8, 20), students=students))
    school = get_school(c, lincoln.id)
    assert [counts.students for counts in school.people] == [420, 460]


@pytest.mark.parametrize(
    "counts",
    [People(since=date(2026, 1, 1), students=-1), People(since=date(2026, 1, 1), students=10**7),
     People(since=date(2026, 1, 1), students=1, staff=-1),
     People(since=date(2026, 1, 1), students=1, concurrent_users=-1)],
)  # fmt: skip
def test_counts_out_of_bounds_are_refused(c: Connection, lincoln: School, counts: People) -> None:
    with pytest.raises(Invalid, match="from 0 to"):
        set_people(c, lincoln.id, counts)


def test_counts_of_a_school_that_isnt_there_are_refused(c: Connection) -> None:
    with pytest.raises(NotFound):
        set_people(c, new_id(), People(since=date(2026, 1, 1), students=1))


def test_a_line_has_the_schools_behind_it(c: Connection, lincoln: School) -> None:
    north = add_school(c, name="North", timezone=CHICAGO)
    line = add_link(
        c, name="Internet", segment="internet", school_ids=[north.id, lincoln.id, north.id],
        contracted_bits_per_second=1e9,
    )  # fmt: skip
    assert line == get_link(c, line.id) == list_links(c)[0]
    assert set(line.school_ids) == {north.id, lincoln.id}
    assert len(line.school_ids) == 2
    assert line.contracted_bits_per_second == 1e9


def test_a_line_without_schools_or_with_an_unknown_one_is_refused(c: Connection) -> None:
    with pytest.raises(Invalid, match="at least one school"):
        add_link(c, name="Internet", segment="internet", school_ids=[])
    with pytest.raises(NotFound, match="no school"):
        add_link(c, name="Internet", segment="internet", school_ids=[new_id()])
    assert list_links(c) == ()


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), float("inf")])
def test_a_line_with_a_rate_that_is_none_is_refused(
    c: Connection, lincoln: School, rate: float
) -> None:
    with pytest.raises(Invalid, match="leave it out"):
        add_link(
            c, name="L", segment="lan", school_ids=[lincoln.id], contracted_bits_per_second=rate
        )


def test_two_lines_have_two_names(c: Connection, lincoln: School) -> None:
    add_link(c, name="Internet", segment="internet", school_ids=[lincoln.id])
    with pytest.raises(Conflict, match="already a line"):
        add_link(c, name="internet", segment="wan", school_ids=[lincoln.id])


def test_a_test_server_can_move(c: Connection) -> None:
    core = add_reflector(c, name="Core", host="10.0.0.2", port=8485, segment="wan", tls=True)
    moved = update_reflector(c, replace(core, host="core.example", port=9000))
    assert moved == get_reflector(c, core.id) == list_reflectors(c)[0]
    assert (moved.host, moved.port, moved.tls) == ("core.example", 9000, True)
    with pytest.raises(NotFound):
        update_reflector(c, replace(core, id=new_id()))


@pytest.mark.parametrize(
    "copied",
    [
        "AB" * 32,
        ":".join(["ab"] * 32),
        "sha256 Fingerprint=" + ":".join(["AB"] * 32),
        f" {'ab' * 16}\n{'ab' * 16} ",
    ],
)
def test_a_test_servers_certificate_is_known_however_its_fingerprint_was_copied(
    c: Connection, lincoln: School, copied: str
) -> None:
    core = add_reflector(
        c, name="Core", host="10.0.0.2", port=8485, segment="wan", fingerprint=copied
    )
    assert (core.fingerprint, core.tls) == ("ab" * 32, True)
    (told,) = settings_for(c, lincoln.id).reflectors
    assert (told.fingerprint, told.tls) == ("ab" * 32, True)
    assert decode(encode(told), WireReflector) == told


@pytest.mark.parametrize("text", ["", "ab", "ab" * 31, "ab" * 33, "xy" * 32, "ab" * 32 + "\u0663"])
def test_a_fingerprint_that_is_none_is_refused(c: Connection, text: str) -> None:
    with pytest.raises(Invalid, match="64 hexadecimal digits"):
        add_reflector(c, name="Core", host="core", port=1, segment="wan", fingerprint=text)


def test_a_test_server_set_up_anew_shows_another_certificate(c: Connection) -> None:
    core = add_reflector(c, name="Core", host="core", port=1, segment="wan", fingerprint="ab" * 32)
    anew = update_reflector(c, replace(core, fingerprint="cd" * 32))
    assert (anew.fingerprint, anew.tls) == ("cd" * 32, True)
    plain = update_reflector(c, replace(anew, fingerprint=None, tls=False))
    assert (plain.fingerprint, plain.tls) == (None, False)


def test_a_removed_test_server_frees_its_name_and_is_told_to_nobody(
    c: Connection, lincoln: School
) -> None:
    first = add_reflector(c, name="Core", host="10.0.0.2", port=1, segment="wan")
    remove_reflector(c, first.id, NOW)
    second = add_reflector(c, name="Core", host="10.0.0.3", port=1, segment="wan")
    assert list_reflectors(c) == (second,)
    assert [told.id for told in settings_for(c, lincoln.id).reflectors] == [second.id]
    assert {each.id for each in list_reflectors(c, removed=True)} == {first.id, second.id}
    for gone in (first.id, new_id()):
        with pytest.raises(NotFound):
            remove_reflector(c, gone, NOW)


@pytest.mark.parametrize(
    ("host", "port"),
    [("", 1), ("http://core", 1), ("core:80", 0), ("a b", 1), ("core/path", 1), ("x" * 254, 1),
     ("core", 0), ("core", 65536), ("a@b", 1), ("c\u043ere", 1)],
)  # fmt: skip
def test_a_test_server_nobody_can_reach_is_refused(c: Connection, host: str, port: int) -> None:
    with pytest.raises(Invalid):
        add_reflector(c, name="Core", host=host, port=port, segment="wan")


def test_a_test_server_ends_a_line_of_its_own_segment(c: Connection, lincoln: School) -> None:
    line = add_link(c, name="Lincoln LAN", segment="lan", school_ids=[lincoln.id])
    ends = add_reflector(
        c, name="Closet", host="10.1.0.2", port=8485, segment="lan", link_id=line.id
    )
    assert ends.link_id == line.id
    with pytest.raises(Invalid, match="is lan, the test server wan"):
        add_reflector(c, name="X", host="10.1.0.3", port=1, segment="wan", link_id=line.id)
    with pytest.raises(NotFound):
        add_reflector(c, name="Y", host="10.1.0.3", port=1, segment="wan", link_id=new_id())
    with pytest.raises(Conflict, match="already a test server"):
        add_reflector(c, name="closet", host="10.1.0.3", port=1, segment="wan")


def test_agents_are_told_of_their_own_schools_test_servers_and_of_common_ones(
    c: Connection, lincoln: School
) -> None:
    north = add_school(c, name="North", timezone=CHICAGO)
    for school in (lincoln, north):
        line = add_link(c, name=f"{school.name} LAN", segment="lan", school_ids=[school.id])
        add_reflector(c, name=school.name, host="10.1.0.2", port=1, segment="lan", link_id=line.id)
    add_reflector(c, name="Core", host="10.0.0.2", port=1, segment="wan")
    told = [reflector.name for reflector in settings_for(c, lincoln.id).reflectors]
    assert told == ["Lincoln Elementary", "Core"]


def test_every_refusal_has_a_status_a_client_understands() -> None:
    def all_below(kind: type[CollectorError]) -> list[type[CollectorError]]:
        return [each for sub in kind.__subclasses__() for each in (sub, *all_below(sub))]

    assert all(400 <= kind.status < 600 and kind.title for kind in all_below(CollectorError))
