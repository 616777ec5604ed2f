"""Rows of OneRoster's tables that are broken: they are refused, and nobody's name comes out."""

from broadgauge_collector.imports.oneroster_count import Headcount
from tests.unit.collector.rosters import (
    CANARY,
    ORGS,
    SOUTH,
    USER_COLUMNS,
    counted,
    has_role,
    of_11,
    of_12,
    table,
    trouble,
    user,
)


def test_ids_that_a_spreadsheet_shortened_are_refused_because_many_became_one() -> None:
    people, refused = counted(of_11([user("1"), user("1.23457E+11"), user("1.23457E+11")]))
    assert people["n"].students == 1
    assert [each.line for each in refused] == [3, 4]
    assert "a spreadsheet shortened it" in refused[0].reason
    people, (refused_too,) = counted(of_11([user("5e12"), user("2", orgs="n,1.2E+11")]))
    assert (people["n"].students, refused_too.line) == (1, 3)


def test_leading_zeros_make_another_id() -> None:
    people, _ = counted(of_11([user("007"), user("7")]))
    assert people["n"].students == 2


def test_an_org_that_cant_be_understood_is_refused() -> None:
    orgs = (
        *ORGS, {**SOUTH, "name": "South again"}, {**SOUTH, "sourcedId": ""},
        {**SOUTH, "sourcedId": "x", "name": ""}, {**SOUTH, "sourcedId": "y", "type": "building"},
        {**SOUTH, "sourcedId": "district"}, {**SOUTH, "sourcedId": "z", "name": "a@b.example"},
    )  # fmt: skip
    people, refused = counted(of_11([user("1")], orgs))
    assert list(people) == ["n", "s", "district"]
    assert people["s"].place == "South High"
    assert [each.line for each in refused] == [5, 6, 7, 8, 9, 10]
    assert not any(each.cells for each in refused)


BROKEN_USERS = (
    user("b1", role=f"{CANARY} Smith"),
    user("b2", status=f"{CANARY}@school.example"),
    user("b3", orgs=f"{CANARY} Street"),
    user("b4", grades=f"{CANARY} grade"),
    user(""),
    user(f"{CANARY}.id", role=f"{CANARY}"),
)
BROKEN_ROLES = (
    has_role("1", role=f"{CANARY} Smith"),
    has_role("1", org="", beginDate=CANARY),
    has_role("1", endDate=f"{CANARY} 1 1 2020"),
    has_role("1", status=CANARY),
    has_role(f"{CANARY}"),
)
BROKEN_ORGS = (
    {**SOUTH, "sourcedId": "b1", "type": f"{CANARY}"},
    {**SOUTH, "sourcedId": "b2", "status": f"{CANARY}"},
    {**SOUTH, "sourcedId": "b3", "name": f"{CANARY}@school.example"},
    {**SOUTH, "sourcedId": "b4", "name": "N", "identifier": f"{CANARY}@school.example"},
)


def test_no_name_e_mail_or_password_comes_out_of_rows_whole_or_broken() -> None:
    users, orgs = (user("1"), user("2", "teacher"), *BROKEN_USERS), (*ORGS, *BROKEN_ORGS)
    ways = (of_11(users, orgs), of_12(users, (has_role("1"), *BROKEN_ROLES), orgs))
    for files in ways:
        found = counted(files)
        assert found[0]["n"].students
        assert len(found[1]) > 5
        assert CANARY not in repr(found).lower()


def test_a_row_with_too_many_cells_is_refused_and_nothing_of_it_is_kept() -> None:
    files = of_11([user("1"), user("2")])
    shifted = files["users.csv"].replace(f"{CANARY} userIds 1", f"{CANARY},{CANARY},student,n", 1)
    people, (refused,) = counted(files | {"users.csv": shifted})
    assert people["n"].students == 1
    assert (refused.line, refused.cells) == (2, {})
    assert CANARY not in refused.reason


def test_a_quote_that_takes_in_other_users_is_noticed() -> None:
    """Two rows that a stray quote makes one, which has the right number of cells."""
    heading, *rows = table(USER_COLUMNS, [user("1"), user("2"), user("3")]).splitlines()
    first, second = rows[0], rows[1]
    at, end = first.index(f"{CANARY} username"), second.index(f"{CANARY} userIds")
    rows[:2] = [first[:at] + '"' + first[at:], second[: end - 1] + '"' + second[end - 1 :]]
    files = of_11([]) | {"users.csv": "\r\n".join((heading, *rows, ""))}
    people, (refused,) = counted(files)
    assert people["n"].students == 1
    assert (refused.line, refused.cells) == (2, {})
    assert "takes in the rows below" in refused.reason


def test_rows_of_commas_alone_are_nobody() -> None:
    files = of_11([user("1")])
    files["users.csv"] += "," * USER_COLUMNS.count(",") + "\r\n\r\n"
    people, refused = counted(files)
    assert (people["n"].students, refused) == (1, [])


def test_days_that_can_be_read_in_two_ways_are_refused() -> None:
    """Where another date of the file has its day first."""
    roles = [has_role("1", endDate="5/8/2027"), has_role("2", endDate="15/8/2027")]
    people, refused = counted(of_12([user("1"), user("2")], [*roles, has_role("1", org="s")]))
    assert people["district"].students == 1
    assert [each.line for each in refused] == [2, 3]


def test_no_error_has_a_cell_in_it() -> None:
    whole = of_11([user("1")])
    no_heading = whole["users.csv"].partition("\r\n")[2]
    for name, text in (
        ("users.csv", no_heading), ("orgs.csv", no_heading), ("manifest.csv", no_heading),
        ("manifest.csv", f"propertyName,value\r\nfile.users,{CANARY}\r\n"),
        ("manifest.csv", f"propertyName,value\r\nfile.users,{CANARY},{CANARY}\r\n"),
        ("users.csv", no_heading.replace(",", "")),
    ):  # fmt: skip
        assert CANARY not in trouble(whole | {name: text})


def test_what_is_held_while_reading_has_no_id_in_it() -> None:
    count = Headcount()
    who = count.add_user(f"{CANARY}-1", active=True, grades=(f"{CANARY} grade",))
    count.add_student(who, [f"{CANARY} Street"])
    count.known(f"{CANARY}-2")
    assert CANARY not in repr(vars(count))
    again = Headcount().add_user(f"{CANARY}-1", active=True, grades=())
    assert who != again, "a hash without a key of its own could be looked up"
